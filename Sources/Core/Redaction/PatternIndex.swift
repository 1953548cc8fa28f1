/// The patterns of a set in the order of their bytes, entered by their first four.
struct PatternIndex {
    let patterns: [Pattern]
    let bytes: LentBytes
    private let heads: LentBytes

    init(patterns: [Pattern], bytes: LentBytes, heads: LentBytes) {
        self.patterns = patterns
        self.bytes = bytes
        self.heads = heads
    }

    /// The patterns of at least four bytes that begin with these four, the first one highest.
    func patterns(withHead head: UInt32) -> Range<Int> {
        let mask = heads.count / Self.slotSize - 1
        var slot = Self.firstSlot(head) & mask
        while true {
            let upper = heads.word(at: slot * Self.slotSize + 8)
            if upper == 0 { return 0..<0 }
            if heads.word(at: slot * Self.slotSize) == head { return Int(heads.word(at: slot * Self.slotSize + 4))..<Int(upper) }
            slot = (slot + 1) & mask
        }
    }

    /// The bytes of a pattern from `depth` on.
    func rest(of pattern: Int, from depth: Int) -> LentBytes { bytes.slice(patterns[pattern].offset + depth..<patterns[pattern].end) }

    /// Those of `range`, which agree on their first `depth` bytes and are all longer, that have `byte` next.
    func narrowed(_ range: Range<Int>, depth: Int, by byte: UInt8) -> Range<Int> {
        if range.count == 1 {
            return bytes[patterns[range.lowerBound].offset + depth] == byte ? range : range.lowerBound..<range.lowerBound
        }
        let lower = partition(range) { bytes[patterns[$0].offset + depth] >= byte }
        let upper = partition(lower..<range.upperBound) { bytes[patterns[$0].offset + depth] > byte }
        return lower..<upper
    }

    /// The first place of `range` from which on `isPast` holds.
    private func partition(_ range: Range<Int>, _ isPast: (Int) -> Bool) -> Int {
        var (lower, upper) = (range.lowerBound, range.upperBound)
        while lower < upper {
            let middle = lower + (upper - lower) / 2
            if isPast(middle) { upper = middle } else { lower = middle + 1 }
        }
        return lower
    }
}

extension PatternIndex {
    /// A head, and the range of its patterns; a slot whose range ends at 0 is empty.
    private static let slotSize = 12

    private static func firstSlot(_ head: UInt32) -> Int { Int((head &* 0xc2b2_ae35) >> 8) }

    /// How large the table of heads is: at most half of its slots are taken.
    static func headTableSize(patternCount: Int) -> Int {
        slotSize << (Int.bitWidth - max(patternCount, 1).leadingZeroBitCount + 1)
    }

    /// Fills zeroed memory of `headTableSize(patternCount:)` bytes.
    static func fillHeads(_ table: UnsafeMutableRawBufferPointer, patterns: [Pattern], bytes: LentBytes) {
        let mask = table.count / slotSize - 1
        var start = 0
        while start < patterns.count {
            defer { start += 1 }
            guard patterns[start].length >= Pattern.shortestEncoded else { continue }
            let head = bytes.word(at: patterns[start].offset).byteSwapped
            let first = start
            while start + 1 < patterns.count, patterns[start + 1].length >= Pattern.shortestEncoded,
                bytes.word(at: patterns[start + 1].offset).byteSwapped == head
            {
                start += 1
            }
            var slot = firstSlot(head) & mask
            while unsafe table.loadUnaligned(fromByteOffset: slot * slotSize + 8, as: UInt32.self) != 0 { slot = (slot + 1) & mask }
            for (field, value) in [head, UInt32(first), UInt32(start + 1)].enumerated() {
                unsafe table.storeBytes(of: value.littleEndian, toByteOffset: slot * slotSize + 4 * field, as: UInt32.self)
            }
        }
    }

    /// Sorts patterns by their bytes and keeps one of those that are equal, a whole value before a part, an earlier needle before a later one.
    static func sorted(_ patterns: [Pattern], in bytes: LentBytes) -> [Pattern] {
        let ordered = patterns.sorted { left, right in
            switch compare(left, right, in: bytes) {
            case 0: left.isPart == right.isPart ? left.name < right.name : right.isPart
            case let order: order < 0
            }
        }
        return ordered.indices.filter { $0 == 0 || compare(ordered[$0 - 1], ordered[$0], in: bytes) != 0 }.map { ordered[$0] }
    }

    private static func compare(_ left: Pattern, _ right: Pattern, in bytes: LentBytes) -> Int {
        for index in 0..<min(left.length, right.length) {
            let difference = Int(bytes[left.offset + index]) - Int(bytes[right.offset + index])
            if difference != 0 { return difference }
        }
        return left.length - right.length
    }
}
