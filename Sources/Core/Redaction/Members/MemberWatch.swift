/// What one redactor knows of the compressed members in its stream: which one is being read, and which are settled. Places are counted from the stream's beginning.
struct MemberWatch: ~Copyable, @unchecked Sendable {
    /// How long two bytes that look like zlib's, or a damaged member, are waited for where nobody reads the stream: no chance makes as much of text. What may hold
    /// other members is given up then.
    private static let mostDoubted = 64 << 10
    /// How much may be read or decoded in vain, beside as much as there was of the stream: whoever writes much that looks like members and is none is not searched any more.
    private static let mostWasted = 1 << 20

    private var needles: NeedleSet
    private var ends: StreamEnds
    private let opener: (any MemberOpener)?
    private let isRead: Bool
    private let limits: MemberLimits
    /// Of the member that decodes to this stream, if one does.
    private let allowance: DecodingAllowance?
    private typealias Search = (member: MemberSearch, start: Int64)
    private var search: Search?
    /// An entry of a zip archive that lies in the bytes of another member, and is read beside it.
    private var beside: Search?
    /// The member that ended last, and what its redactor holds.
    private var last: (inside: InsideRedactor, end: Int64)?
    /// Where the stream ends, once it is judged up to there.
    private var barrier: (start: Int64, hit: MemberHit)?
    /// From where on it is not known what the stream holds; it is told once the stream is judged up to there.
    private var doubted: Int64?
    private(set) var unscannedStart: Int64?
    /// Marks that begin before this mean nothing any more.
    private var settled: Int64 = 0
    /// How much was read or decoded of what was no member, whichever is more.
    private var wasted = 0
    private var entries = EntryWatch()
    /// How much may still be decoded in this turn.
    private var budget = 0
    /// Whether a turn ended before all was read that is held.
    private(set) var isBehind = false

    init(
        _ needles: NeedleSet, endingAt ends: StreamEnds, opening opener: (any MemberOpener)?, isRead: Bool, _ limits: MemberLimits,
        within allowance: DecodingAllowance? = nil
    ) {
        (self.needles, self.ends, self.opener, self.isRead, self.limits) = (needles, ends, opener, isRead, limits)
        self.allowance = allowance
    }

    /// Goes on with other needles, in the member that is being read as well.
    mutating func know(_ needles: NeedleSet, endingAt ends: StreamEnds) {
        (self.needles, self.ends) = (needles, ends)
        for search in [search, beside] { search?.member.inside.know(needles, endingAt: ends) }
        last = nil
    }

    /// Whether a member is being read: then each byte is wanted as soon as it is there.
    var isSearching: Bool { search != nil || beside != nil }

    /// Begins a turn of reading, so short that whoever calls hears of everything else in between; `isEnd`: nothing comes any more. Whether nothing can be judged
    /// from a place on before more was read.
    mutating func holdsUp(_ text: LentBytes, from place: Int, at offset: Int64, isEnd: Bool, decoding budget: Int) -> Bool {
        self.budget = budget
        isBehind = false
        let isMore = isSearching && [goOnBeside(in: text, at: offset, isEnd: isEnd), goOn(in: text, at: offset, isEnd: isEnd)].contains(false)
        guard isMore, let stop = stop(at: offset) else { return false }
        return stop <= place
    }

