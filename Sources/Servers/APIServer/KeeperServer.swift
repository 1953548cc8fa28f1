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
    private let peers: PeerFinder
    private let version: String
    private let process: Int32

    package init(vault: Vault, peers: PeerFinder, version: String, process: Int32) {
        self.vault = vault
        self.peers = peers
        self.version = version
        self.process = process
    }

    /// Answers on `socket` until SIGTERM or SIGINT; its directory and mode are the caller's matter. `onReady` is called once it listens.
    package func serve(on socket: String, onReady: @escaping @Sendable () -> Void) async throws {
        let application = Application(
            router: router(), server: .http1(), configuration: .init(address: .unixDomainSocket(path: socket), serverName: nil),
            onServerRunning: { _ in onReady() }, eventLoopGroupProvider: .singleton, logger: Self.logger)
        try await application.runService(gracefulShutdownSignals: [.sigterm, .sigint])
    }

    /// Every route, behind the two middlewares that name the asker and the error.
    func router() -> Router<APIContext> {
        let router = Router(context: APIContext.self)
        let vault = vault
        let connections = ConnectionBook(finder: peers) { connection in
            // Owned by the vault: it ends with the lock that the closing of a connection may call for.
            Task { try await vault.connectionEnded(connection) }
        }
        router.add(middleware: ProblemMiddleware())
        router.add(middleware: AskerMiddleware(vault: vault, connections: connections))
        VaultRoutes(vault: vault, keeperVersion: version, keeperProcess: process).add(to: router)
        SecretRoutes(vault: vault).add(to: router)
        ProjectRoutes(vault: vault).add(to: router)
        AccessRoutes(vault: vault).add(to: router)
        SlotRoutes(vault: vault).add(to: router)
        AuditRoutes(vault: vault).add(to: router)
        RunRoutes(vault: vault).add(to: router)
        return router
    }

    /// Nothing of a request is logged: paths hold names.
    private static var logger: Logger {
        var logger = Logger(label: "tacit.keeper")
        logger.logLevel = .critical
        return logger
    }
}
