/// The memory in which a lexicon's tables lie one after the other: what values begin with, then landmarks.
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
        static let beginnings = 0
        static let heads = beginnings + 256
        let hasLandmarks: Bool
        private let headShift: UInt32
        private let markShift: UInt64
        private let entryShift: UInt64
        /// Of every pattern, and of those without landmarks.
        private let rareHeads: Int
        private let marks: Int
        private let entries: Int
        let byteCount: Int

        init(patternCount: Int, landmarkCount: Int) {
            let head = min(max(Int.bitWidth - (patternCount << 10).leadingZeroBitCount, 14), 23)
            let landmark = Int.bitWidth - landmarkCount.leadingZeroBitCount
            let mark = min(max(landmark + 5, 14), 23)
            hasLandmarks = landmarkCount > 0
            headShift = UInt32(32 - head)
            markShift = UInt64(64 - mark + 6)
            entryShift = UInt64(64 - landmark - 1)
            rareHeads = Self.heads + 1 << head / 8
            marks = rareHeads + 1 << head / 8
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
    @inline(__always)
    func beginning(_ byte: UInt8) -> Beginning { Beginning(rawValue: memory[Layout.beginnings + Int(byte)]) }

    /// Stands for any byte behind the first two or three of a spelling.
    static let anyByte: UInt8 = 0xff

    /// Whether some spelling begins with these bytes; `isRare` asks for those without landmarks.
    @inline(__always)
    func hasHead(_ head: UInt32, isRare: Bool) -> Bool {
        let (byte, bit) = layout.headSlot(head, isRare: isRare)
        return memory[byte] &>> bit & 1 != 0
    }

    /// Gives every landmark that is found in a skeleton: where it begins, and how many letters a value may have before it.
    func forEachLandmark(in skeleton: borrowing Skeleton, _ landmarks: Landmarks, _ body: (Int, Int) -> Void) {
        guard layout.hasLandmarks else { return }
        let (count, stride) = (skeleton.count, landmarks.stride)
        unsafe skeleton.withLetters { letters in
            let windows = unsafe Windows(letters, landmarks, self)
            var index = 0
            let last = count &- landmarks.length
            while index &+ 3 &* stride <= last {
                let near = windows.isMarked(index) || windows.isMarked(index &+ stride)
                if near || windows.isMarked(index &+ 2 &* stride) || windows.isMarked(index &+ 3 &* stride) {
                    for step in 0..<4 { look(index &+ step &* stride) }
                }
                index &+= 4 &* stride
            }
            while index <= last {
                look(index)
                index &+= stride
            }
            func look(_ index: Int) {
                if windows.isMarked(index), let reach = reach(of: windows[index]) { body(index, reach) }
            }
        }
    }

    /// Gives the places of letters, which escapes took along, that a value may begin with: the first landmark of every spelling tells.
    func forEachTaken(in skeleton: borrowing Skeleton, of text: LentBytes, _ landmarks: Landmarks, _ body: (Int) -> Void) {
        guard layout.hasLandmarks, !skeleton.taken.isEmpty else { return }
        unsafe skeleton.withLetters { letters in
            let windows = unsafe Windows(letters, landmarks, self)
            for (inside, index) in skeleton.taken {
                let letters = windows.letters(from: index)
                for place in inside {
                    guard let head = Skeleton.letters(from: place, to: inside.upperBound, in: text) else {
                        body(place)
                        continue
                    }
                    // The first letter is the first one of a landmark, or stands before it, as in base64.
                    let first = head.word | (head.count < 8 ? letters &<< (8 &* head.count) : 0)
                    let second = head.count == 0 ? windows.letters(from: index + 1) : head.word >> 8 | letters &<< (8 &* (head.count &- 1))
                    if windows.isMarked(window: first & windows.mask) || windows.isMarked(window: second & windows.mask) { body(place) }
                }
            }
        }
    }

    /// Rows of letters, looked up in the marks.
    @safe
    private struct Windows {
        let mask: UInt64
        private let letters: UnsafeRawPointer
        private let table: UnsafeRawPointer
        private let layout: Layout

        @unsafe
        init(_ letters: UnsafeRawPointer, _ landmarks: Landmarks, _ lexicon: LexiconTable) {
            guard let table = unsafe lexicon.memory.start else { preconditionFailure("internal: a lexicon has no table") }
            unsafe (self.letters, self.table) = (letters, table)
            layout = lexicon.layout
            mask = ~0 as UInt64 >> (64 - 8 * UInt64(landmarks.length))
        }

        @inline(__always)
        subscript(index: Int) -> UInt64 { letters(from: index) & mask }

        @inline(__always)
        func letters(from index: Int) -> UInt64 { unsafe UInt64(littleEndian: letters.loadUnaligned(fromByteOffset: index, as: UInt64.self)) }

        @inline(__always)
        func isMarked(_ index: Int) -> Bool { isMarked(window: self[index]) }

        @inline(__always)
        func isMarked(window: UInt64) -> Bool {
            let (word, bits) = layout.markSlot(window)
            return unsafe ~table.load(fromByteOffset: word, as: UInt64.self) & bits == 0
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
    func headSlot(_ head: UInt32, isRare: Bool) -> (byte: Int, bit: UInt8) {
        let slot = ((head ^ head &>> 15) &* 0x9e37_79b1) &>> headShift
        return ((isRare ? rareHeads : Self.heads) &+ Int(slot &>> 3), UInt8(truncatingIfNeeded: slot & 7))
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
