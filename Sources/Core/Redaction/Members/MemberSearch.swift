import Model

/// Reads one compressed member and searches what it decodes to.
///
/// What is found, and in which order, depends on the member's bytes alone and not on how they came: the search takes them in pieces that are counted
/// from the decoded beginning.
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

    /// Whether it is a member, whatever comes of it: what is damaged cannot be searched.
    private let isSure: Bool
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

    /// Nil where there is no memory for it. `inside` is what the member before this one, which ended where this one begins, left: a value may reach
    /// from one to the next.
    init?(_ format: MemberFormat, isSure: Bool, by opener: any MemberOpener, _ limits: MemberLimits, isRead: Bool, inside: InsideRedactor) {
        guard let reader = opener.reader(of: format) else { return nil }
        (self.isSure, self.reader, self.limits, self.isRead, self.inside) = (isSure, reader, limits, isRead, inside)
        piece.reserve(Self.pieceByteCount)
    }

    deinit { piece.wipe(Self.pieceByteCount) }

    /// Reads on, up to the end of `bytes` or until so much was decoded.
    func read(_ bytes: LentBytes, decoding budget: inout Int) -> Verdict {
        var start = 0
        while true {
            let end = isRead ? min(bytes.count, start + limits.held - taken) : bytes.count
            let progress = step(bytes.slice(start..<end))
            start += progress.taken
            budget -= progress.written
            if decoded >= limits.decoded { return judge(isEdge: true) ?? .unsearchable }
            switch progress.state {
            case .failed: return failure()
            case .ended: return judge(isEdge: true) ?? .clean
            case .goesOn where filled == Self.pieceByteCount:
                if let found = judge(isEdge: false) { return found }
                if budget <= 0 { return .goesOn }
            case .goesOn where start < end:
                // Neither room nor bytes are missing: it would stand there for ever.
                if progress.taken == 0, progress.written == 0 { return failure() }
            case .goesOn:
                return isRead && taken >= limits.held ? judge(isEdge: true) ?? .unsearchable : .goesOn
            }
        }
    }

    /// The verdict on a member that the stream's end cuts.
    func cut() -> Verdict { failure() }

    private func step(_ bytes: LentBytes) -> MemberProgress {
        let progress = bytes.withSpan { input in
            // No more than may be decoded at all, so that what is searched does not depend on how the member came.
            let count = min(Self.pieceByteCount - filled, limits.decoded - decoded)
            let room = unsafe UnsafeMutableRawBufferPointer(start: piece.start + filled, count: count)
            var output = unsafe room.mutableBytes
            return reader.read(input, into: &output)
        }
        taken += progress.taken
        filled += progress.written
        decoded += progress.written
        return progress
    }

    private func failure() -> Verdict { judge(isEdge: true) ?? (isSure ? .unsearchable : .noMember) }

    /// Searches the piece; nil as long as nothing is found.
    private func judge(isEdge: Bool) -> Verdict? {
        defer { filled = 0 }
        return unsafe inside.judge(UnsafeRawBufferPointer(start: piece.start, count: filled), isEdge: isEdge)
    }
}

/// Why a stream ends before a compressed member.
struct MemberHit: Equatable {
    var reason: RedactionReport.Withheld.Reason
    /// The number of the value that the member holds; nil for one that could not be searched.
    var name: Int?
    /// The values about which the end answers a guess, by number: once the stream is judged up to the member, and not when it is read ahead.
    var answered: [Int] = []
}

/// A redactor for what members decode to, whose output nobody reads: it counts no answers by itself (`MemberHit.answered`). It is made when there is something
/// to judge: most of what looks like zlib's is nothing.
final class InsideRedactor {
    private let needles: NeedleSet
    private let ends: StreamEnds
    private var redactor: Redactor?
    private var output: [UInt8] = []

    /// Members in a member are not opened.
    init(_ needles: NeedleSet, endingAt ends: StreamEnds) { (self.needles, self.ends) = (needles, ends) }

    deinit { forget() }

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
