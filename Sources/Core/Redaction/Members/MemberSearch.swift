import Model

/// How sure it is that a member begins at a place.
enum MemberClaim {
    /// It is one, whatever comes of it: what is damaged cannot be searched.
    case sure
    /// If it decodes to its end, or for so long that no chance makes as much of text: its mark is two bytes.
    case likely
    /// It has no checksum and nothing says that it is one: what looks like others in it may be others, whatever it decodes to.
    case perhaps
}

/// Reads one compressed member and searches what it decodes to.
///
/// What is found, in which order, and how much may be let go before, depends on the member's bytes alone and not on how they came: the search takes them in
/// pieces that are counted from the decoded beginning, and stops at places that are counted from the member's.
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

    private static let pieceByteCount = 16 << 10
    /// How many parts make up what is held at most.
    private static let partCount = 16

    let claim: MemberClaim
    private let reader: any MemberReader
    private let limits: MemberLimits
    private let isRead: Bool
    /// What the next member goes on with.
    let inside: InsideRedactor
    private var piece = Scratch()
    private var filled = 0
    /// How much was taken of the member, and what came of it.
    private(set) var taken = 0
    private(set) var decoded = 0
    private var mostDecoded: Int
    /// How much of it may be let go, whatever comes behind.
    private(set) var released = 0
    /// Where the part ends that is being read.
    private var partEnd: Int
    /// The bytes before this tell nothing but what was decoded when the part before that one ended.
    private var shown = 0

    /// Nil where there is no memory for it. `inside` is what the member before this one, which ended where this one begins, left: a value may reach
    /// from one to the next.
    init?(_ format: MemberFormat, _ claim: MemberClaim, by opener: any MemberOpener, _ limits: MemberLimits, isRead: Bool, inside: InsideRedactor) {
        guard let reader = opener.reader(of: format) else { return nil }
        (self.claim, self.reader, self.limits, self.isRead, self.inside) = (claim, reader, limits, isRead, inside)
        (mostDecoded, partEnd) = (limits.decoded, max(limits.held / Self.partCount, 1))
        piece.reserve(Self.pieceByteCount)
    }

    deinit { piece.wipe(Self.pieceByteCount) }

    /// Reads on, up to the end of `bytes` or until so much was decoded.
    func read(_ bytes: LentBytes, decoding budget: inout Int) -> Verdict {
        var start = 0
        while true {
            let end = min(bytes.count, start + partEnd - taken)
            let progress = step(bytes.slice(start..<end))
            start += progress.taken
            budget -= progress.written
            if decoded >= mostDecoded { return judge(isEdge: true) ?? .unsearchable }
            switch progress.state {
            case .failed: return failure()
            case .ended: return judge(isEdge: true) ?? .clean
            case .goesOn where filled == Self.pieceByteCount:
                if let found = judge(isEdge: false) { return found }
                if budget <= 0 { return .goesOn }
            case .goesOn where start < end:
                // Neither room nor bytes are missing: it would stand there for ever.
                if progress.taken == 0, progress.written == 0 { return failure() }
            case .goesOn where taken == partEnd:
                if let verdict = endPart() { return verdict }
            case .goesOn: return .goesOn
            }
        }
    }

    /// The verdict on a member that the stream's end cuts.
    func cut() -> Verdict { failure() }

    private func step(_ bytes: LentBytes) -> MemberProgress {
        let progress = bytes.withSpan { input in
            // No more than may be decoded at all, so that what is searched does not depend on how the member came.
            let count = min(Self.pieceByteCount - filled, mostDecoded - decoded)
            let room = unsafe UnsafeMutableRawBufferPointer(start: piece.start + filled, count: count)
            var output = unsafe room.mutableBytes
            return reader.read(input, into: &output)
        }
        taken += progress.taken
        filled += progress.written
        decoded += progress.written
        return progress
    }

    /// A part is read, and what it decodes to is written as far as that can be told. Of a member that is longer than what is held, what the part before it shows is
    /// let go, unless something is found.
    ///
    /// That it is let go tells nothing of a value that has only begun: this is an edge as any other, at a place that no value has a part in. A value that begins in what
    /// is let go would have to go on for a whole part, and then less of it is seen than an edge shows.
    private func endPart() -> Verdict? {
        mostDecoded = limits.decoded + limits.decodedPerByte * taken
        defer {
            shown = max(taken - reader.unwrittenCount, shown)
            partEnd += max(limits.held / Self.partCount, 1)
        }
        guard isRead, taken >= limits.held else { return nil }
        if let found = judge(isEdge: true) { return found }
        if claim != .perhaps { released = shown }
        return taken - released < limits.held ? nil : .unsearchable
    }

    /// What was let go in part is no text any more, by which others could be told in it.
    private func failure() -> Verdict { judge(isEdge: true) ?? (claim == .sure || released > 0 ? .unsearchable : .noMember) }

    /// Searches the piece; nil as long as nothing is found.
    private func judge(isEdge: Bool) -> Verdict? {
        defer { filled = 0 }
        return unsafe inside.judge(UnsafeRawBufferPointer(start: piece.start, count: filled), isEdge: isEdge)
    }
}

/// Why a stream ends before a compressed member.
struct MemberHit: Equatable {
    var reason: RedactionReport.Withheld.Reason
    /// The name of the value that the member holds; nil for one that could not be searched.
    var name: String?
    /// The values about which the end answers a guess: once the stream is judged up to the member, and not when it is read ahead.
    var answered: [String] = []
}

/// A redactor for what members decode to, whose output nobody reads: it counts no answers by itself (`MemberHit.answered`). It is made when there is something
/// to judge: most of what looks like zlib's is nothing.
final class InsideRedactor {
    private var needles: NeedleSet
    private var ends: StreamEnds
    private var redactor: Redactor?
    private var output: [UInt8] = []

    /// Members in a member are not opened.
    init(_ needles: NeedleSet, endingAt ends: StreamEnds) { (self.needles, self.ends) = (needles, ends) }

    deinit { forget() }

    /// Goes on with other needles, from the first place that has not been judged.
    func know(_ needles: NeedleSet, endingAt ends: StreamEnds) {
        (self.needles, self.ends) = (needles, ends)
        redactor?.know(needles, endingAt: ends)
    }

    /// Nil as long as nothing is found. At the edge a long beginning of a value is one; the next member may bring the rest of a shorter one.
    func judge(_ bytes: UnsafeRawBufferPointer, isEdge: Bool) -> MemberSearch.Verdict? {
        if unsafe bytes.isEmpty, redactor == nil { return nil }
        var redactor = redactor.take() ?? Redactor(needles, mode: .agent, endingAt: ends)
        unsafe redactor.redact(bytes.bytes, into: &output)
        if isEdge { redactor.idle(into: &output) }
        forget()
        let verdict = redactor.memberVerdict
        self.redactor = consume redactor
        return verdict
    }

    private func forget() {
        unsafe output.withUnsafeMutableBytes { unsafe $0.wipe() }
        output.removeAll(keepingCapacity: true)
    }
}
