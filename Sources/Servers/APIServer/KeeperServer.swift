import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOPosix
package import Secrets
import UnixSignals

/// The API on a Unix socket, for one vault.
package struct KeeperServer: Sendable {
    private let vault: Vault
    var peers: PeerFinder
    private let version: String
    private let process: Int32
    private let locked: @Sendable () -> Void
    private let runs = RunBook()
    /// How long a request may take from its first byte to its last.
    var requestLimit = RequestDeadline.limit
    /// The most connections, and how many of them are kept free for persons.
    var connectionLimit = ConnectionBook.limit
    var personReserve = ConnectionBook.reserve

    /// `locked` is called after a person's lock, before the answer is sent.
    package init(vault: Vault, peers: PeerFinder, version: String, process: Int32, locked: @escaping @Sendable () -> Void = {}) {
        self.vault = vault
        self.peers = peers
        self.version = version
        self.process = process
        self.locked = locked
    }

    /// Answers on `socket` until SIGTERM or SIGINT; its directory and mode are the caller's matter. `onReady` is called once it listens.
    ///
    /// At such a signal runs are stopped and `stopping` is called; requests get their answers, and connections are closed.
    package func serve(
        on socket: String, onReady: @escaping @Sendable () -> Void, stopping: @escaping @Sendable () async -> Void
    ) async throws {
        let connections = connectionBook()
        let application = Application(
            router: router(connections),
            server: .http1(configuration: .init(additionalChannelHandlers: [ConnectionEntry(connections, requestLimit: requestLimit)])),
            configuration: .init(
                address: .unixDomainSocket(path: socket), serverName: nil,
                availableConnectionsDelegate: .maximum(connectionLimit, logger: Self.logger)),
            onServerRunning: { _ in onReady() }, eventLoopGroupProvider: .singleton, logger: Self.logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await _ in await UnixSignalsSequence(trapping: .sigterm, .sigint) {
                    // Runs would go on for hours: they end with the keeper that holds them.
                    await runs.stopAll(within: .seconds(4))
                    await stopping()
                }
            }
            defer { group.cancelAll() }
            try await application.runService(gracefulShutdownSignals: [.sigterm, .sigint])
        }
    }

    /// Serves one whole agent at a listening socket of its sandbox, which is taken over, until the door is closed.
    package func serve(_ agent: ConfinedAgent, at listener: Int32) -> any ConfinedDoor {
        let connections = ConnectionBook(of: agent, limit: ConfinedListener.limit)
        let entry = { @Sendable [requestLimit] in ConnectionEntry(connections, requestLimit: requestLimit) }
        return ConfinedListener(listener, connections, router(connections).buildResponder(), entry, logger: Self.logger)
    }

    private func connectionBook() -> ConnectionBook {
        ConnectionBook(finder: peers, limit: connectionLimit - personReserve) { [vault] connection in
            // Owned by the vault: it ends with the lock that the closing of a connection may call for.
            Task { try await vault.connectionEnded(connection) }
        }
    }

    /// Every route, behind the middlewares that name the error and the asker, and keep a whole agent in its sandbox.
    private func router(_ connections: ConnectionBook) -> Router<APIContext> {
        let router = Router(context: APIContext.self)
        router.add(middleware: ProblemMiddleware())
        router.add(middleware: AskerMiddleware(vault: vault, connections: connections))
        router.add(middleware: ConfinementMiddleware(vault: vault))
        VaultRoutes(vault: vault, keeperVersion: version, keeperProcess: process, runs: runs, locked: locked).add(to: router)
        SecretRoutes(vault: vault).add(to: router)
        ExportRoutes(vault: vault).add(to: router)
        ProjectRoutes(vault: vault).add(to: router)
        ComparisonRoutes(vault: vault).add(to: router)
        HealthRoutes(vault: vault).add(to: router)
        AccessRoutes(vault: vault).add(to: router)
        TokenRoutes(vault: vault).add(to: router)
        ApprovalRoutes(vault: vault).add(to: router)
        FactorRoutes(vault: vault).add(to: router)
        SessionRoutes(vault: vault).add(to: router)
        ErrandRoutes(vault: vault).add(to: router)
        TrafficRoutes(vault: vault).add(to: router)
        SlotRoutes(vault: vault).add(to: router)
        RotationRoutes(vault: vault).add(to: router)
        BackupRoutes(vault: vault).add(to: router)
        AuditRoutes(vault: vault).add(to: router)
        RunRoutes(vault: vault, book: runs).add(to: router)
        return router
    }

    /// Nothing of a request is logged: paths hold names.
    private static var logger: Logger {
        var logger = Logger(label: "tacit.keeper")
        logger.logLevel = .critical
        return logger
    }
}
