/// Hexadecimal digits in either case, bare and wrapped at any column, or byte by byte with separators and a prefix.
struct HexReader: SpellingReader {
    private(set) var position: Int
    private var isFirst = true
    /// What stands before every byte, decided by the first one.
    private var prefix = Prefix.none

    private enum Prefix {
        case none, zero, backslash
    }

    init(at position: Int) { self.position = position }

    mutating func next(in text: LentBytes) -> Reading {
        // Two digits side by side, by far the most common: any prefix has an `x`.
        if prefix == .none, position + 1 < text.count, let high = text[position].hexDigit, let low = text[position + 1].hexDigit {
            position += 2
            isFirst = false
            return .byte(high << 4 | low)
        }
        return nextApart(in: text)
    }

    private mutating func nextApart(in text: LentBytes) -> Reading {
        guard let start = isFirst ? position : separated(from: position, in: text), start < text.count else { return .cut }
        let digits: Int
        switch prefix(at: start, in: text) {
        case nil: return .cut
        case let found? where isFirst || found == prefix:
            prefix = found
            digits = found == .none ? start : start + 2
        default: return .foreign
        }
        isFirst = false
        return byte(from: digits, in: text)
    }

    private mutating func byte(from digits: Int, in text: LentBytes) -> Reading {
        guard digits < text.count else { return .cut }
        guard let high = text[digits].hexDigit else { return .foreign }
        let second = prefix == .none ? LineBreak.skipped(from: digits + 1, in: text) : digits + 1
        guard let second, second < text.count else { return .cut }
        guard let low = text[second].hexDigit else { return .foreign }
        position = second + 1
        return .byte(high << 4 | low)
    }

    @inline(__always)
    static func isSeparator(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ":") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ",")
    }

    /// After what may stand between two bytes: nothing, `:` `-` or `,` with or without a space, one or two spaces; then perhaps a line break.
    private func separated(from start: Int, in text: LentBytes) -> Int? {
        guard start < text.count else { return nil }
        var end = start
        if Self.isSeparator(text[end]) || text[end] == UInt8(ascii: " ") {
            end += 1
            guard end < text.count else { return nil }
            if text[end] == UInt8(ascii: " ") { end += 1 }
        }
        return LineBreak.skipped(from: end, in: text)
    }

    /// The prefix that stands at a place; nil when the text ends too early to tell.
    private func prefix(at start: Int, in text: LentBytes) -> Prefix? {
        guard text[start] == UInt8(ascii: "0") || text[start] == .backslash else { return Prefix.none }
        guard start + 1 < text.count else { return nil }
        guard text[start + 1] == UInt8(ascii: "x") else { return Prefix.none }
        return text[start] == .backslash ? .backslash : .zero
    }
}
