private import CLetters

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
        private let rareHeadShift: UInt32
        private let markShift: UInt32
        private let hexMarkShift: UInt32
        private let entryShift: UInt64
        /// Of every pattern, and of those without landmarks.
        private let rareHeads: Int
        /// Of rows of letters, and of those that are hexadecimal digits alone.
        private let marks: Int
        private let hexMarks: Int
        private let entries: Int
        let byteCount: Int

        init(patternCount: Int, _ landmarks: Landmarks, hasRare: Bool) {
            let head = min(max(Self.bitWidth(patternCount << 10), 14), 23)
            // Every place of a text is looked up there: what is no beginning must seldom be taken for one.
            let rareHead = hasRare ? min(head + 3, 23) : 14
            let landmark = Self.bitWidth(patternCount * landmarks.mostPerPattern)
            // So few that the processor has them near.
            let mark = min(max(Self.bitWidth(patternCount * landmarks.mostMixedPerPattern) + 4, 14), 22)
            let hexMark = min(max(landmark + 4, 14), 24)
            hasLandmarks = patternCount > 0
            (headShift, rareHeadShift) = (UInt32(32 - head), UInt32(32 - rareHead))
            (markShift, hexMarkShift) = (UInt32(32 - mark + 6), UInt32(32 - hexMark + 6))
            entryShift = UInt64(64 - landmark - 1)
            rareHeads = Self.heads + 1 << head / 8
            marks = rareHeads + 1 << rareHead / 8
            hexMarks = marks + 1 << mark / 8
            entries = hexMarks + 1 << hexMark / 8
            byteCount = entries + 4 << (landmark + 1)
        }

        private static func bitWidth(_ count: Int) -> Int { Int.bitWidth - count.leadingZeroBitCount }
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
    /// An escape may.
    static let lead = Beginning(rawValue: 16)
    /// It is a hexadecimal digit.
    static let digit = Beginning(rawValue: 32)
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

    /// The first place of a range at which a spelling may begin, seen from its first four bytes, or which must be looked at in another way; the range's end when
    /// there is none.
    func nextHead(in text: LentBytes, _ range: Range<Int>, isRare: Bool) -> Int {
        precondition(range.lowerBound >= 0 && range.upperBound <= text.count, "internal: a text was looked through out of bounds")
        guard let bytes = unsafe text.start?.assumingMemoryBound(to: UInt8.self) else { return range.upperBound }
        return unsafe withUnsafePointer(to: layout.heads(in: memory, isRare: isRare)) { heads in
            unsafe tacit_heads_next(heads, bytes, range.lowerBound, range.upperBound, text.count)
        }
    }

    /// Gives every landmark that is found in a skeleton: where it begins, and how many letters a value may have before it.
    func forEachLandmark(in skeleton: borrowing Skeleton, _ landmarks: Landmarks, _ body: (Int, Int) -> Void) {
        guard layout.hasLandmarks else { return }
        let last = skeleton.count - landmarks.length
        guard last >= 0 else { return }
        unsafe skeleton.withLetters { letters in
            let windows = unsafe Windows(letters, landmarks, self)
            var index = 0
            while case let found = windows.firstMarked(from: index, to: last), found <= last {
                if let reach = reach(of: windows[found]) { body(found, reach) }
                index = found + landmarks.stride
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
        private let letters: UnsafePointer<UInt8>
        private let marks: tacit_marks

        @unsafe
        init(_ letters: UnsafeRawPointer, _ landmarks: Landmarks, _ table: LexiconTable) {
            unsafe self.letters = letters.assumingMemoryBound(to: UInt8.self)
            unsafe marks = table.layout.marks(in: table.memory, landmarks)
        }

        var mask: UInt64 { unsafe marks.mask }

        subscript(index: Int) -> UInt64 { letters(from: index) & mask }

        func letters(from index: Int) -> UInt64 { unsafe UInt64(littleEndian: UnsafeRawPointer(letters + index).loadUnaligned(as: UInt64.self)) }

        func isMarked(window: UInt64) -> Bool {
            unsafe withUnsafePointer(to: marks) { unsafe tacit_marks_has($0, window) != 0 }
        }

        /// The first marked row of those from `index` to `last`, a stride apart; one beyond `last` when there is none.
        func firstMarked(from index: Int, to last: Int) -> Int {
            unsafe withUnsafePointer(to: marks) { unsafe tacit_marks_next($0, letters, index, last) }
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
        let slot = tacit_heads_slot(head, isRare ? rareHeadShift : headShift)
        return ((isRare ? rareHeads : Self.heads) &+ Int(slot &>> 3), UInt8(truncatingIfNeeded: slot & 7))
    }

    /// The heads as they are looked up.
    @unsafe
    fileprivate func heads(in memory: LentBytes, isRare: Bool) -> tacit_heads {
        guard let start = unsafe memory.start, memory.count == byteCount else { preconditionFailure("internal: a lexicon has no table") }
        let first: Beginning = isRare ? .rareFirst : .first
        var heads = unsafe tacit_heads()
        unsafe heads.kinds = (start + Self.beginnings).assumingMemoryBound(to: UInt8.self)
        unsafe (heads.first, heads.whole, heads.lead) = (first.rawValue, Beginning.short.rawValue, Beginning.lead.rawValue)
        unsafe (heads.turn, heads.digit) = (Beginning.turn.rawValue, Beginning.digit.rawValue)
        unsafe heads.any = first.union([.short, .lead]).rawValue
        unsafe heads.bits = (start + (isRare ? rareHeads : Self.heads)).assumingMemoryBound(to: UInt8.self)
        unsafe heads.shift = isRare ? rareHeadShift : headShift
        return unsafe heads
    }

    /// A word of the marks, and two bits of it.
    func markSlot(_ window: UInt64) -> (word: Int, bits: UInt64) {
        let hash = tacit_marks_hash(window)
        let word = tacit_marks_is_hex(window) != 0 ? hexMarks + Int(hash >> hexMarkShift) << 3 : marks + Int(hash >> markShift) << 3
        return (word, tacit_marks_bits(hash))
    }

    /// The marks as they are looked up.
    @unsafe
    fileprivate func marks(in memory: LentBytes, _ landmarks: Landmarks) -> tacit_marks {
        guard let start = unsafe memory.start, memory.count == byteCount else { preconditionFailure("internal: a lexicon has no table") }
        var marks = unsafe tacit_marks()
        unsafe (marks.words, marks.shift) = ((start + self.marks).assumingMemoryBound(to: UInt64.self), markShift)
        unsafe (marks.hex_offset, marks.hex_shift) = ((hexMarks - self.marks) / 8, hexMarkShift)
        unsafe (marks.mask, marks.stride) = (~0 >> (64 - 8 * UInt64(landmarks.length)), landmarks.stride)
        unsafe marks.is_wide = tacit_marks_can_be_wide()
        return unsafe marks
    }

    func entrySlot(_ window: UInt64) -> Int { Int(((window ^ window >> 29) &* 0xbf58_476d_1ce4_e5b9) >> entryShift) }
    func entry(after slot: Int) -> Int { (slot + 1) & (1 << (64 - Int(entryShift)) - 1) }
    func offset(ofEntry slot: Int) -> Int { entries + 4 * slot }

    /// It is not zero, so that no entry is.
    static func fingerprint(_ window: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: ((window ^ window >> 31) &* 0x94d0_49bb_1331_11eb) >> 41) | 1
    }
}
