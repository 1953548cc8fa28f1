import HTTPTypes
import Redaction

/// The fields of a reply, each searched for values by itself.
struct ReplyFields: Sendable {
    private(set) var fields: [(name: String, value: String)] = []
    private(set) var redactions: [RedactionReport.Count] = []
    /// Why nothing of the reply may be seen; nil when it may.
    private(set) var withheld: RedactionReport.Withheld.Reason?

    init(_ received: HTTPFields, _ needles: NeedleSet, _ answers: AnswerBook) {
        for field in received {
            let value = search(unsafe field.withUnsafeBytesOfValue { unsafe Array($0) }, needles, answers)
            let name = search(Array(field.name.rawName.utf8), needles, answers)
            guard withheld == nil else { break }
            fields.append((name, value))
        }
        if withheld != nil { fields = [] }
    }

    private mutating func search(_ text: [UInt8], _ needles: NeedleSet, _ answers: AnswerBook) -> String {
        guard !needles.isTooShort(text) else { return String(decoding: text, as: UTF8.self) }
        var redactor = Redactor(needles, mode: .agent, endingAt: [.compressed, .guessable], answers: answers)
        var output: [UInt8] = []
        unsafe redactor.redact(text.span.bytes, into: &output)
        redactor.finish(into: &output)
        let report = redactor.report
        redactions += report.counts
        if let reason = report.withheld?.reason { withheld = reason }
        return String(decoding: output, as: UTF8.self)
    }
}
