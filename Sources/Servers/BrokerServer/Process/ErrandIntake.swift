import Brokering
import HTTPTypes
import NIOCore
import Redaction
import Secrets

/// Takes the reply to an errand, part by part, and keeps what the agent may see of it.
final class ErrandIntake {
    private let mostBytes: Int
    private let broker: BrokerParts
    private let tally: RequestTally
    private let answers: AnswerBook
    private let origin: Brokering.Origin
    private let passesUnscanned: Bool
    private var reply: ErrandReply?
    private var body: ReplyBody?

    init(keeping mostBytes: Int, from origin: Brokering.Origin, _ broker: BrokerParts, _ tally: RequestTally, passing passesUnscanned: Bool) {
        (self.mostBytes, self.broker, self.tally) = (min(mostBytes, ControlMessage.mostBodyBytes), broker, tally)
        (self.origin, self.passesUnscanned) = (origin, passesUnscanned)
        answers = broker.values.answers
    }

    /// The reply, once it is whole or as much of it as is kept.
    func take(_ part: ReplyPart) throws(BrokerFailure) -> ErrandReply? {
        switch part {
        case .interim: return nil
        case .head(let judged): return try begin(judged)
        case .body(let bytes): return try take(bytes)
        case .end: return try end()
        }
    }

    /// The reply, of which all is there.
    func take(_ whole: ReplySealer.Whole) throws(BrokerFailure) -> ErrandReply {
        if let reply = try begin(whole.head) { return reply }
        try feed(whole.body)
        guard let reply = try end() else { throw .reply(.framing) }
        return reply
    }

    private func begin(_ judged: JudgedReply) throws(BrokerFailure) -> ErrandReply? {
        tally.answered(judged.status)
        let fields = ReplyFields(judged.fields.kept, broker.values.needles.needles, answers)
        tally.redacted(fields.redactions)
        var reply = ErrandReply(status: judged.status, fields: fields.fields, body: [], redactions: fields.redactions)
        reply.withheld = fields.withheld
        guard reply.withheld == nil else { return reply }
        guard let body = ReplyBody(judged.coding, from: origin, broker.values, broker.opener, passing: passesUnscanned) else { throw .reply(.coding) }
        self.body = consume body
        self.reply = reply
        return nil
    }

    private func take(_ bytes: ByteBuffer) throws(BrokerFailure) -> ErrandReply? {
        guard reply != nil, body != nil else { throw .reply(.framing) }
        try tally.received(bytes.readableBytes)
        try feed(Array(buffer: bytes))
        return isFull ? finished() : nil
    }

    private func feed(_ bytes: [UInt8]) throws(BrokerFailure) {
        var (output, start) = ([UInt8](), 0)
        // Of what is unpacked and not kept no more is unpacked.
        repeat {
            var taken: Int?
            do throws(ReplyRefusal) {
                taken = unsafe try body?.take(bytes.span.bytes.extracting(start..<bytes.count), into: &output)
            } catch { throw .reply(error) }
            keep(output)
            output.removeAll(keepingCapacity: true)
            guard let taken else { return }
            start += taken
        } while !isFull
    }

    private func end() throws(BrokerFailure) -> ErrandReply? {
        guard reply != nil, body != nil else { return nil }
        var output: [UInt8] = []
        do throws(ReplyRefusal) { try body?.finish(into: &output) } catch { throw .reply(error) }
        keep(output)
        return finished()
    }

    /// The end of a stream is cut where it was redacted, so that where an agent has it cut tells nothing.
    private func keep(_ output: [UInt8]) { reply?.body += output }

    private var isFull: Bool { (reply?.body.count ?? 0) > mostBytes || body?.hasStopped == true }

    private func finished() -> ErrandReply? {
        guard let report = body?.report, var reply else { return nil }
        tally.redacted(report.counts)
        reply.redactions += report.counts
        reply.withheld = report.withheld?.reason
        if reply.body.count > mostBytes {
            reply.body.removeLast(reply.body.count - mostBytes)
            reply.isTruncated = true
        }
        return reply
    }
}

extension HTTPFields {
    /// Without what is a credential of its own: it would be the agent's, and in nobody's vault.
    fileprivate var kept: HTTPFields {
        var fields = self
        for name in [HTTPField.Name.setCookie, .authorization] { fields[values: name] = [] }
        return fields
    }
}
