import Brokering
import Model
import Redaction
import Secrets

extension Errand {
    func write(to writer: inout CanonicalWriter) {
        writer.write("\(origin)")
        writer.write(head.method)
        writer.write(head.target)
        writer.write(list: head.fields) { writer, field in
            writer.write(field.name)
            writer.write(field.value)
        }
        writer.write(body)
        writer.write(list: tokens.sorted { $0.key < $1.key }) { writer, token in
            writer.write(token.key)
            writer.write(token.value.text)
        }
        writer.write(allowsEncodedSlash)
        writer.write(mayStandInBody)
        writer.write(timeout)
        writer.write(mostBytes)
    }

    /// A head is always one of HTTP/1.1: that is how a keeper makes them.
    init(decoding reader: inout CanonicalReader) throws(CanonicalError) {
        let url = try reader.text()
        guard let origin = try? Brokering.Origin(url: url) else { throw .malformed }
        let head = ReceivedHead(
            version: .http1_1, method: try reader.text(), target: try reader.data(),
            fields: try reader.list { reader throws(CanonicalError) in .init(try reader.text(), try reader.data()) })
        let body = try reader.data()
        let tokens = try reader.list { reader throws(CanonicalError) in (try reader.id(GrantKind.self), FakeToken(text: try reader.text())) }
        let (allowsEncodedSlash, mayStandInBody) = (try reader.flag(), try reader.flag())
        self.init(
            origin: origin, head: head, body: body, tokens: Dictionary(tokens) { first, _ in first }, timeout: try reader.duration(),
            mostBytes: try reader.count())
        (self.allowsEncodedSlash, self.mayStandInBody) = (allowsEncodedSlash, mayStandInBody)
    }
}

extension ErrandReply {
    func write(to writer: inout CanonicalWriter) {
        writer.write(status)
        writer.write(list: fields) { writer, field in
            writer.write(field.name)
            writer.write(field.value)
        }
        writer.write(body)
        writer.write(isTruncated)
        writer.write(list: redactions) { $1.write(to: &$0) }
        writer.write(optional: withheld) { $0.write($1.rawValue) }
    }

    init(decoding reader: inout CanonicalReader) throws(CanonicalError) {
        let status = try reader.count()
        let fields = try reader.list { reader throws(CanonicalError) in (name: try reader.text(), value: try reader.text()) }
        let body = try reader.data()
        let isTruncated = try reader.flag()
        let redactions = try reader.list { reader throws(CanonicalError) in try RedactionReport.Count(decoding: &reader) }
        let withheld = try reader.optional { reader throws(CanonicalError) in
            guard let reason = RedactionReport.Withheld.Reason(rawValue: try reader.text()) else { throw CanonicalError.malformed }
            return reason
        }
        guard (100...599).contains(status), body.count <= ControlMessage.mostBodyBytes else { throw .malformed }
        self.init(status: status, fields: fields, body: body, isTruncated: isTruncated, redactions: redactions, withheld: withheld)
    }
}

extension RequestOutcome {
    /// More names and views than a broker has.
    private static let mostCounts = 4096

    func write(to writer: inout CanonicalWriter) {
        writer.write(result)
        writer.write(optional: status)
        writer.write(bytesSent)
        writer.write(bytesReceived)
        writer.write(duration)
        writer.write(list: redactions) { $1.write(to: &$0) }
        writer.write(list: answers.sorted { $0.key < $1.key }) { writer, answer in
            writer.write(answer.key)
            writer.write(answer.value)
        }
    }

    init(decoding reader: inout CanonicalReader) throws(CanonicalError) {
        let result = try reader.text()
        guard result.isCode else { throw .malformed }
        let status = try reader.optional { reader throws(CanonicalError) in try reader.count() }
        let (sent, received) = (Int64(try reader.count()), Int64(try reader.count()))
        let duration = try reader.duration()
        let redactions = try reader.list { reader throws(CanonicalError) in try RedactionReport.Count(decoding: &reader) }
        let answers = try reader.list { reader throws(CanonicalError) in (try reader.text(), try reader.tally()) }
        guard redactions.count <= Self.mostCounts, answers.count <= Self.mostCounts else { throw .malformed }
        self.init(
            result: result, status: status, bytesSent: sent, bytesReceived: received, duration: duration, redactions: redactions,
            answers: Dictionary(answers) { max($0, $1) })
    }
}

extension RedactionReport.Count {
    fileprivate func write(to writer: inout CanonicalWriter) {
        writer.write(name)
        writer.write(view)
        writer.write(count)
    }

    fileprivate init(decoding reader: inout CanonicalReader) throws(CanonicalError) {
        self.init(name: try reader.text(), view: try reader.text(), count: try reader.tally())
    }
}
