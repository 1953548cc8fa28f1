import Brokering
import HTTPTypes
import NIOCore
import NIOHTTP1
import Redaction
import Secrets

/// The reply to one request of a program, on its way there.
struct DoorReply: Sendable {
    private let request: JudgedRequest
    private let broker: BrokerParts
    private let tally: RequestTally
    private let client: DoorConnection.Client
    /// Whether the program knows no chunks: the end of the connection ends the body.
    private let speaksOldHTTP: Bool

    /// How often it is looked whether the service pauses: what was held back then goes on.
    private static let beat = Duration.milliseconds(25)

    init(_ request: JudgedRequest, _ broker: BrokerParts, _ tally: RequestTally, _ client: DoorConnection.Client, speaksOldHTTP: Bool) {
        (self.request, self.broker, self.tally, self.client, self.speaksOldHTTP) = (request, broker, tally, client, speaksOldHTTP)
    }

    /// Passes it on to its end.
    func pass(_ parts: NIOAsyncChannelInboundStream<HTTPClientResponsePart>) async throws {
        var iterator = parts.makeAsyncIterator()
        let judged = try await head(&iterator)
        guard !judged.opensWebSocket else { throw BrokerFailure.reply(.upgrade) }
        let answers = broker.values.answers
        let fields = ReplyFields(judged.fields, broker.values.needles.needles, answers)
        tally.redacted(fields.redactions, answers)
        guard fields.withheld == nil, let body = ReplyBody(judged.coding, searchedFor: broker.values, opening: broker.opener) else {
            throw BrokerFailure.reply(fields.withheld == nil ? .coding : .withheld)
        }
        let pump = ReplyPump(body, answers, tally, client.writer, isEventStream: judged.isEventStream)
        tally.begin()
        try await client.writer.write(.head(HTTPResponseHead(judged, fields, speaksOldHTTP: speaksOldHTTP)))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await pump.beat(every: Self.beat) }
            try await bodies(&iterator, to: pump)
            group.cancelAll()
        }
        // Who still sends a body that nobody reads is not waited for.
        if !tally.hasSentAll { client.close() }
    }

    private func head(
        _ parts: inout NIOAsyncChannelInboundStream<HTTPClientResponsePart>.AsyncIterator
    ) async throws -> JudgedReply {
        while let part = try await parts.next(isolation: #isolation) {
            guard case .head(let head) = part else { continue }
            switch ReplyGuard.verdict(on: ReceivedReply(head), to: request) {
            case .accepted(let judged):
                tally.answered(judged.status)
                return judged
            case .interim(let continues): if continues { try await client.writer.tellToGoOn() }
            case .refused(let refusal): throw BrokerFailure.reply(refusal)
            }
        }
        throw BrokerFailure.cut
    }

    private func bodies(_ parts: inout NIOAsyncChannelInboundStream<HTTPClientResponsePart>.AsyncIterator, to pump: ReplyPump) async throws {
        while let part = try await parts.next(isolation: #isolation) {
            switch part {
            case .head: throw BrokerFailure.reply(.framing)
            case .body(let bytes):
                tally.received(bytes.readableBytes)
                try await pump.take(Array(buffer: bytes))
            case .end:
                try await pump.finish()
                // What stands behind a body is judged by nobody here, and left out.
                return try await client.writer.write(.end(nil))
            }
        }
        throw BrokerFailure.cut
    }
}

extension JudgedReply {
    fileprivate var isEventStream: Bool {
        fields[.contentType]?.lowercased().hasPrefix("text/event-stream") == true
    }
}

extension HTTPResponseHead {
    /// The head as the program gets it: where its body ends is said once, here, since it may come out longer or shorter than it was.
    fileprivate init(_ judged: JudgedReply, _ fields: ReplyFields, speaksOldHTTP: Bool) {
        var headers = HTTPHeaders()
        headers.reserveCapacity(fields.fields.count + 1)
        for field in fields.fields { headers.add(name: field.name, value: field.value) }
        switch judged.body {
        case .none: break
        case .length(0): headers.add(name: "Content-Length", value: "0")
        case .length, .streamed, .untilClose:
            headers.add(name: speaksOldHTTP ? "Connection" : "Transfer-Encoding", value: speaksOldHTTP ? "close" : "chunked")
        }
        self.init(version: .http1_1, status: HTTPResponseStatus(statusCode: judged.status), headers: headers)
    }
}
