import Model

/// How sure it is that a member begins at a place.
enum MemberClaim {
    /// It is one, whatever comes of it: what is damaged cannot be searched.
    case sure
    /// If more than a few bytes of it decode: its mark is three or four bytes, which programs that know the format hold, too.
    case marked
    /// If it decodes to its end, or for so long that no chance makes as much of text: its mark is two bytes.
    case likely
    /// It lies in the bytes of another member, and may end where that says something: what it decodes to up to there is searched.
    case beside
    /// It has no checksum and nothing says that it is one: what looks like others in it may be others, whatever it decodes to.
    case perhaps
}

/// Reads one compressed member and searches what it decodes to.
///
/// What is found, in which order, and how much may be let go before, depends on the member's bytes alone and not on how they came: the search takes them in
/// pieces that are counted from the decoded beginning, goes on once all members in a piece are searched, and stops at places that are counted from the member's.
/// Where a member in it has not ended with it, those behind it that may go on with that are read as parts of it.
final class MemberSearch {
    enum Verdict: Equatable {
        /// There may be more of it.
        case goesOn
        /// It is whole, and holds no value.
        case clean
        /// What was taken for a member, and was not surely one, is something else: nothing in it was a value as far as it could be decoded.
        case noMember
        /// It holds a value, or something at which the stream ends.
        case found(MemberHit)
        /// It cannot be searched.
        case unsearchable
    }

    /// What is to be done once all that was decoded is searched.
    private enum Due {
        case nothing
        /// Another piece may be decoded.
        case piece
        case partEnd
        case memberEnd
        /// This is to be said, unless something was found: nothing more is decoded.
        case verdict(Verdict)
    }

    private static let pieceByteCount = 16 << 10
    /// How many parts make up what is held at most.
    private static let partCount = 16

    /// How much a mark of three or four bytes and what happens to stand behind it may decode to: about a line.
    private static let mostByChance = 64
    /// How much of zstd's may be read by then, which decodes whole blocks: headers.
    private static let mostHeaders = 32

    private(set) var claim: MemberClaim
    private let opener: any MemberOpener
    /// Nil between two members.
    private var reader: (any MemberReader)?
    private let limits: MemberLimits
    private let isRead: Bool
    /// Whether another one may go on where it ends.
    private let isContinued: Bool
    private let format: MemberFormat
    /// What the next member goes on with.
    let inside: InsideRedactor
    private var piece = Scratch()
    private var filled = 0
    private var due = Due.nothing
    /// How much was taken of the member.
    private(set) var taken = 0
    /// How much it decoded to itself.
    private var written = 0
    /// How much of what was decoded has been counted where it is budgeted.
    private var charged = 0
    /// How much of it may be let go, whatever comes behind.
    private(set) var released = 0
    /// Where the part ends that is being read.
    private var partEnd: Int
    /// Of the ends of parts from which on nothing is let go: the bytes before `shown` tell nothing but what was decoded by then.
    private var ends: [(shown: Int, decoded: Int64)] = []

    /// Nil where there is no memory for it. `inside` is what the member before this one, which ended where this one begins, left: a value may reach
    /// from one to the next.
    init?(_ format: MemberFormat, _ claim: MemberClaim, by opener: any MemberOpener, _ limits: MemberLimits, isRead: Bool, inside: InsideRedactor) {
        guard let reader = opener.reader(of: format) else { return nil }
        (self.claim, self.opener, self.reader, self.limits, self.isRead, self.inside) = (claim, opener, reader, limits, isRead, inside)
        (self.format, isContinued, partEnd) = (format, claim == .marked, max(limits.held / Self.partCount, 1))
        inside.allowance.begin(limits.decoded)
        piece.reserve(Self.pieceByteCount)
    }

    deinit { piece.wipe(Self.pieceByteCount) }

    /// How much was decoded, in the members in it as well.
    var decoded: Int { inside.allowance.decoded }

    /// Reads on, up to the end of `bytes` or until so much was decoded.
    func read(_ bytes: LentBytes, decoding budget: inout Int) -> Verdict {
        var start = 0
        while true {
            if let verdict = search(decoding: &budget) { return verdict }
            guard let reader else {
                if let verdict = goOn(in: bytes.slice(start..<bytes.count)) { return verdict }
                continue
            }
            let end = min(bytes.count, start + partEnd - taken)
            let progress = step(reader, bytes.slice(start..<end))
            start += progress.taken
            if inside.allowance.isSpent {
                conclude(.unsearchable)
                continue
            }
            switch progress.state {
            case .failed: conclude(failure(isCut: false))
            case .ended: hand(.memberEnd)
            case .goesOn where filled == Self.pieceByteCount: hand(.piece)
            case .goesOn where start < end:
                // Neither room nor bytes are missing: it would stand there for ever.
                if progress.taken == 0, progress.written == 0 { conclude(failure(isCut: false)) }
            case .goesOn where taken == partEnd: endPart()
            case .goesOn: return .goesOn
            }
        }
    }

