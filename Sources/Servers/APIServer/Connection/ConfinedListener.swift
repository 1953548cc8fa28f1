import Glibc
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import Secrets

/// The keeper's API at the socket of one sandbox, as long as somebody holds it.
final class ConfinedListener: ConfinedDoor {
    /// The most connections of one agent: for one more, who asked for nothing yet and was silent longest is closed.
    static let limit = 32
    /// The most that are open at all. Where each of them waits for an answer, others wait at the agent's own socket, and for nobody else.
    private static let most = 40
    /// How many wait to be accepted; as many as elsewhere.
    private static let backlog: Int32 = 128

    private let connections: ConnectionBook
    private let listening: EventLoopFuture<any Channel>

    /// Takes a listening socket over. What nobody can listen at is closed, so that who connects is refused and does not wait for ever.
    init(
        _ listener: Int32, _ connections: ConnectionBook, _ responder: some HTTPResponder<APIContext>,
        _ entry: @escaping @Sendable () -> ConnectionEntry, logger: Logger
    ) {
        self.connections = connections
        // Looked at before: what NIO cannot listen at it leaves open, with nobody to close it.
        guard Glibc.listen(listener, Self.backlog) == 0 else {
            let error = IOError(errnoCode: errno, reason: "listen")
            Glibc.close(listener)
            connections.close()
            listening = MultiThreadedEventLoopGroup.singleton.any().makeFailedFuture(error)
            return
        }
        let child = HTTP1Channel(
            responder: { (request, writer: consuming ResponseWriter, channel) in
                let context = APIContext(source: ApplicationRequestContextSource(channel: channel, logger: logger))
                let response = try await responder.respond(to: request, context: context)
                try await writer.write(response: response.head, body: response.body)
            }, configuration: .init(additionalChannelHandlers: [entry()]))
        listening = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AvailableConnectionsChannelHandler(maxConnections: Self.most))
                }
            }
            .childChannelInitializer { channel in
                // A connection that could not be set up is closed, and no other with it.
                child.setup(channel: channel, logger: logger).map { value in
                    // Owned by the connection, with which it ends.
                    Task { await child.handle(value: value, logger: logger) }
                }
            }
            .withBoundSocket(listener)
    }

    deinit { end() }

    func end() {
        listening.whenSuccess { $0.close(promise: nil) }
        connections.close()
    }
}
