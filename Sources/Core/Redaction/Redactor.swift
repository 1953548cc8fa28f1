private import CLetters

/// Replaces known values in one byte stream, as it flows.
///
/// Any chunking of the stream gives the same output, but for one encoding in another that a person's stream cuts within its first sixteen digits. What may be the beginning of a value is held until the rest tells, at most as long as
/// the longest spelling of a value. Of spellings that begin at one place the longest counts; those that overlap are all hidden; what has
/// been written is never scanned again. One redactor serves one stream and has one owner.
package struct Redactor: ~Copyable, Sendable {
    /// Who reads the output: it decides what becomes of the beginning of a value at the stream's edge.
    package enum Mode: Sendable {
        /// It is shown: a person may be waiting for this very prompt. Nor does a word that could begin a row of digits wait: it may be what they type.
        case person
        /// It is hidden from `edgeByteCount` bytes on; a shorter one is shown, so that holding it back tells nothing.
        case agent
    }

    /// The shortest beginning of a value that is hidden at the edge of an agent's stream, counted from where it stops being everybody's: otherwise a
    /// value with a well-known first line could be guessed letter by letter.
    package static let edgeByteCount = 16
    /// How many bytes that have been judged are kept, because what follows them may be known by them.
    private static let lookBehind = max(MemberMark.longestBefore, HexReader.lookBehind, EntryHeader.byteCount)
    /// How much is taken in at once, so that memory does not grow with the caller's chunks.
    private static let sliceByteCount = 64 << 10

    private var needles: NeedleSet
    private let mode: Mode
    private var ends: StreamEnds
    private let answers: AnswerBook?
    private var members: MemberWatch
    private var held = HeldBytes()
    private var skeleton = Skeleton()
    /// The first place, within the held bytes, that has not been judged.
    private var place = 0
    /// The held bytes before this have been written, or hidden.
    private var written = 0
    /// Where the last placeholder's bytes end, and what it says.
    private var hiddenEnd = 0
    private var lastLabel: Match.Label?
    /// How many held bytes there must be before an open place is judged again.
    private var patience = 0
    private var counts: [Match.Label: Int] = [:]
    private var bytesScanned: Int64 = 0
    private var streamEnd: StreamEnd?
    private var answered: Set<String> = []
    /// What was found with other needles before.
    private var earlier: (counts: [RedactionReport.Count], answered: [String]) = ([], [])
    private var hasEnded = false

    /// A stream that ends at one of `ends`, or when `answers` are spent, is passed on no further, and the report says so.
    ///
    /// Compressed members are searched where there is an `opener`; at one that holds a value the stream ends. Where nobody reads the output
    /// (`isRead`), hardly anything waits for that.
    package init(
        _ needles: NeedleSet, mode: Mode, endingAt ends: StreamEnds = [], answers: AnswerBook? = nil, opening opener: (any MemberOpener)? = nil,
        isRead: Bool = true, _ limits: MemberLimits = MemberLimits()
    ) {
        let members = MemberWatch(needles, endingAt: ends, opening: opener, isRead: isRead, limits)
        self.init(needles, mode: mode, endingAt: ends, answers: answers, members: members)
    }

    init(_ needles: NeedleSet, mode: Mode, endingAt ends: StreamEnds, answers: AnswerBook? = nil, members: consuming MemberWatch) {
        self.needles = needles
        self.mode = mode
        self.ends = ends
        self.answers = answers
        self.members = members
    }

    /// Goes on with other needles, and other ends, from the first place that has not been judged: nothing of the stream is let go for that, and what was judged stays so.
    /// So is it with what compressed members decode to.
    package mutating func know(_ needles: NeedleSet, endingAt ends: StreamEnds) {
        guard streamEnd == nil else { return }
        let report = report
        earlier = (report.counts, report.answered)
        (counts, answered, lastLabel, patience) = ([:], [], nil, 0)
        (self.needles, self.ends) = (needles, ends)
        members.know(needles, endingAt: ends)
    }

    /// Takes the next bytes of the stream and appends what can be said of them.
    package mutating func redact(_ input: RawSpan, into output: inout [UInt8]) {
        unsafe input.withUnsafeBytes { bytes in
            var start = 0
            while start < bytes.count {
                guard streamEnd == nil else { return withhold(bytes.count - start) }
                let end = min(start + Self.sliceByteCount, bytes.count)
                unsafe held.append(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
                bytesScanned += Int64(end - start)
                if held.count >= patience { advance(decoding: end - start, into: &output) }
                start = end
            }
        }
    }

    /// Appends what is held, because the stream pauses. What comes next is still seen together with it.
    package mutating func idle(into output: inout [UInt8]) {
        guard written < held.count else { return }
        let open = place
        judge(isEdge: true, decoding: 1, into: &output)
        if streamEnd == nil { place = open }
        forget()
    }

    /// Whether some of what it took is neither passed on nor hidden yet.
    package var isHolding: Bool { written < held.count }

    /// How many bytes of the stream it holds now. They have a bound that the stream's length is no part of.
    package var heldByteCount: Int { held.count }

    /// Whether the stream came to its end here: nothing more is passed on, and the report says why.
    package var hasStopped: Bool { streamEnd != nil }

    /// Whether a member decodes to so much that there is work left; more input only adds to it.
    package var isBehind: Bool { streamEnd == nil && members.isBehind }

    /// Does some of the work that is left: about as much as `byteCount` decoded bytes make.
    package mutating func catchUp(_ byteCount: Int, into output: inout [UInt8]) {
        if hasEnded { finish(decoding: byteCount, into: &output) } else { advance(decoding: byteCount, into: &output) }
    }

    /// Appends what is held, because the stream ends; where members are opened, all of it once nothing is left to catch up with.
    package mutating func finish(into output: inout [UInt8]) {
        hasEnded = true
        finish(decoding: 1, into: &output)
    }

    private mutating func finish(decoding budget: Int, into output: inout [UInt8]) {
        judge(isEdge: true, isEnd: true, decoding: budget, into: &output)
        forget()
    }

    /// What has been done so far.
    package var report: RedactionReport {
        let counts = counts.map { label, count in
            RedactionReport.Count(name: needles.names[label.name], view: label.form, count: count)
        }
        let unscanned = members.unscannedStart.map { [RedactionReport.Unscanned(reason: "compressed", bytes: bytesScanned - $0)] }
        return RedactionReport(
            counts: (earlier.counts + counts).sorted { ($0.name, $0.view) < ($1.name, $1.view) }, bytesScanned: bytesScanned,
            unscanned: unscanned ?? [],
            withheld: streamEnd?.withheld, answered: answered.union(earlier.answered).sorted())
    }

    /// What is to be said of a compressed member that decodes to this stream; nil as long as nothing was found.
    var memberVerdict: MemberSearch.Verdict? {
        if let streamEnd, streamEnd.reason != .compressed || streamEnd.name != nil { return .found(hit(streamEnd.reason, streamEnd.name)) }
        if let name = counts.keys.map({ needles.names[$0.name] }).min() { return .found(hit(.compressed, name)) }
        return streamEnd == nil && members.unscannedStart == nil ? nil : .unsearchable
    }

    /// Whether a member is being read.
    var isSearching: Bool { members.isSearching }

    /// How many bytes of the stream are judged and may be seen, or are hidden.
    var judgedByteCount: Int64 { bytesScanned - Int64(held.count - written) }

    private func hit(_ reason: RedactionReport.Withheld.Reason, _ name: String?) -> MemberHit {
        MemberHit(reason: reason, name: name, answered: answered.sorted())
    }

    private mutating func advance(decoding budget: Int, into output: inout [UInt8]) {
        judge(isEdge: false, decoding: budget, into: &output)
        forget()
        // A place is judged anew from its start: waiting for an eighth more keeps the work in proportion to the stream.
        patience = members.isSearching ? 0 : held.count + held.count / 8
    }

    /// Judges place after place and writes what is settled; stops at the first open one, at what ends the stream, or at the text's end when that is the
    /// stream's edge.
    private mutating func judge(isEdge: Bool, isEnd: Bool = false, decoding budget: Int, into output: inout [UInt8]) {
        guard streamEnd == nil else { return }
        // What is being searched may be a value, and whoever reads this stack later is to find none.
        defer { tacit_letters_forget() }
        let text = held.lent
        if answers?.isSpent == true {
            streamEnd = StreamEnd(reason: .fuse, start: written)
            return withholdRest(of: text)
        }
        var end = text.count
        let offset = bytesScanned - Int64(text.count)
        guard !members.holdsUp(text, from: place, at: offset, isEnd: isEnd, decoding: budget) else { return }
        needles.withLexicon { lexicon in
            skeleton.read(text, from: place, at: offset, lexicon)
            let layers = Layers(
                of: text, skeleton, at: offset, from: place, isEdge: isEdge, waitsForShortRows: mode == .agent, lexicon)
            end = members.stop(in: text, skeleton, at: offset, isEdge: isEdge, isEnd: isEnd) ?? text.count
            if !isEdge { end = min(end, layers.open, members.openStart(in: text, from: place) ?? text.count) }
            var deeper = Deeper(layers, isEdge: isEdge && looksForFragments)
            var lookout = Lookout(lexicon, on: text, from: place, skeleton)
            while streamEnd == nil, let place = lookout.next(), place < end {
                let finding = lexicon.finding(at: place, in: text, isEdge: isEdge, isOuter: true)
                guard isEdge || !finding.isOpen else {
                    end = place
                    break
                }
                for match in deeper.before(place) { take(match, in: text, into: &output) }
                let own = chosen(from: finding, isEdge: isEdge)
                if let match = deeper.longer(than: own, at: place) { take(match, in: text, into: &output) }
            }
            for match in deeper.before(end) { take(match, in: text, into: &output) }
            if let streamEnd { end = streamEnd.start }
            if let hit = members.pass(offset + Int64(end)), streamEnd == nil {
                streamEnd = StreamEnd(reason: hit.reason, name: hit.name, start: max(end, written))
                for name in hit.answered { answer(about: name) }
            }
        }
        skeleton.forget()
        place = end
        write(upTo: end, of: text, into: &output)
        if streamEnd != nil { withholdRest(of: text) }
    }

    /// Hides a match, or ends the stream before it. After the end nothing is taken.
    private mutating func take(_ match: Match, in text: LentBytes, into output: inout [UInt8]) {
        guard streamEnd == nil, match.end > written else { return }
        streamEnd = ends.end(at: max(match.start, written), match, needles)
        if streamEnd == nil, ends.leaves(match, needles) { return }
        if streamEnd == nil { hide(match, in: text, into: &output) } else { answer(match.label.name) }
    }

    /// What is not passed on does not count as scanned, so that where the stream was cut into chunks makes no difference.
    private mutating func withholdRest(of text: LentBytes) {
        let rest = text.count - written
        bytesScanned -= Int64(rest)
        withhold(rest)
        (place, written) = (text.count, text.count)
    }

    /// Notes that an agent reads off here that a guess was right.
    private mutating func answer(_ name: Int) {
        guard mode == .agent, !needles.areTokens[name] else { return }
        answer(about: needles.names[name])
    }

    private mutating func answer(about name: String) {
        answered.insert(name)
        answers?.take(name)
    }

    private mutating func withhold(_ count: Int) { streamEnd?.byteCount += Int64(count) }

    /// Whether the beginning of a value at an edge counts. What ends at a value does not end at its beginning: that would tell whoever sends it that a guess was right.
    private var looksForFragments: Bool { mode == .agent && !ends.contains(.value) }

    /// The match that a finding leads to: at an agent's edge it may be a fragment.
    private func chosen(from finding: Finding, isEdge: Bool) -> Match? {
        guard isEdge, looksForFragments, let fragment = finding.fragment, fragment.byteCount >= Self.edgeByteCount else { return finding.match }
        return fragment.match.asFragment(beside: finding.match)
    }

    private mutating func hide(_ match: Match, in text: LentBytes, into output: inout [UInt8]) {
        let goesOn = match.label.name == lastLabel?.name && match.start < hiddenEnd && hiddenEnd == written
        write(upTo: match.start, of: text, into: &output)
        if !goesOn {
            output.append(contentsOf: placeholder(match).utf8)
            counts[match.label, default: 0] += 1
            // More of the same beginning is no answer of its own: it says only how far the text goes on being right, and what is wrong is shown.
            if match.isFragment || needles.areGuessable[match.label.name] { answer(match.label.name) }
        }
        // Of a beginning the line breaks are shown that the text ends with: whoever reads lines, or events, waits for them.
        let end = match.isFragment ? text.end(beforeLineBreaksAt: match.end) : match.end
        (written, hiddenEnd, lastLabel) = (max(end, written), match.end, match.label)
    }

    private mutating func write(upTo end: Int, of text: LentBytes, into output: inout [UInt8]) {
        guard end > written else { return }
        text.append(to: &output, written..<end)
        written = end
    }

    private func placeholder(_ match: Match) -> String {
        let label = match.label
        let name = needles.names[label.name]
        guard label.outer == nil, label.view == .raw else { return "[REDACTED:\(name):\(label.form)]" }
        guard let standIn = needles.standIns[label.name], !match.isFragment else { return "[REDACTED:\(name)]" }
        return standIn
    }

    /// Lets go of the bytes that are judged and written, but for those by which what follows may be known.
    private mutating func forget() {
        let settled = max(min(place, written) - Self.lookBehind, 0)
        held.removeFirst(settled)
        (place, written, hiddenEnd) = (place - settled, written - settled, hiddenEnd - settled)
        patience = 0
    }
}
