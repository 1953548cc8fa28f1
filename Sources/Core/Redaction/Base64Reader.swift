/// Base64 in the standard and the URL alphabet, padded or not, wrapped at any column, at one of three alignments.
///
/// The characters at a value's edges may share their bits with a neighbour; they belong to the value.
struct Base64Reader: SpellingReader {
    private(set) var position: Int
    private var bits: UInt32 = 0
    private var bitCount: Int
    private var isFirst = true

    /// `skippedBits` is how many bits of the first character belong to what comes before the value: 0, 2 or 4.
    init(at position: Int, skippedBits: Int) {
        self.position = position
        bitCount = -skippedBits
    }

    mutating func next(in text: LentBytes) -> Reading {
        while bitCount < 8 {
            if !isFirst {
                guard let start = LineBreak.skipped(from: position, in: text) else { return .cut }
                position = start
            }
            switch Self.character(at: position, in: text) {
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
            guard let start = LineBreak.skipped(from: end, in: text), start < text.count else { return (end, true) }
            switch text[start] {
            case UInt8(ascii: "="): end = start + 1
            case .percentSign:
                guard start + 2 < text.count else { return (end, true) }
                guard text[start + 1] == UInt8(ascii: "3"), text[start + 2] | 0x20 == UInt8(ascii: "d") else { return (end, false) }
                end = start + 3
            default: return (end, false)
            }
        }
        return (end, false)
    }

    enum Character {
        case sextet(UInt8, length: Int)
        case none
        case cut
    }

    /// One character of either alphabet; `+` and `/` also as a URL or a JSON string escapes them.
    @inline(__always)
    static func character(at position: Int, in text: LentBytes) -> Character {
        guard position < text.count else { return .cut }
        let byte = text[position]
        if let sextet = sextet(byte) { return .sextet(sextet, length: 1) }
        return byte == .backslash || byte == .percentSign ? escape(at: position, in: text) : .none
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

    private static func escape(at position: Int, in text: LentBytes) -> Character {
        guard position + 1 < text.count else { return .cut }
        let next = text[position + 1]
        if text[position] == .backslash { return next == UInt8(ascii: "/") ? .sextet(63, length: 2) : .none }
        guard next == UInt8(ascii: "2") else { return .none }
        guard position + 2 < text.count else { return .cut }
        switch text[position + 2] | 0x20 {
        case UInt8(ascii: "b"): return .sextet(62, length: 3)
        case UInt8(ascii: "f"): return .sextet(63, length: 3)
        default: return .none
        }
    }
}
