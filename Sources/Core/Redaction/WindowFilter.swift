/// Tells, for most places of a text at the cost of one look, that nothing can begin there.
///
/// Two tables, entered by two hashes of a four-byte window, hold hints; what both say is true of every window that was inserted, and by
/// chance of a few others: the readers decide.
struct WindowFilter {
    private let table: LentBytes
    private let shift: UInt32
    private let hasShortPatterns: Bool

    private static let classCount = 256

    init(_ table: LentBytes, patternCount: Int, hasShortPatterns: Bool) {
        self.table = table
        shift = UInt32(32 - Self.slotBits(patternCount: patternCount))
        self.hasShortPatterns = hasShortPatterns
    }

    /// The base-two logarithm of the number of slots of each table: 128 KiB for 100 patterns, 1 MiB from 1,024 on.
    private static func slotBits(patternCount: Int) -> Int {
        min(max(Int.bitWidth - (patternCount << 10).leadingZeroBitCount, 16), 20)
    }

    /// How large the filter is: classes of bytes, two tables.
    static func byteCount(patternCount: Int) -> Int { classCount + 2 << slotBits(patternCount: patternCount) }

    @inline(__always)
    func hints(for window: UInt32) -> Hints {
        let first = table[Self.classCount + Self.firstSlot(window, shift)]
        return first == 0 ? [] : Hints(window: first & table[Self.classCount + Self.secondSlot(window, shift)])
    }

    /// Whether a value of at most four bytes begins with `byte`.
    func beginsShort(_ byte: UInt8) -> Bool { table[Int(byte)] == ByteClass.short }

    @inline(__always)
    private static func firstSlot(_ window: UInt32, _ shift: UInt32) -> Int { Int((window &* 0x9e37_79b1) &>> shift) }

    private static func secondSlot(_ window: UInt32, _ shift: UInt32) -> Int {
        1 << (32 - Int(shift)) + Int(((window ^ window >> 15) &* 0x85eb_ca6b) >> shift)
    }

    private enum ByteClass {
        static let special: UInt8 = 1
        static let short: UInt8 = 2
    }
}

extension WindowFilter {
    /// The first place in `range` whose window may be in the filter; the range's end when there is none. The text reaches four bytes beyond it.
    func nextHit(in range: Range<Int>, of text: LentBytes) -> Int {
        precondition(range.lowerBound >= 0 && range.upperBound <= text.count - 4, "internal: windows reach beyond the text")
        guard let start = unsafe text.start, let table = unsafe table.start else { return range.upperBound }
        let windows = unsafe start + 1
        let slots = unsafe table + Self.classCount
        var place = range.lowerBound
        while place <= range.upperBound &- 4 {
            let a = unsafe Self.look(windows + place, slots, shift)
            let b = unsafe Self.look(windows + (place &+ 1), slots, shift)
            let c = unsafe Self.look(windows + (place &+ 2), slots, shift)
            let d = unsafe Self.look(windows + (place &+ 3), slots, shift)
            if (a | b | c | d) != 0 { return place + (a != 0 ? 0 : b != 0 ? 1 : c != 0 ? 2 : 3) }
            place &+= 4
        }
        while place < range.upperBound, unsafe Self.look(windows + place, slots, shift) == 0 { place += 1 }
        return place
    }

    @inline(__always)
    private static func look(_ window: UnsafeRawPointer, _ slots: UnsafeRawPointer, _ shift: UInt32) -> UInt8 {
        let window = unsafe UInt32(littleEndian: window.loadUnaligned(as: UInt32.self))
        return unsafe slots.load(fromByteOffset: firstSlot(window, shift), as: UInt8.self)
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
    /// Fills zeroed memory of `byteCount(patternCount:)` bytes.
    @safe
    struct Builder {
        private let table: UnsafeMutableRawBufferPointer
        private let shift: UInt32

        @unsafe
        init(_ table: UnsafeMutableRawBufferPointer, patternCount: Int) {
            unsafe self.table = table
            shift = UInt32(32 - WindowFilter.slotBits(patternCount: patternCount))
            for byte in [UInt8.lineFeed, .carriageReturn, .backslash, .percentSign, CompressedMember.gzip] {
                unsafe table[Int(byte)] = ByteClass.special
            }
        }

        func insert(_ window: UInt32, _ hints: Hints) {
            for slot in [WindowFilter.firstSlot(window, shift), WindowFilter.secondSlot(window, shift)] {
                unsafe table[WindowFilter.classCount + slot] |= UInt8(truncatingIfNeeded: hints.rawValue)
            }
        }

        /// Has every place that begins with `byte` examined.
        func insertShort(_ byte: UInt8) { unsafe table[Int(byte)] = ByteClass.short }
    }
}