    /// Reads the members whose marks the text has. Gives the place before which judging must stop: no member that is not settled begins before it.
    mutating func stop(in text: LentBytes, _ skeleton: borrowing Skeleton, at offset: Int64, isEdge: Bool, isEnd: Bool) -> Int? {
        var marks = skeleton.members[...]
        // Whether nothing is waited for by which it could still be told what comes first.
        let isAll = isEnd || isEdge && opener == nil
        entries.read(text, at: offset)
        _ = goOnBeside(in: text, at: offset, isEnd: isEnd)
        while barrier == nil || search != nil {
            if search != nil {
                guard goOn(in: text, at: offset, isEnd: isEnd) else { break }
            } else if let (mark, start) = Self.mark(marks.first, in: text, at: offset), start < entries.next?.start ?? .max {
                marks.removeFirst()
                take(mark, at: start, in: text, at: offset)
            } else if let entry = entries.next, entry.start < offset + Int64(text.count) {
                let place = Int(entry.start - offset)
                if !isAll, let open = MemberMark.openStart(in: text, from: 0, withZlib: true), open < place {
                    return min(stop(at: offset) ?? place, place)
                }
                guard isTurn(of: entry) else { break }
                entries.removeNext()
                begin(entry)
                _ = goOnBeside(in: text, at: offset, isEnd: isEnd)
            } else {
                return stop(at: offset)
            }
        }
        takeEntries(of: marks, before: stop(at: offset) ?? text.count, of: text, at: offset)
        while let entry = entries.next, entry.start < offset + Int64(stop(at: offset) ?? text.count), isTurn(of: entry) {
            entries.removeNext()
            if entry.packing != .none { readBeside(entry) }
            _ = goOnBeside(in: text, at: offset, isEnd: isEnd)
        }
        return stop(at: offset)
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

    private static func mark(_ last: Int?, in text: LentBytes, at offset: Int64) -> (mark: MemberMark, start: Int64)? {
        guard let last, case let mark = MemberMark.at(last, in: text) else { return nil }
        return (mark, offset + Int64(last + 1 - mark.length))
    }

    private mutating func take(_ mark: MemberMark, at start: Int64, in text: LentBytes, at offset: Int64) {
        guard mark != .zip else { return entries.take(start, in: text, at: offset) }
        guard start >= settled else { return }
        settled = start + 1
        // Without what opens it, zlib's mark is two bytes of text.
        if mark != .zlib || opener != nil { begin(mark.format, at: start, mark == .zlib ? .likely : .marked) }
    }

    /// What lies within another member's bytes was searched as part of these alone.
    private mutating func begin(_ entry: EntryWatch.Entry) {
        switch entry.packing {
        case .none:
            if opener != nil, entry.start >= settled { begin(.deflate, at: entry.start, .perhaps) }
        case .deflate(let isSure) where entry.start >= settled: begin(.deflate, at: entry.start, isSure ? .sure : .perhaps)
        case .deflate, .closed: readBeside(entry)
        }
    }

    /// An entry in another member's bytes: in those that the format leaves as they are, as gzip does with what it cannot make shorter, or where they mean nothing. Its
    /// bytes may go on where the other format says something in between, and are none any more.
    private mutating func readBeside(_ entry: EntryWatch.Entry) {
        guard beside == nil, entry.packing != .closed, let member = member(.deflate, at: entry.start, .beside, nil) else {
            return giveUp(from: entry.start)
        }
        beside = (member, entry.start)
    }

    /// Whether it is told already whether an entry lies within the one that is read beside.
    private func isTurn(of entry: EntryWatch.Entry) -> Bool {
        guard isBehind, let (member, start) = beside else { return true }
        return entry.start < start + Int64(member.taken)
    }

    private mutating func begin(_ format: MemberFormat?, at start: Int64, _ claim: MemberClaim) {
        let inside = last?.end == start ? last?.inside : nil
        last = nil
        guard let format, let member = member(format, at: start, claim, inside) else { return giveUp(from: start) }
        search = (member, start)
    }

    private func member(_ format: MemberFormat, at start: Int64, _ claim: MemberClaim, _ inside: InsideRedactor?) -> MemberSearch? {
        guard let opener, wasted <= Int(clamping: start) + Self.mostWasted else { return nil }
        allowance?.takeBeginning()
        let inside = inside ?? InsideRedactor(needles, endingAt: ends, opening: opener, isRead: isRead, limits, within: allowance)
        return MemberSearch(format, claim, by: opener, limits, isRead: isRead, inside: inside)
    }

    /// Judging goes on up to a place within the member that is being read: entries that begin before it cannot be returned to.
    private mutating func takeEntries(of marks: ArraySlice<Int>, before end: Int, of text: LentBytes, at offset: Int64) {
        for last in marks.prefix(while: { $0 < end }) {
            if let (mark, start) = Self.mark(last, in: text, at: offset), mark == .zip { entries.take(start, in: text, at: offset) }
        }
    }

    /// Reads on in the member; false as long as there may be more of it.
    private mutating func goOn(in text: LentBytes, at offset: Int64, isEnd: Bool) -> Bool {
        guard let (member, start) = search else { return true }
        let verdict = verdict((member, start), in: text, at: offset, isEnd: isEnd)
        search = nil
        // What was let go of it is behind: nothing else begins in it, and the stream ends no sooner.
        let left = start + Int64(member.released)
        if member.released > 0 { settled = left }
        switch verdict {
        case .goesOn where member.claim == .perhaps && !isRead && member.taken >= Self.mostDoubted: giveUp(from: start)
        case .goesOn:
            search = (member, start)
            return false
        case .clean where member.claim == .perhaps: wasted += max(member.taken, member.decoded)
        case .clean:
            settled = start + Int64(member.taken)
            last = member.inside.hasEnded ? nil : (member.inside, settled)
        case .noMember: wasted += max(member.taken, member.decoded)
        case .found(let hit): end(at: left, hit)
        case .unsearchable: giveUp(from: left)
        }
        return true
    }

    /// Reads on in the entry beside it; false as long as there may be more of that.
    private mutating func goOnBeside(in text: LentBytes, at offset: Int64, isEnd: Bool) -> Bool {
        guard let (member, start) = beside else { return true }
        let verdict = verdict((member, start), in: text, at: offset, isEnd: isEnd)
        guard verdict != .goesOn else { return false }
        beside = nil
        // Each byte lies in one such entry; whoever writes entries that lie in each other is not searched.
        wasted += max(member.taken, member.decoded / max(limits.decodedPerByte, 1))
        switch verdict {
        case .goesOn, .clean, .noMember: break
        case .found(let hit): end(at: start + Int64(member.released), hit)
        case .unsearchable: giveUp(from: start + Int64(member.released))
        }
        return true
    }

    private mutating func verdict(_ search: Search, in text: LentBytes, at offset: Int64, isEnd: Bool) -> MemberSearch.Verdict {
        guard budget > 0 else {
            isBehind = true
            return .goesOn
        }
        let (member, start) = search
        var verdict = member.read(text.slice(Int(start - offset) + member.taken..<text.count), decoding: &budget)
        if verdict == .goesOn, isEnd, budget > 0 { verdict = member.cut(decoding: &budget) }
        if verdict == .goesOn, budget <= 0 { isBehind = true }
        return verdict
    }

    /// What begins here is not searched: the stream ends before it, or passes and that is told.
    private mutating func giveUp(from start: Int64) {
        if ends.contains(.compressed) { end(at: start, MemberHit(reason: .compressed)) } else { doubted = min(doubted ?? start, start) }
    }

    /// Nothing behind the first such place counts any more.
    private mutating func end(at start: Int64, _ hit: MemberHit) {
        if start < barrier?.start ?? .max { barrier = (start, hit) }
        if let search, search.start + Int64(search.member.released) >= start { self.search = nil }
        if let beside, beside.start + Int64(beside.member.released) >= start { self.beside = nil }
    }

    /// Where judging must stop: where the stream ends, or because of the members that are being read.
    private func stop(at offset: Int64) -> Int? {
        guard isSearching || barrier != nil else { return nil }
        let places = [barrier.map(\.start), search.flatMap { stop(of: $0) }, beside.flatMap { stop(of: $0) }]
        return places.compactMap(\.self).min().map { Int($0 - offset) }
    }

    private func stop(of search: Search) -> Int64? {
        let (member, start) = search
        if isRead || member.taken < Self.mostDoubted { return start + Int64(member.released) }
        return isBehind ? start + Int64(member.taken) : nil
    }
}
