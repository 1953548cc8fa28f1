import Brokering
import NIOCore
import NIOPosix
import NIOSSL
import Secrets

/// The way to services: connections over TLS, to addresses that were checked, used again where that is safe.
struct Upstream: Sendable {
    private let trust = Trust()
    private let resolver = Resolver()
    private let pool = ConnectionPool()
    private static let connectTime = TimeAmount.seconds(10)

    /// Sends a request and has its reply read, on a connection of its own for that time.
    ///
    /// Where a connection that had rested turns out to be closed, before anything of a reply came, the request is sent once more on a fresh one: if nothing of it
    /// had gone, or it may be sent twice.
    func exchange<Result>(
        _ departing: DepartingRequest, _ leave: RequestLeave, on loop: any EventLoop, _ use: (ServiceStream) async throws -> Result
    ) async throws -> Result {
        let key = ConnectionKey(departing.origin, leave)
        if !departing.judged.needsOwnConnection, let rested = pool.take(key, on: loop, replayable: departing.isReplayable) {
            do { return try await run(ServiceStream(on: rested, isReused: true), use) } catch let error as StaleConnection {
                guard departing.isWhole, !error.hasSent || departing.isReplayable else { throw BrokerFailure.cut }
            }
        }
        return try await run(ServiceStream(on: try await connect(key, on: loop), isReused: false), use)
    }

    private func run<Result>(_ stream: ServiceStream, _ use: (ServiceStream) async throws -> Result) async throws -> Result {
        // Where the reply is not over by then, the connection goes with it.
        defer { if !stream.exchange.hasEnded { stream.abandon() } }
        return try await use(stream)
    }

    /// Ends the connections that rest.
    func close() { pool.close() }

    /// Connects; the handshake is done when this returns.
    private func connect(_ key: ConnectionKey, on loop: any EventLoop) async throws(BrokerFailure) -> any Channel {
        guard key.origin.scheme == .https else { throw .stopped(.ambiguous(.targetScheme)) }
        let context = try trust.context(for: key.authorities)
        let addresses = try await resolver.addresses(of: key.origin, reachingOwnNetwork: key.reachesOwnNetwork)
        var failure = BrokerFailure.unreachable
        for address in addresses {
            do throws(BrokerFailure) { return try await connect(to: address, key, context, on: loop) } catch {
                // Another address of the name is another machine of the service; one that proves nothing is not asked around.
                guard error == .unreachable, !Task.isCancelled else { throw error }
                failure = error
            }
        }
        throw failure
    }

    private func connect(
        to address: SocketAddress, _ key: ConnectionKey, _ context: NIOSSLContext, on loop: any EventLoop
    ) async throws(BrokerFailure) -> any Channel {
        let handshake = loop.makePromise(of: Void.self)
        let channel: any Channel
        do {
            channel = try await ClientBootstrap(group: loop).connectTimeout(Self.connectTime)
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture { try configure(channel, key, context, handshake) }
                }
                .connect(to: address).get()
        } catch {
            handshake.fail(BrokerFailure.unreachable)
            throw .unreachable
        }
        do { try await handshake.futureResult.get() } catch {
            channel.close(promise: nil)
            throw error as? BrokerFailure ?? .untrusted
        }
        return channel
    }

    private func configure(
        _ channel: any Channel, _ key: ConnectionKey, _ context: NIOSSLContext, _ handshake: EventLoopPromise<Void>
    ) throws {
        let name: String? = if case .name(let name) = key.origin.host { name } else { nil }
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(NIOSSLClientHandler(context: context, serverHostname: name))
        try pipeline.addHandler(HandshakeWatch(handshake, within: Self.connectTime))
        try pipeline.addHandler(PlainWire(whenItRests: pool.place(for: channel, key)))
    }
}
