import Model

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
    /// How much the member that is being read may decode to, with all in it.
    let allowance: DecodingAllowance
    private var needles: NeedleSet
    private var ends: StreamEnds
    /// Nil where members are not opened any more.
    private let opener: (any MemberOpener)?
    private let isRead: Bool
    private let limits: MemberLimits
    private var redactor: Redactor?
    private var output: [UInt8] = []
    /// How much it took.
    private(set) var byteCount: Int64 = 0
    /// Whether it was told that nothing more comes.
    private(set) var hasEnded = false

    /// `limits` are those of the member: of the members in it fewer levels are opened.
    init(
        _ needles: NeedleSet, endingAt ends: StreamEnds, opening opener: (any MemberOpener)?, isRead: Bool, _ limits: MemberLimits,
        within allowance: DecodingAllowance?
    ) {
        (self.needles, self.ends, self.isRead, self.limits) = (needles, ends, isRead, limits.inside)
        self.opener = limits.levels > 1 ? opener : nil
        self.allowance = DecodingAllowance(within: allowance)
    }

    deinit { forget() }

    /// Goes on with other needles, from the first place that has not been judged.
    func know(_ needles: NeedleSet, endingAt ends: StreamEnds) {
        (self.needles, self.ends) = (needles, ends)
        redactor?.know(needles, endingAt: ends)
    }

    /// Judges more, as far as that can be told.
    func take(_ bytes: UnsafeRawBufferPointer) {
        if unsafe bytes.isEmpty { return }
        if redactor == nil {
            let members = MemberWatch(needles, endingAt: ends, opening: opener, isRead: isRead, limits, within: allowance)
            redactor = Redactor(needles, mode: .agent, endingAt: ends, members: members)
        }
        byteCount += Int64(bytes.count)
        unsafe redactor?.redact(bytes.bytes, into: &output)
        forget()
    }

    /// Judges all, but for members that have not ended. At such an edge a long beginning of a value is one; the next member may bring the rest of a shorter one.
    func idle() {
        redactor?.idle(into: &output)
        forget()
    }

    /// Judges all, as nothing more comes.
    func finish() {
        hasEnded = true
        redactor?.finish(into: &output)
        forget()
    }

    /// Whether members in it decode to so much that there is work left.
    var isBehind: Bool { redactor?.isBehind ?? false }

    /// Does some of it.
    func catchUp(_ byteCount: Int) {
        redactor?.catchUp(byteCount, into: &output)
        forget()
    }

    /// Whether a member in it has not ended.
    var isSearching: Bool { redactor?.isSearching ?? false }

    /// How much is judged of what it took.
    var judgedByteCount: Int64 { redactor?.judgedByteCount ?? 0 }

    /// Nil as long as nothing is found.
    var verdict: MemberSearch.Verdict? { redactor?.memberVerdict }

    private func forget() {
        unsafe output.withUnsafeMutableBytes { unsafe $0.wipe() }
        output.removeAll(keepingCapacity: output.count <= Self.usualByteCount)
    }

    /// What is written at once, unless a member in it was waited for.
    private static let usualByteCount = 64 << 10
}

/// How much a member may decode to, together with the members in it: a few bytes can stand for gigabytes.
final class DecodingAllowance {
    /// That of the member in which it lies.
    private let outer: DecodingAllowance?
    private(set) var decoded = 0
    var most = 0

    init(within outer: DecodingAllowance?) { self.outer = outer }

    /// Begins anew, for the next member.
    func begin(_ most: Int) { (decoded, self.most) = (0, most) }

    /// How much is left, here and further out.
    var left: Int { min(most - decoded, outer?.left ?? .max) }

    var isSpent: Bool { left <= 0 }

    /// Whether the member lies in no other.
    var isOutermost: Bool { outer == nil }

    func take(_ count: Int) {
        decoded += count
        outer?.take(count)
    }

    /// Takes what it costs to begin a member, counted in bytes that could be decoded instead: a few can stand for millions of beginnings, too.
    func takeBeginning() { take(Self.beginning) }

    private static let beginning = 1 << 10
}
