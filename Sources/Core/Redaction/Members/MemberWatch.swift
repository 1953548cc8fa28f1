/// What one redactor knows of the compressed members in its stream: which one is being read, and which are settled. Places are counted from the stream's beginning.
struct MemberWatch: ~Copyable, @unchecked Sendable {
    /// How long two bytes that look like zlib's, or a damaged member, are waited for where nobody reads the stream: no chance makes as much of text.
    private static let mostDoubted = 64 << 10
    /// How much may be decoded in vain, beside as much as there was of the stream: whoever writes much that looks like members and is none is not searched any more.
    private static let mostWasted = 1 << 20

    private var needles: NeedleSet
    private var ends: StreamEnds
    private let opener: (any MemberOpener)?
    private let isRead: Bool
    private let limits: MemberLimits
    private var search: (member: MemberSearch, start: Int64)?
    /// The member that ended last, and what its redactor holds.
    private var last: (inside: InsideRedactor, end: Int64)?
    /// Where the stream ends, once it is judged up to there.
    private var barrier: (start: Int64, hit: MemberHit)?
    /// From where on it is not known what the stream holds; it is told once the stream is judged up to there.
    private var doubted: Int64?
    private(set) var unscannedStart: Int64?
    /// Marks that begin before this mean nothing any more.
    private var settled: Int64 = 0
    /// How much was decoded of what was no member.
    private var wasted = 0
    /// How much may still be decoded in this turn.
    private var budget = 0
    /// Whether a turn ended before all was read that is held.
    private(set) var isBehind = false

    init(_ needles: NeedleSet, endingAt ends: StreamEnds, opening opener: (any MemberOpener)?, isRead: Bool, _ limits: MemberLimits) {
        (self.needles, self.ends, self.opener, self.isRead, self.limits) = (needles, ends, opener, isRead, limits)
    }

    /// From the next member on.
    mutating func know(_ needles: NeedleSet, endingAt ends: StreamEnds) {
        (self.needles, self.ends) = (needles, ends)
        last = nil
    }

    /// Whether a member is being read: then each byte is wanted as soon as it is there.
    var isSearching: Bool { search != nil }

    /// Begins a turn of reading, so short that whoever calls hears of everything else in between; `isEnd`: nothing comes any more. Whether nothing can be judged
    /// from a place on before more was read.
    mutating func holdsUp(_ text: LentBytes, from place: Int, at offset: Int64, isEnd: Bool, decoding budget: Int) -> Bool {
        self.budget = budget
        isBehind = false
        guard search != nil, !goOn(in: text, at: offset, isEnd: isEnd), let stop = stop(at: offset) else { return false }
        return stop <= place
    }

    /// Reads the members whose marks the text has. Gives the place before which judging must stop: no member that is not settled begins before it.
    mutating func stop(in text: LentBytes, _ skeleton: borrowing Skeleton, at offset: Int64, isEnd: Bool) -> Int? {
        var marks = skeleton.members[...]
        while barrier == nil {
            if search != nil {
                if !goOn(in: text, at: offset, isEnd: isEnd) { return stop(at: offset) }
            } else {
                guard let last = marks.popFirst() else { return nil }
                let mark = MemberMark.at(last, in: text)
                let start = offset + Int64(last + 1 - mark.length)
                if start >= settled { begin(mark, at: start) }
            }
        }
        return barrier.map { Int($0.start - offset) }
    }

    /// Where a mark may have begun that the text's end cuts, if judging must stop there.
    func openStart(in text: LentBytes, from place: Int) -> Int? {
        guard search == nil, opener != nil || ends.contains(.compressed) else { return nil }
        return MemberMark.openStart(in: text, from: place, withZlib: opener != nil)
    }

    /// The stream is judged up to a place; why it ends there, if it does.
    mutating func pass(_ place: Int64) -> MemberHit? {
        if let doubted, doubted < place { unscannedStart = unscannedStart ?? doubted }
        return barrier.flatMap { $0.start <= place ? $0.hit : nil }
    }

    private mutating func begin(_ mark: MemberMark, at start: Int64) {
        let inside = last?.end == start ? last?.inside : nil
        last = nil
        guard let opener, let format = mark.format else {
            // Without what opens it, zlib's mark is two bytes of text.
            if mark != .zlib { giveUp(from: start) }
            return
        }
        guard wasted <= Int(clamping: start) + Self.mostWasted,
            let member = MemberSearch(format, by: opener, limits, isRead: isRead, inside: inside ?? InsideRedactor(needles, endingAt: ends))
        else { return giveUp(from: start) }
        search = (member, start)
    }

    /// Reads on in the member; false as long as there may be more of it.
    private mutating func goOn(in text: LentBytes, at offset: Int64, isEnd: Bool) -> Bool {
        guard let (member, start) = search else { return true }
        guard budget > 0 else {
            isBehind = true
            return false
        }
        var verdict = member.read(text.slice(Int(start - offset) + member.taken..<text.count), decoding: &budget)
        if verdict == .goesOn, isEnd, budget > 0 { verdict = member.cut() }
        search = nil
        switch verdict {
        case .goesOn:
            search = (member, start)
            isBehind = budget <= 0
            return false
        case .clean:
            settled = start + Int64(member.taken)
            last = (member.inside, settled)
        case .noMember:
            settled = start + 1
            wasted += member.decoded
        case .found(let hit): barrier = (start, hit)
        case .unsearchable: giveUp(from: start)
        }
        return true
    }

    /// What begins here is not searched: the stream ends before it, or passes and that is told.
    private mutating func giveUp(from start: Int64) {
        settled = start + 1
        if ends.contains(.compressed) { barrier = (start, MemberHit(reason: .compressed)) } else { doubted = doubted ?? start }
    }

    /// Where judging must stop because of the member that is being read.
    private func stop(at offset: Int64) -> Int? {
        guard let (member, start) = search else { return nil }
        if isRead || member.taken < Self.mostDoubted { return Int(start - offset) }
        return isBehind ? Int(start - offset) + member.taken : nil
    }
}
