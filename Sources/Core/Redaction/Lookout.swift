/// Goes through the places of a text at which a value may begin.
///
/// Those are the places near a landmark, inside escapes, before terminal sequences, and so near to the text's end that a landmark would not
/// have been seen yet. Only for patterns that have no landmarks is every place looked at. At each, the first four bytes decide.
struct Lookout {
    private let lexicon: Lexicon
    private let text: LentBytes
    private let regions: [Range<Int>]
    private var region = 0
    private var place: Int

    init(_ lexicon: Lexicon, on text: LentBytes, from start: Int, _ skeleton: borrowing Skeleton) {
        self.lexicon = lexicon
        self.text = text
        place = start
        regions = Self.regions(lexicon, on: text, from: start, skeleton)
    }

    private static func regions(_ lexicon: Lexicon, on text: LentBytes, from start: Int, _ skeleton: borrowing Skeleton) -> [Range<Int>] {
        guard lexicon.traits.reach > 0 else { return [] }
        var regions = skeleton.suspects
        lexicon.table.forEachLandmark(in: skeleton, lexicon.traits.landmarks) { index, reach in
            regions.append(skeleton.place(beforeLetter: max(index - reach, 0))..<skeleton.place(afterLetter: index, in: text))
        }
        lexicon.table.forEachTaken(in: skeleton, of: text, lexicon.traits.landmarks) { regions.append($0..<$0 + 1) }
        if lexicon.traits.hasLateLandmarks { regions += skeleton.taken.map(\.inside) }
        let tail = skeleton.sureCount - lexicon.traits.reach
        regions.append((tail <= 0 ? start : skeleton.place(beforeLetter: tail))..<text.count)
        return merged(regions)
    }

    private static func merged(_ regions: [Range<Int>]) -> [Range<Int>] {
        var merged: [Range<Int>] = []
        for region in regions.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, last.upperBound >= region.lowerBound {
                merged[merged.count - 1] = last.lowerBound..<max(last.upperBound, region.upperBound)
            } else {
                merged.append(region)
            }
        }
        return merged
    }

    /// The next place.
    mutating func next() -> Int? {
        while true {
            while region < regions.count, regions[region].upperBound <= place { region += 1 }
            let near = region < regions.count ? regions[region] : text.count..<text.count
            if place < near.lowerBound, let found = passed(to: near.lowerBound, isRare: true) { return found }
            guard place < text.count else { return nil }
            if let found = passed(to: near.upperBound, isRare: false) { return found }
        }
    }

    /// The next place before `end` at which something may begin.
    private mutating func passed(to end: Int, isRare: Bool) -> Int? {
        if isRare, !lexicon.traits.hasRare {
            place = end
            return nil
        }
        while place < end {
            let next = lexicon.table.nextHead(in: text, place..<end, isRare: isRare)
            place = next + 1
            guard next < end else {
                place = end
                return nil
            }
            if mayBegin(at: next, isRare: isRare) { return next }
        }
        return nil
    }

    private func mayBegin(at place: Int, isRare: Bool) -> Bool {
        guard place + 3 < text.count else { return true }
        let beginning = lexicon.table.beginning(text[place])
        guard !beginning.isEmpty else { return false }
        if beginning.contains(isRare ? .rareFirst : .first), mayGoOn(at: place, isRare: isRare) { return true }
        return beginning.contains(.short) || beginning.contains(.turn) && mayBeginEscaped(at: place, isRare: isRare)
    }

    /// Whether some spelling has the bytes at a place, as far as they stand for themselves.
    private func mayGoOn(at place: Int, isRare: Bool) -> Bool {
        let table = lexicon.table
        let head = text.word(at: place)
        if table.hasHead(head, isRare: isRare) { return true }
        if isTurn(place + 1) { return true }
        // In a swapped word a value may begin with the first two digits; the others are its neighbour's.
        let isWord = (place..<place + 4).allSatisfy { text[$0].hexDigit != nil }
        if isWord || isTurn(place + 2), table.hasHead(head | 0xffff_0000, isRare: isRare) { return true }
        return isTurn(place + 3) && table.hasHead(head | 0xff00_0000, isRare: isRare)
    }

    /// Whether some spelling begins with what an escape stands for.
    private func mayBeginEscaped(at place: Int, isRare: Bool) -> Bool {
        guard lexicon.mayBeginEscape(at: place, in: text) else { return false }
        let first: Beginning = isRare ? .rareFirst : .first
        func mayBegin(_ reading: EscapeReading) -> Bool {
            switch reading {
            case .none: false
            case .cut: true
            case .spelled(let spelled): lexicon.table.beginning(UInt8(truncatingIfNeeded: spelled.bytes)).contains(first)
            case .either(let one, let other): mayBegin(.spelled(one)) || mayBegin(.spelled(other))
            }
        }
        return mayBegin(Escapes(PlainCharacters(), isEdge: false).reading(at: place, in: text))
            || mayBegin(Escapes(EscapedCharacters(isEdge: false), isEdge: false).reading(at: place, in: text))
    }

    @inline(__always)
    private func isTurn(_ place: Int) -> Bool {
        lexicon.table.beginning(text[place]).contains(.turn)
            && (lexicon.mayBeginEscape(at: place, in: text) || EscapeLead.beginsGap(at: place, in: text))
    }
}
