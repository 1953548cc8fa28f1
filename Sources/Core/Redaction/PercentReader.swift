/// Percent-encoding: bytes that stand for themselves, and `%XX`.
struct PercentReader: SpellingReader {
    private(set) var position: Int
    /// Whether `+` stands for a space, as in a form.
    let plusIsSpace: Bool

    init(at position: Int, plusIsSpace: Bool) {
        self.position = position
        self.plusIsSpace = plusIsSpace
    }

    mutating func next(in text: LentBytes) -> Reading {
        guard position < text.count else { return .cut }
        let byte = text[position]
        if byte == .percentSign { return escape(in: text) }
        position += 1
        return .byte(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
    }

    /// `%XX`, or a percent sign that stands for itself because no two digits follow.
    private mutating func escape(in text: LentBytes) -> Reading {
        guard position + 1 < text.count else { return .cut }
        guard let high = text[position + 1].hexDigit else { return itself() }
        guard position + 2 < text.count else { return .cut }
        guard let low = text[position + 2].hexDigit else { return itself() }
        position += 3
        return .byte(high << 4 | low)
    }

    private mutating func itself() -> Reading {
        position += 1
        return .byte(.percentSign)
    }
}
