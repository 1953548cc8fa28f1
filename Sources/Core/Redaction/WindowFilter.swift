/// Tells, for most places of a text at the cost of one look, that nothing can begin there.
///
/// Two tables, entered by two hashes of a four-byte window: the first is looked at for every place and says yes or no, the second holds
/// hints. A window that was inserted is in both, others are by chance: the readers decide. The first table has a byte for each slot, which is
/// quickest, or a bit when there are so many needles that bytes would not stay in the processor's cache.
struct WindowFilter {
    private let table: LentBytes
    private let layout: Layout
    private let hasShortPatterns: Bool

    init(_ table: LentBytes, patternCount: Int, hasShortPatterns: Bool) {
        self.table = table
        layout = Layout(patternCount: patternCount)
        self.hasShortPatterns = hasShortPatterns
    }

    /// Where things lie: a class for each byte, the first table, the second table.
    struct Layout {
        let hasBits: Bool
        let firstShift: UInt32
        let secondShift: UInt32
        static let first = 256
        let second: Int
        let byteCount: Int

        init(patternCount: Int) {
            let logarithm = Int.bitWidth - (patternCount << 10).leadingZeroBitCount
            hasBits = patternCount > 200
            let first = hasBits ? min(logarithm, 21) : max(logarithm, 16)
            let second = min(max(logarithm, 16), 19)
            firstShift = UInt32(32 - first)
            secondShift = UInt32(32 - second)
            self.second = Self.first + (1 << first) / (hasBits ? 8 : 1)
            byteCount = self.second + 1 << second
        }

        @inline(__always)
        func firstSlot(_ window: UInt32) -> Int { Int((window &* 0x9e37_79b1) &>> firstShift) }

        func secondSlot(_ window: UInt32) -> Int { second + Int(((window ^ window >> 15) &* 0x85eb_ca6b) >> secondShift) }
    }

    func hints(for window: UInt32) -> Hints {
        let slot = layout.firstSlot(window)
        let isFound = layout.hasBits ? table[Layout.first + slot >> 3] >> UInt8(slot & 7) & 1 : table[Layout.first + slot]
        return isFound == 0 ? [] : Hints(window: table[layout.secondSlot(window)])
    }

    /// Whether a value of at most four bytes begins with `byte`.
    func beginsShort(_ byte: UInt8) -> Bool { table[Int(byte)] == ByteClass.short }

    private enum ByteClass {
        static let special: UInt8 = 1
        static let short: UInt8 = 2
    }
}

extension WindowFilter {
    /// The first place in `range` whose window is in the filter; the range's end when there is none. The text reaches four bytes beyond it.
    func nextHit(in range: Range<Int>, of text: LentBytes) -> Int {
        precondition(range.lowerBound >= 0 && range.upperBound <= text.count - 4, "internal: windows reach beyond the text")
        guard let start = unsafe text.start, let table = unsafe table.start else { return range.upperBound }
        let first = unsafe table + Layout.first
        var place = range.lowerBound
        while true {
            place =
                unsafe layout.hasBits
                ? Self.firstPlace(in: place..<range.upperBound, of: start + 1) { window in
                    let slot = layout.firstSlot(window)
                    return unsafe first.load(fromByteOffset: slot &>> 3, as: UInt8.self) &>> UInt8(truncatingIfNeeded: slot & 7) & 1
                }
                : Self.firstPlace(in: place..<range.upperBound, of: start + 1) { window in
                    unsafe first.load(fromByteOffset: layout.firstSlot(window), as: UInt8.self)
                }
            if place == range.upperBound || self.table[layout.secondSlot(text.word(at: place + 1))] != 0 { return place }
            place += 1
        }
    }

    /// The first place where a look at the window finds something.
    @inline(__always)
    private static func firstPlace(in range: Range<Int>, of windows: UnsafeRawPointer, _ look: (UInt32) -> UInt8) -> Int {
        var place = range.lowerBound
        @inline(__always)
        func found(_ offset: Int) -> UInt8 {
            unsafe look(UInt32(littleEndian: windows.loadUnaligned(fromByteOffset: place &+ offset, as: UInt32.self)))
        }
        while place <= range.upperBound &- 4 {
            let (a, b, c, d) = (found(0), found(1), found(2), found(3))
            if (a | b | c | d) != 0 { return place + (a != 0 ? 0 : b != 0 ? 1 : c != 0 ? 2 : 3) }
            place &+= 4
        }
        while place < range.upperBound, found(0) == 0 { place += 1 }
        return place
    }

    /// The first special byte from `place` on; the text's end when there is none.
    func nextSpecial(from place: Int, in text: LentBytes) -> Int {
        guard let start = unsafe text.start else { return text.count }
        var place = place
        while !hasShortPatterns, place <= text.count &- 8 {
            let bytes = unsafe UInt64(littleEndian: start.loadUnaligned(fromByteOffset: place, as: UInt64.self))
            let found = Self.zeros(bytes, .lineFeed) | Self.zeros(bytes, .carriageReturn) | Self.zeros(bytes, .backslash)
            let marks = (found | Self.zeros(bytes, .percentSign) | Self.zeros(bytes, CompressedMember.gzip)) & 0x8080_8080_8080_8080
            if marks != 0 { return place + marks.trailingZeroBitCount / 8 }
            place &+= 8
        }
        while place < text.count, table[Int(text[place])] == 0 { place += 1 }
        return place
    }

    /// The high bit of each byte that equals `byte`. A borrow can set it in a byte above such a one, never below the first.
    @inline(__always)
    private static func zeros(_ bytes: UInt64, _ byte: UInt8) -> UInt64 {
        let difference = bytes ^ UInt64(byte) &* 0x0101_0101_0101_0101
        return (difference &- 0x0101_0101_0101_0101) & ~difference
    }
}

extension WindowFilter {
    /// Fills zeroed memory of as many bytes as the layout says.
    @safe
    struct Builder {
        private let table: UnsafeMutableRawBufferPointer
        private let layout: Layout

        @unsafe
        init(_ table: UnsafeMutableRawBufferPointer, patternCount: Int) {
            unsafe self.table = table
            layout = Layout(patternCount: patternCount)
            for byte in [UInt8.lineFeed, .carriageReturn, .backslash, .percentSign, CompressedMember.gzip] {
                unsafe table[Int(byte)] = ByteClass.special
            }
        }

        func insert(_ window: UInt32, _ hints: Hints) {
            let slot = layout.firstSlot(window)
            if layout.hasBits {
                unsafe table[Layout.first + slot >> 3] |= 1 << UInt8(slot & 7)
            } else {
                unsafe table[Layout.first + slot] = 1
            }
            unsafe table[layout.secondSlot(window)] |= UInt8(truncatingIfNeeded: hints.rawValue)
        }

        /// Has every place that begins with `byte` examined.
        func insertShort(_ byte: UInt8) { unsafe table[Int(byte)] = ByteClass.short }
    }
}
