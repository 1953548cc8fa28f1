import Redaction
import TacitWire

/// What of an agent's run was judged and has not left yet.
///
/// The keeper counts what it answers, for all runs of the agent at once, and says whether it may go. It is asked each time, whether anything was answered or
/// not: so neither that it was asked nor how long it took tells anything, and once a fuse has blown what answers a guess and what does not are withheld alike.
final class Departures {
    private struct Part {
        var kind: RunFrame.Kind
        var bytes: [UInt8]
        /// Of its stream, up to here and perhaps a little further.
        var report: RedactionReport
    }

    let answers: AnswerBook
    /// What was judged since the keeper was asked.
    private var next: [Part] = []
    /// What it was asked about; nil while it has answered all.
    private var asked: [Part]?
    /// The report of what left of each stream.
    private var reports: [RunFrame.Kind: RedactionReport] = [:]
    /// Whether the last thing that was asked about may not leave, though others may.
    private(set) var isRefused = false
    /// Whether nothing may leave any more.
    private(set) var areOver = false
    /// How many bytes wait.
    private(set) var byteCount = 0

    init(_ answers: AnswerBook) { self.answers = answers }

    /// Whether the keeper is yet to answer.
    var isWaiting: Bool { asked != nil }

    /// Takes what was judged of a stream.
    func add(_ bytes: ArraySlice<UInt8>, of kind: RunFrame.Kind, _ report: RedactionReport) {
        guard !areOver else { return }
        next.append(Part(kind: kind, bytes: Array(bytes), report: report))
        byteCount += bytes.count
    }

    /// Asks about all that waits, once what was asked before is answered.
    func ask(on outgoing: inout [UInt8]) {
        if !next.isEmpty { ask(aboutFileWith: [], on: &outgoing) }
    }

    /// Asks about a file, with the texts in it that could be fake tokens, and about all that waits.
    func ask(aboutFileWith candidates: [[UInt8]], on outgoing: inout [UInt8]) {
        guard asked == nil, !areOver else { return }
        for text in candidates { RunFrame.candidate(text).encode(into: &outgoing) }
        for name in answers.takeNew() { RunFrame.answered(Array(name.utf8)).encode(into: &outgoing) }
        RunFrame.mayLeave.encode(into: &outgoing)
        (asked, next) = (next, [])
    }

    /// Takes the keeper's answer; false where it is none, or where nobody asked.
    func hear(_ answer: RunFrame, on outgoing: inout [UInt8]) -> Bool {
        guard let parts = asked, answer == .leave || answer == .refuse || answer == .withhold else { return false }
        asked = nil
        isRefused = answer == .refuse
        guard answer != .withhold else {
            answers.spend()
            (areOver, next, byteCount) = (true, [], 0)
            return true
        }
        for part in parts {
            RunFrame.append(part.kind, part.bytes[...], to: &outgoing)
            reports[part.kind] = part.report
            byteCount -= part.bytes.count
        }
        ask(on: &outgoing)
        return true
    }

    /// What may be told of a stream: where something was withheld, nothing that was found in it, nor how much of it was searched.
    func told(_ report: RedactionReport, of kind: RunFrame.Kind) -> RedactionReport {
        guard areOver else { return report }
        var left = reports[kind] ?? RedactionReport()
        let rest = report.bytesScanned + (report.withheld?.bytes ?? 0) - left.bytesScanned
        if rest > 0 { left.withheld = .init(reason: left.withheld?.reason ?? .fuse, name: left.withheld?.name, bytes: rest) }
        return left
    }
}
