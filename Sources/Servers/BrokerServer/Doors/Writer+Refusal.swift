import Brokering
import Foundation
import NIOCore
import NIOHTTP1
import Secrets

extension NIOAsyncChannelOutboundWriter<AnswerPart> {
    /// Answers in the place of a service, as problem details (RFC 9457).
    func refuse(_ failure: BrokerFailure, _ denial: RequestDenial? = nil, to head: AskedHead) async throws {
        let problem = BrokerProblem(failure, denial)
        let body = try JSONEncoder().encode(problem)
        var fields = [(name: "Content-Type", value: "application/problem+json"), (name: "Tacit-Denied", value: problem.code)]
        if let seconds = denial?.retryAfter { fields.append((name: "Retry-After", value: "\(seconds)")) }
        let answer = AnswerHead(status: problem.status, fields: fields, body: .length(body.count), version: head.version)
        let withoutBody = head.received.method == "HEAD"
        try await write(contentsOf: [.head(answer)] + (withoutBody ? [] : [.body(ByteBuffer(bytes: body))]) + [.end([])])
    }
}

extension NIOAsyncChannelOutboundWriter<AnswerPart> {
    /// Answers a request for the door itself that is none, and no other on its connection.
    func refuse(_ refusal: DoorRefusal, to head: AskedHead) async throws {
        let body = ByteBuffer(string: refusal.body)
        var fields = [
            (name: "Content-Type", value: "application/problem+json"), (name: "Tacit-Denied", value: refusal.code),
            (name: "Connection", value: "close"),
        ]
        if refusal == .unknown { fields.append((name: "Proxy-Authenticate", value: "Basic realm=\"tacit\"")) }
        let answer = AnswerHead(status: Int(refusal.status.code), fields: fields, body: .length(body.readableBytes), version: head.version)
        try await write(contentsOf: [.head(answer)] + (head.received.method == "HEAD" ? [] : [.body(body)]) + [.end([])])
    }
}

/// What a program is told in the place of a reply.
struct BrokerProblem: Encodable {
    var type = "about:blank"
    var title: String
    var status: Int
    var detail: String
    /// The same, where the clients of many services look for it.
    var message: String
    var code: String
    var rule: String?
    var nextStep: String?

    init(_ failure: BrokerFailure, _ denial: RequestDenial?) {
        (title, status) = ("Tacit did not pass this request on", denial?.retryAfter == nil ? failure.status : 429)
        detail = denial?.message ?? failure.message
        (message, code) = (detail, denial?.code ?? failure.code)
        (rule, nextStep) = (denial?.rule, denial?.nextStep ?? failure.hint)
    }

    enum CodingKeys: String, CodingKey {
        case type, title, status, detail, message, code, rule
        case nextStep = "next_step"
    }
}

extension BrokerFailure {
    fileprivate var status: Int {
        switch self {
        case .refused, .address, .revoked: 403
        case .stopped(.bodyTooLong): 413
        case .stopped: 400
        case .unresolved, .unreachable, .untrusted, .cut, .reply: 502
        case .timeout: 504
        case .overAllowance: 429
        case .unavailable: 503
        }
    }
}
