/// Tells, for most places of a text at less than one look each, that nothing can begin there.
///
/// One table has every two characters that stand side by side in the beginning of a spelling. Three are entered by hashes of a four-byte window. The first is looked at for every place of a `stride` at once: it has the windows at each distance.
/// The other two have only a spelling's first window: the second says yes or no, the third holds hints. What was inserted is in all, others are by
/// chance: the readers decide.
struct WindowFilter {
    static let longestStride = 4

    private let table: LentBytes
    private let layout: Layout
    let traits: Lexicon.Traits

    init(_ table: LentBytes, patternCount: Int, traits: Lexicon.Traits) {
        self.table = table
        layout = Layout(patternCount: patternCount)
        self.traits = traits
    }

    /// Where things lie: a class for each byte, then the tables. All but the last have a bit for each slot.
    struct Layout {
        static let pairs = 256
        private static let sample = pairs + 65_536 / 8
        private let sampleShift: UInt32
        private let firstShift: UInt32
        private let secondShift: UInt32
        private let first: Int
        private let second: Int
        let byteCount: Int

        init(patternCount: Int) {
            let logarithm = Int.bitWidth - (patternCount << 10).leadingZeroBitCount
            let (sample, first, second) = (min(max(logarithm + 1, 16), 23), min(max(logarithm, 16), 21), min(max(logarithm, 14), 19))
            sampleShift = UInt32(32 - sample)
            firstShift = UInt32(32 - first)
            secondShift = UInt32(32 - second)
            self.first = Self.sample + (1 << sample) / 8
            self.second = self.first + (1 << first) / 8
            byteCount = self.second + (1 << second)
        }

        /// A bit of the first table.
        @inline(__always)
        func sampleSlot(_ window: UInt32) -> (byte: Int, bit: UInt8) {
            let slot = (window &* 0x9e37_79b1) &>> sampleShift
            return (Self.sample &+ Int(slot &>> 3), UInt8(truncatingIfNeeded: slot & 7))
        }

        @inline(__always)
        func firstSlot(_ window: UInt32) -> (byte: Int, bit: UInt8) {
            let slot = (window &* 0x9e37_79b1) &>> firstShift
            return (first &+ Int(slot &>> 3), UInt8(truncatingIfNeeded: slot & 7))
        }

        @inline(__always)
        static func pairSlot(_ first: UInt8, _ second: UInt8) -> (byte: Int, bit: UInt8) {
            (pairs &+ Int(first) &<< 5 &+ Int(second &>> 3), second & 7)
        }

        func secondSlot(_ window: UInt32) -> Int { second + Int(((window ^ window >> 15) &* 0x85eb_ca6b) >> secondShift) }
    }

    /// Whether two characters stand side by side among the first five of a spelling. Nothing may stand before any.
    @inline(__always)
    func hasPair(_ first: UInt8?, _ second: UInt8) -> Bool {
        guard let first else { return true }
        let (byte, bit) = Layout.pairSlot(first, second)
        return table[byte] &>> bit & 1 != 0
    }

    func hints(for window: UInt32) -> Hints {
        let (byte, bit) = layout.firstSlot(window)
        return table[byte] >> bit & 1 == 0 ? [] : Hints(window: table[layout.secondSlot(window)])
    }

    /// Whether a value of at most four bytes begins with `byte`.
    func beginsShort(_ byte: UInt8) -> Bool { table[Int(byte)] != 0 }
}

