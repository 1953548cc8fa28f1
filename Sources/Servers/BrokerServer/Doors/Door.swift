import Brokering
import Foundation
import Model
import NIOCore
import NIOHTTP2
import NIOPosix
import Policies
import Secrets

/// The forward proxy of one session, on the loopback: it listens as long as its task runs.
struct Door: Sendable {
    let id: WorkID
    let broker: BrokerParts
    let setup: DoorSetup
    let tokens: HeldTokens
    let credential: DoorCredential
    private let authority: SessionAuthority
    private let bodyHosts: [HostPattern]
    private typealias Listener = NIOAsyncChannel<EventLoopFuture<DoorGuest>, Never>
    private let listener: Listener
    /// The one at a path, if there is one.
    private let named: Listener?
    /// The most connections at once: more wait outside.
    private static let backlog: Int32 = 256

    init(_ id: WorkID, _ setup: DoorSetup, _ broker: BrokerParts) async throws {
        (self.id, self.setup, self.broker) = (id, setup, broker)
        tokens = HeldTokens(setup)
        credential = DoorCredential(setup.credential)
        bodyHosts = setup.bodyHosts.compactMap { try? HostPattern($0) }
        let validity = Validity(from: Date(), lasting: TimeInterval(setup.life.components.seconds))
        let authority = try SessionAuthority(validity: validity, speaking: ["h2", "http/1.1"])
        self.authority = authority
        let (credential, tokens) = (setup.credential, tokens)
        let tunnels = setup.tunnelHosts.compactMap { try? HostPattern($0) }
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: Self.backlog)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
        let greet: @Sendable (any Channel) -> EventLoopFuture<EventLoopFuture<DoorGuest>> = { channel in
            channel.eventLoop.makeCompletedFuture { try DoorGreeting.greet(channel, knowing: credential, tokens, authority, tunnels) }
        }
        listener =
            if let place = broker.listener {
                try await bootstrap.bind(place, childChannelInitializer: greet)
            } else {
                try await bootstrap.bind(host: "127.0.0.1", port: 0, childChannelInitializer: greet)
            }
        named = try await broker.socket.asyncMap { socket in
            try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton).serverChannelOption(.backlog, value: Self.backlog)
                .bind(socket) { channel in
                    SocketPeer.check(channel, against: socket).flatMapThrowing {
                        try DoorGreeting.greet(channel, knowing: credential, tokens, authority, tunnels)
                    }
                }
        }
    }

    /// What its programs need to know.
    var open: OpenDoor {
        get throws { OpenDoor(port: listener.channel.localAddress?.port ?? 0, authority: try authority.rootPEM()) }
    }

    /// Serves until it is cancelled.
    func serve() async {
        await withTaskGroup { group in
            for listener in [listener, named].compactMap(\.self) { group.addTask { await serve(listener) } }
        }
    }

    private func serve(_ listener: Listener) async {
        try? await listener.executeThenClose { connections in
            try await withThrowingDiscardingTaskGroup { tasks in
                for try await greeted in connections {
                    tasks.addTask(executorPreference: LoopExecutor.of(greeted.eventLoop)) {
                        if let guest = try? await greeted.get() { await serve(guest) }
                    }
                }
            }
        }
    }

    private func serve(_ guest: DoorGuest) async {
        let connection = DoorConnection(door: self, tunnel: guest.origin, serverName: guest.serverName)
        switch guest.speech {
        case .plain(let requests): await connection.serve(requests)
        case .streams(let channel, let streams): await connection.serve(streams, of: channel)
        case .undecided(let tunnel):
            if let guest = await DoorTunnel(door: self, tunnel: tunnel).serve() { await serve(guest) }
        }
    }

    /// Whether a body that goes there may have a token in it, and is read whole.
    func mayStandInBody(to origin: Brokering.Origin) -> Bool { bodyHosts.contains { $0.matches(origin.host.description) } }
}

/// A program that said where it wants to go and may ask.
struct DoorGuest: Sendable {
    /// Whom its tunnel leads to; the certificate that it was shown is for this one. Nil where it has none, and each request names its provider.
    let origin: Brokering.Origin?
    /// Whom the handshake in the tunnel was for; nil where that was not said.
    let serverName: String?
    let speech: Speech

    typealias Requests = NIOAsyncChannel<AskedPart, AnswerPart>

    /// How it asks: one request after the other, or on streams beside each other.
    enum Speech: Sendable {
        case plain(WaitingRequests)
        case streams(any Channel, NIOHTTP2Handler.AsyncStreamMultiplexer<WaitingRequests>)
        /// The keeper says whether its tunnel is one that nobody looks into.
        case undecided(UndecidedTunnel)
    }
}
