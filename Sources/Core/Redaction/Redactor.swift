/// Replaces known values in one byte stream, as it flows.
///
/// Any chunking of the stream gives the same output. What may be the beginning of a value is held until the rest tells, at most as long as
/// the longest spelling of a value. Of spellings that begin at one place the longest counts; those that overlap are all hidden; what has
/// been written is never scanned again. One redactor serves one stream and has one owner.
package struct Redactor: ~Copyable, Sendable {
    /// Who reads the output: it decides what becomes of the beginning of a value at the stream's edge.
    package enum Mode: Sendable {
        /// It is shown: a person may be waiting for this very prompt.
        case person
        /// It is hidden from `edgeByteCount` bytes on; a shorter one is shown, so that holding it back tells nothing.
        case agent
    }

    /// The shortest beginning of a value that is hidden at the edge of an agent's stream, counted from where it stops being everybody's: otherwise a
    /// value with a well-known first line could be guessed letter by letter.
    package static let edgeByteCount = 16
    /// How much is taken in at once, so that memory does not grow with the caller's chunks.
    private static let sliceByteCount = 32 << 10

    private let needles: NeedleSet
    private let mode: Mode
    private let ends: StreamEnds
    private let answers: AnswerBook?
    private var held = HeldBytes()
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
    private var memberStart: Int64?
    private var streamEnd: StreamEnd?
    private var answered: Set<Int> = []

    /// A stream that ends at one of `ends`, or when `answers` are spent, is passed on no further, and the report says so.
    package init(_ needles: NeedleSet, mode: Mode, endingAt ends: StreamEnds = [], answers: AnswerBook? = nil) {
        self.needles = needles
        self.mode = mode
        self.ends = ends
        self.answers = answers
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
                if held.count >= patience { advance(into: &output) }
                start = end
            }
        }
    }

    /// Appends what is held, because the stream pauses. What comes next is still seen together with it.
    package mutating func idle(into output: inout [UInt8]) {
        guard written < held.count else { return }
        let open = place
        judge(isEdge: true, into: &output)
        if streamEnd == nil { place = open }
        forget()
    }

    /// Appends what is held, because the stream ends.
    package mutating func finish(into output: inout [UInt8]) {
        judge(isEdge: true, into: &output)
        forget()
    }

    /// What has been done so far.
    package var report: RedactionReport {
        let counts = counts.map { label, count in
            RedactionReport.Count(name: needles.names[label.name], view: label.view.rawValue, count: count)
        }
        let unscanned = memberStart.map { [RedactionReport.Unscanned(reason: "compressed", bytes: bytesScanned - $0)] }
        return RedactionReport(
            counts: counts.sorted { ($0.name, $0.view) < ($1.name, $1.view) }, bytesScanned: bytesScanned, unscanned: unscanned ?? [],
            withheld: streamEnd?.withheld(needles.names), answered: answered.map { needles.names[$0] }.sorted())
    }

    private mutating func advance(into output: inout [UInt8]) {
        judge(isEdge: false, into: &output)
        forget()
        // A place is judged anew from its start: waiting for an eighth more keeps the work in proportion to the stream.
        patience = held.count + held.count / 8
    }

    /// Judges place after place and writes what is settled; stops at the first open one, or at the text's end when that is the stream's edge.
    private mutating func judge(isEdge: Bool, into output: inout [UInt8]) {
        let text = held.lent
        if streamEnd == nil, answers?.isSpent == true { streamEnd = StreamEnd(reason: .fuse, start: written) }
        guard streamEnd == nil else { return withholdRest(of: text) }
        var end = text.count
        needles.withLexicon { lexicon in
            var lookout = Lookout(lexicon, on: text, from: place)
            while let (place, hints) = lookout.next() {
                let finding = lexicon.finding(at: place, hints, in: text)
                guard isEdge || !finding.isOpen else {
                    end = place
                    break
                }
                let match = chosen(from: finding, isEdge: isEdge)
                streamEnd = ends.end(at: place, finding, match, needles)
                if let streamEnd {
                    if let name = streamEnd.name { answer(name) }
                    end = streamEnd.start
                    break
                }
                if finding.beginsMember, memberStart == nil { memberStart = bytesScanned - Int64(text.count - place) }
                if let match { hide(match, isFragment: match.end > finding.match?.end ?? match.start, in: text, into: &output) }
            }
        }
        place = end
        write(upTo: end, of: text, into: &output)
        if streamEnd != nil { withholdRest(of: text) }
    }

    private mutating func withholdRest(of text: LentBytes) {
        withhold(text.count - written)
        (place, written) = (text.count, text.count)
    }

    /// Notes that an agent reads off here that a guess was right.
    private mutating func answer(_ name: Int) {
        guard mode == .agent else { return }
        answered.insert(name)
        answers?.take(needles.names[name])
    }

    private mutating func withhold(_ count: Int) { streamEnd?.byteCount += Int64(count) }

    /// The match that a finding leads to: at an agent's edge it may be a fragment.
    private func chosen(from finding: Finding, isEdge: Bool) -> Match? {
        guard isEdge, mode == .agent, let fragment = finding.fragment, fragment.byteCount >= Self.edgeByteCount else { return finding.match }
        return fragment.match
    }

    private mutating func hide(_ match: Match, isFragment: Bool, in text: LentBytes, into output: inout [UInt8]) {
        guard match.end > written else { return }
        let goesOn = match.label == lastLabel && match.start < hiddenEnd && hiddenEnd == written
        write(upTo: match.start, of: text, into: &output)
        if !goesOn {
            output.append(contentsOf: placeholder(match.label).utf8)
            counts[match.label, default: 0] += 1
            if isFragment || needles.areGuessable[match.label.name] { answer(match.label.name) }
        }
        (written, hiddenEnd, lastLabel) = (match.end, match.end, match.label)
    }

    private mutating func write(upTo end: Int, of text: LentBytes, into output: inout [UInt8]) {
        guard end > written else { return }
        text.append(to: &output, written..<end)
        written = end
    }

    private func placeholder(_ label: Match.Label) -> String {
        let name = needles.names[label.name]
        return label.view == .raw ? "[REDACTED:\(name)]" : "[REDACTED:\(name):\(label.view.rawValue)]"
    }

    /// Lets go of the bytes that are judged and written.
    private mutating func forget() {
        let settled = min(place, written)
        held.removeFirst(settled)
        (place, written, hiddenEnd) = (place - settled, written - settled, hiddenEnd - settled)
        patience = 0
    }
}
