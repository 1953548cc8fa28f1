/// The memory in which a lexicon's tables lie one after the other: the classes of bytes, then what values begin with, then landmarks.
///
/// All of them answer "perhaps" or "no": entries of two hashes may coincide, and the readers decide.
struct LexiconTable {
    private let memory: LentBytes
    private let layout: Layout

    init(_ memory: LentBytes, _ layout: Layout) {
        self.memory = memory
        self.layout = layout
    }

    struct Layout {
        /// 256 classes of `ByteClass`, then 256 of `Beginning`.
        static let beginnings = 2048
        static let triples = beginnings + 256
        let hasLandmarks: Bool
        private let tripleShift: UInt32
        private let markShift: UInt64
        private let entryShift: UInt64
        /// Of every pattern, and of those without landmarks.
        private let rareTriples: Int
        private let marks: Int
        private let entries: Int
        let byteCount: Int

        init(patternCount: Int, landmarkCount: Int) {
            let triple = min(max(Int.bitWidth - (patternCount << 9).leadingZeroBitCount, 14), 22)
            let landmark = Int.bitWidth - landmarkCount.leadingZeroBitCount
            let mark = min(max(landmark + 5, 14), 23)
            hasLandmarks = landmarkCount > 0
            tripleShift = UInt32(32 - triple)
            markShift = UInt64(64 - mark + 6)
            entryShift = UInt64(64 - landmark - 1)
            rareTriples = Self.triples + 1 << triple / 8
            marks = (rareTriples + 1 << triple / 8 + 7) / 8 * 8
            entries = marks + 1 << mark / 8
            byteCount = entries + 4 << (landmark + 1)
        }
    }
}

/// What a byte may be for the beginning of a value.
struct Beginning: OptionSet {
    let rawValue: UInt8
    /// The first byte of a spelling.
    static let first = Beginning(rawValue: 1)
    /// The first byte of a spelling that has no landmarks.
    static let rareFirst = Beginning(rawValue: 2)
    /// The first byte of a value that is too short for anything but itself.
    static let short = Beginning(rawValue: 4)
    /// An escape or a gap may begin with it.
    static let turn = Beginning(rawValue: 8)
}

extension LexiconTable {
    /// The classes of bytes, for loops that prove their own bounds.
    @unsafe
    var classes: UnsafePointer<UInt64> {
        guard let start = unsafe memory.start else { preconditionFailure("internal: a lexicon has no table") }
        return unsafe start.assumingMemoryBound(to: UInt64.self)
    }

    @inline(__always)
    func beginning(_ byte: UInt8) -> Beginning { Beginning(rawValue: memory[Layout.beginnings + Int(byte)]) }

    /// Whether some spelling begins with three bytes; `isRare` asks for those without landmarks.
    @inline(__always)
    func hasTriple(at place: Int, in text: LentBytes, isRare: Bool) -> Bool {
        let (byte, bit) = layout.tripleSlot(text[place], text[place + 1], text[place + 2], isRare: isRare)
        return memory[byte] &>> bit & 1 != 0
    }

    /// Stands for any byte behind the first two of a spelling.
    static let anyByte: UInt8 = 0xff

    @inline(__always)
    func hasPair(at place: Int, in text: LentBytes, isRare: Bool) -> Bool {
        let (byte, bit) = layout.tripleSlot(text[place], text[place + 1], Self.anyByte, isRare: isRare)
        return memory[byte] &>> bit & 1 != 0
    }

    /// Gives every landmark that is found in a skeleton: where it begins, and how many letters a value may have before it.
    func forEachLandmark(in skeleton: borrowing Skeleton, _ landmarks: Landmarks, _ body: (Int, Int) -> Void) {
        guard layout.hasLandmarks, let table = unsafe memory.start else { return }
        let (count, stride) = (skeleton.count, landmarks.stride)
        let mask = ~0 as UInt64 >> (64 - 8 * UInt64(landmarks.length))
        unsafe skeleton.withLetters { letters in
            @inline(__always)
            func window(_ index: Int) -> UInt64 { unsafe UInt64(littleEndian: letters.loadUnaligned(fromByteOffset: index, as: UInt64.self)) & mask }
            @inline(__always)
            func isMarked(_ window: UInt64) -> Bool {
                let (word, bits) = layout.markSlot(window)
                return unsafe ~table.load(fromByteOffset: word, as: UInt64.self) & bits == 0
            }
            func look(_ index: Int) {
                let window = window(index)
                if isMarked(window), let reach = reach(of: window) { body(index, reach) }
            }
            var index = 0
            let last = count &- landmarks.length
            while index &+ 3 &* stride <= last {
                let near = isMarked(window(index)) || isMarked(window(index &+ stride))
                if near || isMarked(window(index &+ 2 &* stride)) || isMarked(window(index &+ 3 &* stride)) {
                    for step in 0..<4 { look(index &+ step &* stride) }
                }
                index &+= 4 &* stride
            }
            while index <= last {
                look(index)
                index &+= stride
            }
        }
    }

    /// The most letters before a landmark, if it is one.
    private func reach(of window: UInt64) -> Int? {
        var slot = layout.entrySlot(window)
        while case let entry = memory.word(at: layout.offset(ofEntry: slot)), entry != 0 {
            if entry >> Layout.reachBits == Layout.fingerprint(window) { return Int(entry & Layout.longestReach) }
            slot = layout.entry(after: slot)
        }
        return nil
    }
}

extension LexiconTable.Layout {
    static let reachBits: UInt32 = 9
    static let longestReach: UInt32 = 1 << reachBits - 1

    @inline(__always)
    func tripleSlot(_ first: UInt8, _ second: UInt8, _ third: UInt8, isRare: Bool) -> (byte: Int, bit: UInt8) {
        let slot = ((UInt32(first) | UInt32(second) << 8 | UInt32(third) << 16) &* 0x9e37_79b1) &>> tripleShift
        return ((isRare ? rareTriples : Self.triples) &+ Int(slot &>> 3), UInt8(truncatingIfNeeded: slot & 7))
    }

    /// A word of the marks, and two bits of it.
    @inline(__always)
    func markSlot(_ window: UInt64) -> (word: Int, bits: UInt64) {
        let hash = window &* 0x9e37_79b9_7f4a_7c15
        let bits = 1 as UInt64 &<< (hash &>> 26) | 1 &<< (hash &>> 20)
        return (marks &+ Int(truncatingIfNeeded: hash &>> markShift) &<< 3, bits)
    }

    func entrySlot(_ window: UInt64) -> Int { Int(((window ^ window >> 29) &* 0xbf58_476d_1ce4_e5b9) >> entryShift) }
    func entry(after slot: Int) -> Int { (slot + 1) & (1 << (64 - Int(entryShift)) - 1) }
    func offset(ofEntry slot: Int) -> Int { entries + 4 * slot }

    /// It is not zero, so that no entry is.
    static func fingerprint(_ window: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: ((window ^ window >> 31) &* 0x94d0_49bb_1331_11eb) >> 41) | 1
    }
}
