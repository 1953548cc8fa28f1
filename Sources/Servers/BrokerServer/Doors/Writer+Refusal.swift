import Foundation
import NIOCore
import NIOHTTP1
import Secrets

extension NIOAsyncChannelOutboundWriter<HTTPServerResponsePart> {
    /// Tells a client that waits for it to send its body.
    func tellToGoOn() async throws { try await write(.head(HTTPResponseHead(version: .http1_1, status: .continue))) }

    /// Answers in the place of a service, as problem details (RFC 9457).
    func refuse(_ failure: BrokerFailure, _ denial: RequestDenial? = nil, withBody: Bool = true) async throws {
        let status = failure.status
        let problem = BrokerProblem(
            title: "Tacit did not pass this request on", status: Int(status.code), detail: denial?.message ?? failure.message,
            code: denial?.code ?? failure.code, rule: denial?.rule, nextStep: denial?.nextStep ?? failure.hint)
        let body = try JSONEncoder().encode(problem)
        let headers: HTTPHeaders = [
            "Content-Type": "application/problem+json", "Content-Length": "\(body.count)", "Tacit-Denied": problem.code,
        ]
        try await write(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers)))
        if withBody { try await write(.body(.byteBuffer(ByteBuffer(bytes: body)))) }
        try await write(.end(nil))
    }
}

private struct BrokerProblem: Encodable {
    var type = "about:blank"
    var title: String
    var status: Int
    var detail: String
    var code: String
    var rule: String?
    var nextStep: String?

    enum CodingKeys: String, CodingKey {
        case type, title, status, detail, code, rule
        case nextStep = "next_step"
    }
}

extension BrokerFailure {
    fileprivate var status: HTTPResponseStatus {
        switch self {
        case .refused, .address: .forbidden
        case .stopped: .badRequest
        case .unresolved, .unreachable, .untrusted, .cut, .reply: .badGateway
        case .timeout: .gatewayTimeout
        case .unavailable: .serviceUnavailable
        }
    }
}
