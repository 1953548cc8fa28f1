import Brokering
import HTTPTypes
import NIOCore
import Redaction
import Secrets

/// The reply to one request of a program, on its way there.
struct DoorReply: Sendable {
    private let request: JudgedRequest
    private let broker: BrokerParts
    private let tally: RequestTally
    private let client: DoorConnection.Client
    /// Of the program's request.
    private let version: ReceivedHead.Version

    /// Whether the policy lets data pass that nobody can look into.
    private let passesUnscanned: Bool

    init(
        _ request: JudgedRequest, _ broker: BrokerParts, _ tally: RequestTally, _ client: DoorConnection.Client, by version: ReceivedHead.Version,
        passing passesUnscanned: Bool
    ) {
        (self.request, self.broker, self.tally, self.client, self.version) = (request, broker, tally, client, version)
        self.passesUnscanned = passesUnscanned
    }

    /// What follows a reply's head.
    enum Kind { case body, webSocket }

    /// Passes it on to its end, or to where frames of a WebSocket follow; one that is sealed, once it is whole.
    ///
    /// Where the service says that the credential is not good, `renew` is asked for another one: the reply is dropped if there is one, and told otherwise.
    func pass(_ exchange: ServiceExchange, sealedBy sealer: ReplySealer?, renewing renew: Renewal? = nil) async throws -> Kind {
        do { return try await passed(exchange, sealer, renew) } catch {
            // That it fails answers a guess, perhaps: the keeper counts it before the program sees that.
            _ = await tally.mayLeave()
            throw error
        }
    }

    private func passed(_ exchange: ServiceExchange, _ sealer: ReplySealer?, _ renew: Renewal?) async throws -> Kind {
        let received = try await head(exchange)
        // A service that was sent no value has none to cut in two.
        guard !received.isPart || sealer == nil && !broker.values.haveGone(to: request.target.origin) else { throw BrokerFailure.reply(.partial) }
        if received.status == 401, let allowed = await renew?() { throw RenewedRequest(allowed: allowed) }
        let whole = try await sealer?.whole(received, exchange, tally)
        let judged = whole?.head ?? received
        let answers = broker.values.answers
        let fields = ReplyFields(judged.fields, broker.values.needles.needles, answers)
        tally.redacted(fields.redactions)
        guard fields.withheld == nil,
            let body = ReplyBody(judged.coding, from: request.target.origin, broker.values, broker.opener, passing: passesUnscanned)
        else {
            throw BrokerFailure.reply(fields.withheld == nil ? .coding : .withheld)
        }
        if judged.opensWebSocket {
            guard await tally.mayLeave() else { throw BrokerFailure.reply(.withheld) }
            tally.begin()
            try await client.writer.write(.head(AnswerHead(judged, fields, version)))
            return .webSocket
        }
        var pump = ReplyPump(body, tally, client.writer, isEventStream: judged.isEventStream)
        pump.begin(AnswerHead(judged, fields, version))
        if let whole {
            if !whole.body.isEmpty { try await pump.take(ByteBuffer(bytes: whole.body)) }
            try await pump.finish(try trailers(whole.trailers))
        } else {
            let behind = try await exchange.pass(to: &pump, tally)
            try await pump.finish(try trailers(behind))
        }
        // Who still sends a body that nobody reads is not waited for.
        if !tally.hasSentAll { client.close() }
        return .body
    }

    private func head(_ exchange: ServiceExchange) async throws -> JudgedReply {
        while true {
            guard case .part(let part) = try await exchange.next() else { continue }
            switch part {
            case .head(let judged):
                tally.answered(judged.status)
                return judged
            case .interim(let continues): if continues { try await client.writer.write(.goOn) }
            case .body, .end: throw BrokerFailure.reply(.framing)
            }
        }
    }

    /// The fields behind the body, searched as those before it are; a program that does not ask for them has none.
    private func trailers(_ received: [ReceivedHead.Field]) throws -> [(name: String, value: String)] {
        guard !received.isEmpty, version.isHTTP2 || request.acceptsTrailers else { return [] }
        let judged: HTTPFields
        do throws(ReplyRefusal) { judged = try ReplyGuard.trailers(received) } catch { throw BrokerFailure.reply(error) }
        let fields = ReplyFields(judged, broker.values.needles.needles, broker.values.answers)
        tally.redacted(fields.redactions)
        guard fields.withheld == nil else { throw BrokerFailure.reply(.withheld) }
        return fields.fields
    }
}

/// Asks for a renewed credential; nil where there is none.
typealias Renewal = @Sendable () async -> DoorRequest.Allowed?

/// A request whose credential was renewed: it is sent once more.
struct RenewedRequest: Error { let allowed: DoorRequest.Allowed }

extension JudgedReply {
    fileprivate var isEventStream: Bool {
        fields[.contentType]?.lowercased().hasPrefix("text/event-stream") == true
    }
}

extension AnswerHead {
    /// The head as the program gets it; its body may come out longer or shorter than it was.
    fileprivate init(_ judged: JudgedReply, _ fields: ReplyFields, _ version: ReceivedHead.Version) {
        let body: Body =
            switch judged.body {
            case _ where judged.opensWebSocket: .none
            case .none: .none
            case .length(0): .length(0)
            case .length, .streamed, .untilClose: .streamed
            }
        let leftOut = judged.lengthLeftOut.map { [(name: "Content-Length", value: "\($0)")] } ?? []
        self.init(status: judged.status, fields: fields.fields + leftOut, body: body, version: version)
    }
}
