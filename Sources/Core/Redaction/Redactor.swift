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
    private static let lookBehind = max(MemberMark.longestBefore, HexReader.lookBehind)
    /// How much is taken in at once, so that memory does not grow with the caller's chunks.
    private static let sliceByteCount = 64 << 10

    private let needles: NeedleSet
    private let mode: Mode
    private let ends: StreamEnds
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
    private var memberStart: Int64?
    private var streamEnd: StreamEnd?

    /// A stream that ends at one of `ends` is passed on no further, and the report says so.
    package init(_ needles: NeedleSet, mode: Mode, endingAt ends: StreamEnds = []) {
        self.needles = needles
        self.mode = mode
        self.ends = ends
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
            RedactionReport.Count(name: needles.names[label.name], view: label.form, count: count)
        }
        let unscanned = memberStart.map { [RedactionReport.Unscanned(reason: "compressed", bytes: bytesScanned - $0)] }
        return RedactionReport(
            counts: counts.sorted { ($0.name, $0.view) < ($1.name, $1.view) }, bytesScanned: bytesScanned, unscanned: unscanned ?? [],
            withheld: streamEnd.map { .init(reason: $0.reason, name: $0.name, bytes: $0.byteCount) })
    }

    private mutating func advance(into output: inout [UInt8]) {
        judge(isEdge: false, into: &output)
        forget()
        // A place is judged anew from its start: waiting for an eighth more keeps the work in proportion to the stream.
        patience = held.count + held.count / 8
    }

    /// Judges place after place and writes what is settled; stops at the first open one, at what ends the stream, or at the text's end when that is the
    /// stream's edge.
    private mutating func judge(isEdge: Bool, into output: inout [UInt8]) {
        guard streamEnd == nil else { return }
        let text = held.lent
        var end = text.count
        let offset = bytesScanned - Int64(text.count)
        needles.withLexicon { lexicon in
            skeleton.read(text, from: place, at: offset, lexicon)
            let layers = Layers(
                of: text, skeleton, at: offset, from: place, isEdge: isEdge, waitsForShortRows: mode == .agent, lexicon)
            let member = memberThatEnds(text)
            end = member ?? text.count
            if !isEdge { end = min(end, layers.open, openMember(of: text) ?? text.count) }
            var deeper = Deeper(layers, isEdge: isEdge && mode == .agent)
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
            if streamEnd == nil, let member, member == end { streamEnd = StreamEnd(reason: .compressed, start: max(member, written)) }
            if let streamEnd { end = streamEnd.start }
            noteMember(before: end, in: text, at: offset)
        }
        skeleton.forget()
        place = end
        write(upTo: end, of: text, into: &output)
        if streamEnd != nil { withholdRest(of: text) }
    }

    /// Where the first compressed member begins, for a stream that ends there.
    private func memberThatEnds(_ text: LentBytes) -> Int? {
        guard ends.contains(.compressed), let last = skeleton.members.first else { return nil }
        return MemberMark.start(endingAt: last, in: text)
    }

    /// Where the mark of a member may have begun that the text's end cuts, for a stream that ends there.
    private func openMember(of text: LentBytes) -> Int? {
        ends.contains(.compressed) ? MemberMark.openStart(in: text, from: place) : nil
    }

    private mutating func noteMember(before end: Int, in text: LentBytes, at offset: Int64) {
        guard memberStart == nil, let last = skeleton.members.first, last < end else { return }
        memberStart = offset + Int64(MemberMark.start(endingAt: last, in: text))
    }

    /// Hides a match, or ends the stream before it. After the end nothing is taken.
    private mutating func take(_ match: Match, in text: LentBytes, into output: inout [UInt8]) {
        guard streamEnd == nil, match.end > written else { return }
        streamEnd = ends.end(at: max(match.start, written), match, needles)
        if streamEnd == nil { hide(match, in: text, into: &output) }
    }

    /// What is not passed on does not count as scanned, so that where the stream was cut into chunks makes no difference.
    private mutating func withholdRest(of text: LentBytes) {
        let rest = text.count - written
        bytesScanned -= Int64(rest)
        withhold(rest)
        (place, written) = (text.count, text.count)
    }

    private mutating func withhold(_ count: Int) { streamEnd?.byteCount += Int64(count) }

    /// The match that a finding leads to: at an agent's edge it may be a fragment.
    private func chosen(from finding: Finding, isEdge: Bool) -> Match? {
        guard isEdge, mode == .agent, let fragment = finding.fragment, fragment.byteCount >= Self.edgeByteCount else { return finding.match }
        return fragment.match
    }

    private mutating func hide(_ match: Match, in text: LentBytes, into output: inout [UInt8]) {
        let goesOn = match.label.name == lastLabel?.name && match.start < hiddenEnd && hiddenEnd == written
        write(upTo: match.start, of: text, into: &output)
        if !goesOn {
            output.append(contentsOf: placeholder(match.label).utf8)
            counts[match.label, default: 0] += 1
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
        return label.outer == nil && label.view == .raw ? "[REDACTED:\(name)]" : "[REDACTED:\(name):\(label.form)]"
    }

    /// Lets go of the bytes that are judged and written, but for those by which what follows may be known.
    private mutating func forget() {
        let settled = max(min(place, written) - Self.lookBehind, 0)
        held.removeFirst(settled)
        (place, written, hiddenEnd) = (place - settled, written - settled, hiddenEnd - settled)
        patience = 0
    }
}
