import HTTPTypes
import NIOCore
import Secrets

/// A place for one request on a connection to a service.
struct ServiceStream: Sendable {
    let channel: any Channel
    let exchange: ServiceExchange

    init(on channel: any Channel, isReused: Bool) {
        self.channel = channel
        exchange = ServiceExchange(on: channel, isReused: isReused)
    }

    /// Writes the head, and with it the body, where it is whole.
    func send(_ departing: DepartingRequest) {
        let exchange = exchange
        let head = channel.eventLoop.makePromise(of: Void.self)
        // Fails where the connection is gone already, before a byte was written.
        head.futureResult.whenFailure { _ in exchange.fail(exchange.isReused ? StaleConnection(hasSent: false) : BrokerFailure.cut) }
        channel.write(RequestPart.head(departing, exchange), promise: head)
        guard departing.isWhole else { return channel.flush() }
        if let body = departing.body, !body.isEmpty { channel.write(RequestPart.body(ByteBuffer(bytes: body)), promise: nil) }
        sendEnd()
    }

    /// Writes a piece of a body that streams; throws when the service wants no more of it.
    func send(_ bytes: [UInt8]) async throws { try await send(.body(ByteBuffer(bytes: bytes))) }

    /// Writes frames; throws when the WebSocket is over.
    func send(frames: [UInt8]) async throws { try await send(.frames(ByteBuffer(bytes: frames))) }

    /// How long a service may take next to nothing of what waits for it. A program that left its buffers full when it went away is not seen to have gone.
    private static let patience = TimeAmount.minutes(10)

    private func send(_ part: RequestPart) async throws {
        while !channel.isWritable, !exchange.isOver {
            let end = channel.eventLoop.scheduleTask(in: Self.patience) { [exchange] in exchange.fail(BrokerFailure.timeout) }
            await exchange.waitToWrite()
            end.cancel()
        }
        guard !exchange.isOver else { throw exchange.failure ?? BrokerFailure.cut }
        channel.writeAndFlush(part, promise: nil)
    }

    /// Writes a last frame, whether the service takes it or not.
    func sendLast(frame: [UInt8]) { channel.writeAndFlush(RequestPart.frames(ByteBuffer(bytes: frame)), promise: nil) }

    func sendEnd(_ trailers: HTTPFields = [:]) { channel.writeAndFlush(RequestPart.end(trailers), promise: nil) }

    /// Nobody reads the reply any further: where it is not over, the connection goes with it.
    func abandon() { channel.triggerUserOutboundEvent(AbandonedExchange(exchange: exchange), promise: nil) }
}

/// Told to a connection whose request nobody waits for any more.
struct AbandonedExchange: Sendable { let exchange: ServiceExchange }

/// A connection that had served before ended without a byte of the reply: the service had closed it while nothing went over it.
struct StaleConnection: Error {
    /// Whether something of the request went over it.
    let hasSent: Bool
}
