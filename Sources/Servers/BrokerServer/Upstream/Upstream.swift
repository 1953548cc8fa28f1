import Brokering
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOTLS
import Secrets

/// A connection to a service, over TLS, to an address that was checked.
struct Upstream: Sendable {
    typealias Connection = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

    private let group: any EventLoopGroup
    private let trust = Trust()
    private let resolver = Resolver()
    private static let connectTime = TimeAmount.seconds(10)

    init(group: any EventLoopGroup) { self.group = group }

    /// Connects; the handshake is done when this returns.
    func connect(to origin: Brokering.Origin, _ leave: RequestLeave) async throws(BrokerFailure) -> Connection {
        guard origin.scheme == .https else { throw .stopped(.ambiguous(.targetScheme)) }
        let context = try trust.context(for: leave.authorities)
        let addresses = try await resolver.addresses(of: origin, reachingOwnNetwork: leave.reachesOwnNetwork)
        var failure = BrokerFailure.unreachable
        for address in addresses {
            do throws(BrokerFailure) { return try await connect(to: address, origin, context) } catch {
                // Another address of the name is another machine of the service; one that proves nothing is not asked around.
                guard error == .unreachable, !Task.isCancelled else { throw error }
                failure = error
            }
        }
        throw failure
    }

    private func connect(to address: SocketAddress, _ origin: Brokering.Origin, _ context: NIOSSLContext) async throws(BrokerFailure) -> Connection {
        let handshake = group.any().makePromise(of: Void.self)
        let connection: Connection
        do {
            connection = try await ClientBootstrap(group: group).connectTimeout(Self.connectTime)
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .connect(to: address) { channel in
                    channel.eventLoop.makeCompletedFuture { try Self.configure(channel, origin, context, handshake) }
                }
        } catch {
            handshake.fail(BrokerFailure.unreachable)
            throw .unreachable
        }
        do { try await handshake.futureResult.get() } catch {
            try? await connection.executeThenClose { _, _ in }
            throw error as? BrokerFailure ?? .untrusted
        }
        return connection
    }

    private static func configure(
        _ channel: any Channel, _ origin: Brokering.Origin, _ context: NIOSSLContext, _ handshake: EventLoopPromise<Void>
    ) throws -> Connection {
        let name: String? = if case .name(let name) = origin.host { name } else { nil }
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(NIOSSLClientHandler(context: context, serverHostname: name))
        try pipeline.addHandler(HandshakeWatch(handshake, within: connectTime))
        var configuration = HTTPRequestEncoder.Configuration()
        configuration.automaticallySetFramingHeaders = false
        try pipeline.addHandler(HTTPRequestEncoder(configuration: configuration))
        try pipeline.addHandler(
            ByteToMessageHandler(HTTPResponseDecoder(leftOverBytesStrategy: .dropBytes, informationalResponseStrategy: .forward)))
        return try Connection(wrappingChannelSynchronously: channel)
    }
}

/// Tells once whether the handshake succeeded.
private final class HandshakeWatch: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    private let promise: EventLoopPromise<Void>
    private let time: TimeAmount
    private var deadline: Scheduled<Void>?

    init(_ promise: EventLoopPromise<Void>, within time: TimeAmount) { (self.promise, self.time) = (promise, time) }

    /// A service that takes the connection and says nothing is not waited for.
    func handlerAdded(context: ChannelHandlerContext) {
        let (promise, channel) = (promise, context.channel)
        deadline = context.eventLoop.scheduleTask(in: time) {
            promise.fail(BrokerFailure.unreachable)
            channel.close(promise: nil)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent {
            promise.succeed()
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        promise.fail(BrokerFailure.untrusted)
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        promise.fail(BrokerFailure.unreachable)
        context.fireChannelInactive()
    }
}
