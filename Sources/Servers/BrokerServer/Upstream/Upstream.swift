import Brokering
import NIOCore
import NIOHTTP2
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
        let isAlone = departing.judged.needsOwnConnection
        if !isAlone, let used = await channelInUse(key, on: loop, replayable: departing.isReplayable) {
            do { return try await run(ServiceStream(on: used, isReused: true), use) } catch let error as StaleConnection {
                guard departing.isWhole, !error.hasSent || departing.isReplayable else { throw BrokerFailure.cut }
            }
        }
        let fresh: any Channel
        switch try await connect(key, on: loop, isAlone: isAlone) {
        case .plain(let channel): fresh = channel
        case .shared(let connection):
            guard let stream = try? await connection.stream() else { throw BrokerFailure.cut }
            fresh = stream
        }
        return try await run(ServiceStream(on: fresh, isReused: false), use)
    }

    /// A place on a connection that is there already.
    private func channelInUse(_ key: ConnectionKey, on loop: any EventLoop, replayable: Bool) async -> (any Channel)? {
        if let shared = pool.shared(key), let stream = try? await shared.stream() { return stream }
        return pool.take(key, on: loop, replayable: replayable)
    }

    private func run<Result>(_ stream: ServiceStream, _ use: (ServiceStream) async throws -> Result) async throws -> Result {
        // Where the reply is not over by then, the connection goes with it.
        defer { if !stream.exchange.hasEnded { stream.abandon() } }
        return try await use(stream)
    }

    /// A connection for a tunnel that nobody looks into, to an address that was checked. Nothing is read from it yet.
    func tunnel(to origin: Brokering.Origin, reachingOwnNetwork: Bool, on loop: any EventLoop) async throws(BrokerFailure) -> any Channel {
        for address in try await resolver.addresses(of: origin, reachingOwnNetwork: reachingOwnNetwork) {
            let channel = try? await ClientBootstrap(group: loop).connectTimeout(Self.connectTime)
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .channelOption(.autoRead, value: false)
                .channelOption(.allowRemoteHalfClosure, value: true)
                .connect(to: address).get()
            if let channel { return channel }
            guard !Task.isCancelled else { break }
        }
        throw .unreachable
    }

    /// Ends the connections that rest.
    func close() { pool.close() }

    /// Connects; the handshake is done when this returns.
    private func connect(_ key: ConnectionKey, on loop: any EventLoop, isAlone: Bool) async throws(BrokerFailure) -> FreshConnection {
        guard key.origin.scheme == .https else { throw .stopped(.ambiguous(.targetScheme)) }
        let context = try trust.context(for: key.authorities, isPlain: isAlone)
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
    ) async throws(BrokerFailure) -> FreshConnection {
        let handshake = loop.makePromise(of: FreshConnection.self)
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
        do { return try await handshake.futureResult.get() } catch {
            channel.close(promise: nil)
            throw error as? BrokerFailure ?? .untrusted
        }
    }

    private func configure(
        _ channel: any Channel, _ key: ConnectionKey, _ context: NIOSSLContext, _ handshake: EventLoopPromise<FreshConnection>
    ) throws {
        let name: String? = if case .name(let name) = key.origin.host { name } else { nil }
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(NIOSSLClientHandler(context: context, serverHostname: name))
        try pipeline.addHandler(
            HandshakeWatch(handshake, within: Self.connectTime) { negotiated in
                try negotiated == "h2" ? .shared(share(channel, key)) : .plain(speakPlainly(channel, key))
            })
    }

    private func speakPlainly(_ channel: any Channel, _ key: ConnectionKey) throws -> any Channel {
        try channel.pipeline.syncOperations.addHandler(PlainWire(whenItRests: pool.place(for: channel, key)))
        return channel
    }

    private func share(_ channel: any Channel, _ key: ConnectionKey) throws -> SharedConnection {
        let limits = NIOHTTP2Handler.Configuration.limited
        let pipeline = channel.pipeline.syncOperations
        let streams = try pipeline.configureHTTP2Pipeline(
            mode: .client, connectionConfiguration: limits.connection, streamConfiguration: limits.stream
        ) { pushed in pushed.eventLoop.makeFailedFuture(BrokerFailure.reply(.framing)) }
        let connection = SharedConnection(channel, streams, at: .now())
        try pipeline.addHandler(StreamsWatch { connection.retire() })
        pool.keep(connection, key)
        return connection
    }
}
