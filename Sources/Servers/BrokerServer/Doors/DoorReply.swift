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

    /// How long nothing comes before a reply pauses: what was held back then goes on.
    private static let pause = TimeAmount.milliseconds(25)

    init(_ request: JudgedRequest, _ broker: BrokerParts, _ tally: RequestTally, _ client: DoorConnection.Client, speaksOldHTTP: Bool) {
        (self.request, self.broker, self.tally, self.client, self.speaksOldHTTP) = (request, broker, tally, client, speaksOldHTTP)
    }

    /// Passes it on to its end.
    func pass(_ exchange: ServiceExchange) async throws {
        let judged = try await head(exchange)
        guard !judged.opensWebSocket else { throw BrokerFailure.reply(.upgrade) }
        let answers = broker.values.answers
        let fields = ReplyFields(judged.fields, broker.values.needles.needles, answers)
        tally.redacted(fields.redactions, answers)
        guard fields.withheld == nil, let body = ReplyBody(judged.coding, searchedFor: broker.values, opening: broker.opener) else {
            throw BrokerFailure.reply(fields.withheld == nil ? .coding : .withheld)
        }
        tally.begin()
        var pump = ReplyPump(body, answers, tally, client.writer, isEventStream: judged.isEventStream)
        pump.begin(HTTPResponseHead(judged, fields, speaksOldHTTP: speaksOldHTTP))
        try await bodies(exchange, to: &pump)
        // Who still sends a body that nobody reads is not waited for.
        if !tally.hasSentAll { client.close() }
    }

    private func head(_ exchange: ServiceExchange) async throws -> JudgedReply {
        while true {
            guard case .part(let part) = try await exchange.next() else { continue }
            switch part {
            case .head(let judged):
                tally.answered(judged.status)
                return judged
            case .interim(let continues): if continues { try await client.writer.tellToGoOn() }
            case .body, .end: throw BrokerFailure.reply(.framing)
            }
        }
    }

    /// What is there already is taken before anything is written, so that a short reply goes out as one.
    private func bodies(_ exchange: ServiceExchange, to pump: inout ReplyPump) async throws {
        while true {
            let part: ReplyPart
            if let ready = exchange.ready() {
                part = ready
            } else {
                try await pump.write()
                guard case .part(let next) = try await exchange.next(within: pump.holdsBack ? Self.pause : nil) else {
                    try pump.pause()
                    continue
                }
                part = next
            }
            switch part {
            case .head, .interim: throw BrokerFailure.reply(.framing)
            case .body(let bytes):
                tally.received(bytes.readableBytes)
                try await pump.take(bytes)
            // What stands behind a body is judged by nobody here, and left out.
            case .end: return try await pump.finish()
            }
        }
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