    /// The verdict on a member that the stream's end cuts, unless that takes more than may be decoded.
    func cut(decoding budget: inout Int) -> Verdict {
        conclude(reader == nil ? .clean : failure(isCut: inside.allowance.isOutermost))
        return search(decoding: &budget) ?? .goesOn
    }

    private func step(_ reader: any MemberReader, _ bytes: LentBytes) -> MemberProgress {
        let progress = bytes.withSpan { input in
            // No more than may be decoded at all, so that what is searched does not depend on how the member came.
            let count = max(min(Self.pieceByteCount - filled, inside.allowance.left), 0)
            let room = unsafe UnsafeMutableRawBufferPointer(start: piece.start + filled, count: count)
            var output = unsafe room.mutableBytes
            return reader.read(input, into: &output)
        }
        taken += progress.taken
        filled += progress.written
        written += progress.written
        inside.allowance.take(progress.written)
        return progress
    }

    /// Gives the piece to the search, as far as it is filled.
    private func hand(_ due: Due) {
        unsafe inside.take(UnsafeRawBufferPointer(start: piece.start, count: filled))
        (filled, self.due) = (0, due)
    }

    private func conclude(_ verdict: Verdict) {
        hand(.verdict(verdict))
        inside.finish()
    }

    /// Searches what was decoded and does what is due then; nil when the reader is to go on.
    private func search(decoding budget: inout Int) -> Verdict? {
        while true {
            budget -= decoded - charged
            charged = decoded
            guard !inside.isBehind else {
                guard budget > 0 else { return .goesOn }
                inside.catchUp(Self.pieceByteCount)
                continue
            }
            switch due {
            case .nothing: return nil
            case .piece:
                due = .nothing
                return inside.verdict ?? (budget > 0 ? nil : .goesOn)
            case .partEnd, .memberEnd:
                // An edge is one once all before it is searched.
                inside.idle()
                guard !inside.isBehind else { continue }
                if let verdict = inside.verdict ?? passEdge() { return verdict }
            case .verdict(let verdict): return said(verdict)
            }
        }
    }

    private func passEdge() -> Verdict? {
        let isEnd = if case .memberEnd = due { true } else { false }
        due = .nothing
        guard isEnd else { return release() }
        guard inside.isSearching else { return .clean }
        reader = nil
        if !isContinued { conclude(.clean) }
        return nil
    }

    /// What is in something that proves to be no member was nothing, unless it is a value.
    private func said(_ verdict: Verdict) -> Verdict {
        switch inside.verdict {
        case .found(let hit): .found(hit)
        case .unsearchable where verdict == .clean: .unsearchable
        default: verdict
        }
    }

    /// A member ended, and one in it did not: where another one begins, that may go on in it.
    private func goOn(in bytes: LentBytes) -> Verdict? {
        guard taken < partEnd else {
            endPart()
            return nil
        }
        switch MemberMark.beginning(in: bytes) {
        case .cut: return .goesOn
        case .none: conclude(.clean)
        case .member(let format):
            (reader, claim) = (opener.reader(of: format), .sure)
            if reader == nil { return .unsearchable }
        }
        return nil
    }

    /// A part is read, and what it decodes to is written as far as that can be told. Of a member that is longer than what is held, this is an edge.
    private func endPart() {
        inside.allowance.most = limits.decoded + limits.decodedPerByte * taken
        partEnd += max(limits.held / Self.partCount, 1)
        guard isRead else { return }
        ends.append((max(taken - (reader?.unwrittenCount ?? 0), ends.last?.shown ?? 0), inside.byteCount + Int64(filled)))
        if taken >= limits.held { hand(.partEnd) }
    }

    /// Lets go of what the parts show behind which a whole one was searched, members in it included, unless something was found.
    ///
    /// That it is let go tells nothing of a value that has only begun: this is an edge as any other, at a place that no value has a part in. A value that begins in what
    /// is let go would have to go on for a whole part, and then less of it is seen than an edge shows.
    private func release() -> Verdict? {
        while claim != .perhaps, ends.count > 1, ends[1].decoded <= inside.judgedByteCount { released = ends.removeFirst().shown }
        // What a member in it waits for is waited for here, in parts that are no shorter.
        let most = limits.held + (inside.isSearching ? limits.heldForOthers : 0)
        return taken - released < most ? nil : .unsearchable
    }

    /// What was let go in part is no text any more, by which others could be told in it.
    private func failure(isCut: Bool) -> Verdict {
        let isOne =
            switch claim {
            case .sure: true
            case .marked: isCut || written > Self.mostByChance || format == .zstd && taken > Self.mostHeaders
            case .likely, .perhaps: released > 0
            case .beside: false
            }
        return isOne ? .unsearchable : .noMember
    }
}
