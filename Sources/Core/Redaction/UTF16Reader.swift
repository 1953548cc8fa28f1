/// UTF-16 in either byte order; what it yields is UTF-8, in which values are kept.
struct UTF16Reader: SpellingReader {
    private(set) var position: Int
    private let isLittleEndian: Bool
    private var pending: UInt32 = 0
    private var pendingCount = 0

    init(at position: Int, isLittleEndian: Bool) {
        self.position = position
        self.isLittleEndian = isLittleEndian
    }

    mutating func next(in text: LentBytes) -> Reading {
        if pendingCount > 0 { return .byte(takePending()) }
        guard let unit = unit(at: position, in: text) else { return .cut }
        if unit < 0x80 {
            position += 2
            return .byte(UInt8(unit))
        }
        guard unit & 0xfc00 == 0xd800 else { return spell(unit, length: 2) }
        guard let low = self.unit(at: position + 2, in: text) else { return .cut }
        guard low & 0xfc00 == 0xdc00 else { return .foreign }
        return spell(0x10000 + (unit & 0x3ff) << 10 + low & 0x3ff, length: 4)
    }

    private func unit(at start: Int, in text: LentBytes) -> UInt32? {
        guard start + 1 < text.count else { return nil }
        let (first, second) = (UInt32(text[start]), UInt32(text[start + 1]))
        return isLittleEndian ? second << 8 | first : first << 8 | second
    }

    private mutating func spell(_ scalar: UInt32, length: Int) -> Reading {
        guard let spelled = Spelled(scalar: scalar, end: position + length, .utf16) else { return .foreign }
        position = spelled.end
        (pending, pendingCount) = (spelled.bytes, spelled.count)
        return .byte(takePending())
    }

    private mutating func takePending() -> UInt8 {
        defer {
            pending >>= 8
            pendingCount -= 1
        }
        return UInt8(truncatingIfNeeded: pending)
    }
}