extension WindowFilter {
    /// The first of the places from `place` on that must be looked at one by one, when the bytes before `end` are as they are.
    func nextSample(from place: Int, before end: Int, of text: LentBytes) -> Int {
        let stride = traits.stride
        precondition(place >= 0 && end <= text.count, "internal: windows reach beyond the text")
        guard stride > 1, let start = unsafe text.start, let table = unsafe table.start else { return place }
        var place = place
        @inline(__always)
        func found(_ place: Int) -> UInt8 {
            let window = unsafe UInt32(littleEndian: (start + (place &+ stride)).loadUnaligned(as: UInt32.self))
            let (byte, bit) = layout.sampleSlot(window)
            return unsafe table.load(fromByteOffset: byte, as: UInt8.self) &>> bit & 1
        }
        let last = end &- stride &- 4
        while place &+ 3 &* stride <= last {
            let (a, b, c, d) = (found(place), found(place &+ stride), found(place &+ 2 &* stride), found(place &+ 3 &* stride))
            if (a | b | c | d) != 0 { return place &+ stride &* (a != 0 ? 0 : b != 0 ? 1 : c != 0 ? 2 : 3) }
            place &+= 4 &* stride
        }
        while place <= last, found(place) == 0 { place &+= stride }
        return place
    }

    /// The first place in `range` whose window is in the filter; the range's end when there is none. The text reaches five bytes beyond it.
    func nextHit(in range: Range<Int>, of text: LentBytes) -> Int {
        precondition(range.lowerBound >= 0 && range.upperBound <= text.count - 4, "internal: windows reach beyond the text")
        guard let start = unsafe text.start, let table = unsafe table.start else { return range.upperBound }
        for place in range {
            let window = unsafe UInt32(littleEndian: (start + (place &+ 1)).loadUnaligned(as: UInt32.self))
            let (byte, bit) = layout.firstSlot(window)
            guard unsafe table.load(fromByteOffset: byte, as: UInt8.self) &>> bit & 1 != 0 else { continue }
            if self.table[layout.secondSlot(window)] != 0 { return place }
        }
        return range.upperBound
    }

    /// The first special byte from `place` on; the text's end when there is none.
    func nextSpecial(from place: Int, in text: LentBytes) -> Int {
        var place = place
        while true {
            place = traits.hasShortPatterns ? nextOfClass(from: place, in: text) : SpecialBytes.next(from: place, in: text)
            if place == text.count || isSpecial(at: place, in: text) { return place }
            place += 1
        }
    }

    private func nextOfClass(from place: Int, in text: LentBytes) -> Int {
        var place = place
        while place < text.count, !beginsShort(text[place]), !SpecialBytes.contains(text[place]) { place += 1 }
        return place
    }

    func isSpecial(at place: Int, in text: LentBytes) -> Bool {
        let byte = text[place]
        if beginsShort(byte) || EscapeLead.beginsGap(at: place, in: text) { return true }
        if SpecialBytes.mayEndMark(byte) { return traits.views.contains(.layers) && MemberMark.at(place, in: text) != .none }
        guard traits.views.contains(.escapes) else { return false }
        switch byte {
        case UInt8(ascii: "+"): return traits.hasSpaces
        case UInt8(ascii: "'"): return traits.hasQuotes && EscapeLead.stands(at: place, in: text)
        default: return EscapeLead.stands(at: place, in: text)
        }
    }

    func hasSpecial(in range: Range<Int>, of text: LentBytes) -> Bool {
        range.contains { SpecialBytes.contains(text[$0]) && isSpecial(at: $0, in: text) }
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
        }

        /// Takes a spelling's window by its number.
        func insert(_ number: Int, _ window: UInt32, _ hints: Hints) {
            let (byte, bit) = layout.sampleSlot(window)
            unsafe table[byte] |= 1 << bit
            guard number == 1 else { return }
            let (first, firstBit) = layout.firstSlot(window)
            unsafe table[first] |= 1 << firstBit
            unsafe table[layout.secondSlot(window)] |= UInt8(truncatingIfNeeded: hints.rawValue)
        }

        /// Takes two characters that stand side by side among a spelling's first five.
        func insertPair(_ first: UInt8, _ second: UInt8) {
            let (byte, bit) = Layout.pairSlot(first, second)
            unsafe table[byte] |= 1 << bit
        }

        /// Has every place that begins with `byte` examined.
        func insertShort(_ byte: UInt8) { unsafe table[Int(byte)] = 1 }
    }
}
