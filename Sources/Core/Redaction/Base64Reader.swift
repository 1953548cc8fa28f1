/// Base64 in the standard and the URL alphabet, padded or not, wrapped at any column, its characters escaped or not, at one of three alignments.
///
/// The characters at a value's edges may share their bits with a neighbour; they belong to the value.
struct Base64Reader: SpellingReader {
    private(set) var position: Int
    private var bits: UInt32 = 0
    private var bitCount: Int
    private var isFirst = true
    private let hasEscapes: Bool
    private let isEdge: Bool

    /// `skippedBits` is how many bits of the first character belong to what comes before the value: 0, 2 or 4.
    init(at position: Int, skippedBits: Int, hasEscapes: Bool, isEdge: Bool) {
        self.position = position
        self.hasEscapes = hasEscapes
        self.isEdge = isEdge
        bitCount = -skippedBits
    }

    mutating func next(in text: LentBytes) -> Reading {
        while bitCount < 8 {
            if !isFirst {
                guard let start = Gap.passed(from: position, in: text) else { return .cut }
                position = start
            }
            switch character(at: position, in: text) {
            case .sextet(let sextet, let length):
                bits = (bits << 6 | UInt32(sextet)) & 0x3fff
                position += length
            case .none: return .foreign
            case .cut: return .cut
            }
            bitCount += 6
            isFirst = false
        }
        bitCount -= 8
        return .byte(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
    }

    /// Takes the padding along when the last character holds no other bits.
    func closing(in text: LentBytes) -> (end: Int, isOpen: Bool) {
        var end = position
        guard bits & (1 << UInt32(bitCount) - 1) == 0 else { return (end, false) }
        for _ in 0..<bitCount / 2 {
            guard let start = Self.padding(from: end, in: text), start < text.count else { return (end, true) }
            let isPlain = text[start] == UInt8(ascii: "=")
            guard hasEscapes || isPlain else { return (end, false) }
            guard let next = hasEscapes ? EscapedCharacters(isEdge: isEdge).next(at: start, in: text) : PlainCharacters().next(at: start, in: text)
            else { return (isPlain ? start + 1 : end, true) }
            guard isPlain || next.byte == UInt8(ascii: "=") else { return (end, false) }
            end = next.byte == UInt8(ascii: "=") ? next.end : start + 1
        }
        return (end, false)
    }

    /// Where padding may stand: `=` is padding here, and begins no soft break.
    private static func padding(from end: Int, in text: LentBytes) -> Int? {
        var position = end
        for _ in 0..<Gap.mostInARow {
            guard position < text.count, text[position] != UInt8(ascii: "=") else { return position }
            switch Gap.at(position, in: text) {
            case .none: return position
            case .cut: return nil
            case .end(let next, bare: _): position = next
            }
        }
        return position
    }

    private enum Character {
        case sextet(UInt8, length: Int)
        case none
        case cut
    }

    /// One character of either alphabet, as it is or escaped.
    @inline(__always)
    private func character(at position: Int, in text: LentBytes) -> Character {
        guard position < text.count else { return .cut }
        if let sextet = Self.sextet(text[position]) { return .sextet(sextet, length: 1) }
        return !hasEscapes ? .none : escaped(at: position, in: text)
    }

    private func escaped(at position: Int, in text: LentBytes) -> Character {
        guard EscapeLead.stands(at: position, in: text) else { return .none }
        switch Escapes(PlainCharacters(), isEdge: isEdge).reading(at: position, in: text) {
        case .cut: return .cut
        case .spelled(let found) where found.count == 1:
            if let sextet = Self.sextet(UInt8(truncatingIfNeeded: found.bytes)) { return .sextet(sextet, length: found.end - position) }
        default: break
        }
        switch Escapes(EscapedCharacters(isEdge: isEdge), isEdge: isEdge).reading(at: position, in: text) {
        case .cut: return .cut
        case .spelled(let found) where found.count == 1:
            return Self.sextet(UInt8(truncatingIfNeeded: found.bytes)).map { .sextet($0, length: found.end - position) } ?? .none
        default: return .none
        }
    }

    @inline(__always)
    static func sextet(_ byte: UInt8) -> UInt8? {
        let letter = (byte | 0x20) &- UInt8(ascii: "a")
        if letter < 26 { return byte & 0x20 == 0 ? letter : letter + 26 }
        let digit = byte &- UInt8(ascii: "0")
        if digit < 10 { return digit + 52 }
        switch byte {
        case UInt8(ascii: "+"), UInt8(ascii: "-"): return 62
        case UInt8(ascii: "/"), UInt8(ascii: "_"): return 63
        default: return nil
        }
    }
}
