import Brokering
import HTTPTypes
import NIOCore
import Redaction
import Secrets

/// Reads a reply whole that a rule seals, has the keeper store the new credentials in it, and puts in their places what stands for them.
///
/// Nothing of the reply goes on before that is done; what then goes on is searched as every reply is, for these values, too.
struct ReplySealer: Sendable {
    private let order: SealOrder
    private let ask: AskID
    private let broker: BrokerParts
    /// Of the door whose programs get more tokens by it; nil where there is none.
    private let tokens: HeldTokens?

    /// Nil where nothing of the reply is sealed.
    init?(_ leave: RequestLeave, of ask: AskID, _ broker: BrokerParts, _ tokens: HeldTokens? = nil) {
        guard let order = leave.seal else { return nil }
        (self.order, self.ask, self.broker, self.tokens) = (order, ask, broker, tokens)
    }

    /// A reply that may be searched and passed on.
    struct Whole {
        var head: JudgedReply
        var body: [UInt8]
        var trailers: [ReceivedHead.Field]
    }

    /// Takes the rest of a reply after its head.
    func whole(_ head: JudgedReply, _ exchange: ServiceExchange, _ tally: RequestTally) async throws -> Whole {
        // A redirect has its credentials in its target, where nobody takes them out.
        guard !head.opensWebSocket, !(300..<400).contains(head.status) else { throw BrokerFailure.reply(.unsealed) }
        let (body, trailers) = try await gathered(head, exchange, tally)
        guard (200..<300).contains(head.status) else {
            guard CredentialReply.isWithout(order, body, head.credentialForm) else { throw BrokerFailure.reply(.unsealed) }
            return Whole(head: head.changed, body: body, trailers: trailers)
        }
        guard let form = head.credentialForm, let reply = CredentialReply(body, order, form) else { throw BrokerFailure.reply(.unsealed) }
        // Known from here on, whatever becomes of it: another reply may show it already.
        let values = reply.values.compactMap(\.self)
        guard broker.values.take(fresh: values) else { throw BrokerFailure.reply(.unsealed) }
        let sealed = await broker.link.seal(NewCredentials(values: reply.values, expiry: reply.expiry), of: ask)
        guard let sealed, sealed.count == values.count else { throw BrokerFailure.reply(.unsealed) }
        broker.values.take(sealed, for: values)
        tokens?.take(sealed, for: values)
        return Whole(head: head.changed, body: reply.body(showing: sealed.map(\.text)), trailers: trailers)
    }

    /// The body, unpacked, and the fields behind it.
    private func gathered(
        _ head: JudgedReply, _ exchange: ServiceExchange, _ tally: RequestTally
    ) async throws -> (body: [UInt8], trailers: [ReceivedHead.Field]) {
        guard let unpacking = Unpacking(head.coding, broker.opener) else { throw BrokerFailure.reply(.coding) }
        var body = WholeBody(unpacking)
        while true {
            guard case .part(let part) = try await exchange.next() else { continue }
            if case .body(let bytes) = part { try tally.received(bytes.readableBytes) }
            do throws(ReplyRefusal) {
                switch part {
                case .head, .interim: throw .framing
                case .body(let bytes): try body.take(bytes)
                case .end(let fields): return (try body.finished(), fields)
                }
            } catch { throw BrokerFailure.reply(error) }
        }
    }
}

/// A body that is kept until all of it is there.
private struct WholeBody {
    private let unpacking: Unpacking
    private var bytes: [UInt8] = []

    init(_ unpacking: Unpacking) { self.unpacking = unpacking }

    mutating func take(_ buffer: ByteBuffer) throws(ReplyRefusal) {
        switch unpacking {
        case .none: bytes += buffer.readableBytesView
        case .member(let reading):
            let packed = Array(buffer: buffer)
            var whole = bytes
            // A few packed bytes can stand for gigabytes.
            let rest = unsafe try reading.read(packed.span.bytes, giving: CredentialReply.mostBytes + 1 - whole.count) { piece in
                unsafe piece.withUnsafeBytes { unsafe whole += $0 }
            }
            guard rest == nil else { throw .unsealed }
            bytes = whole
        }
        // Longer than that is none that the order is about.
        guard bytes.count <= CredentialReply.mostBytes else { throw .unsealed }
    }

    func finished() throws(ReplyRefusal) -> [UInt8] {
        if case .member(let reading) = unpacking { try reading.finish() }
        return bytes
    }
}
