package import TacitWire

/// Starts the keeper when a command finds nobody listening.
package protocol KeeperStarter: Sendable {
    /// Returns when the keeper listens; throws when it could not be started.
    func start(_ paths: LocalPaths) throws
}

/// Starts nothing: for contexts whose keeper runs already.
package struct NoKeeperStarter: KeeperStarter {
    package init() {}

    package func start(_ paths: LocalPaths) throws { throw CommandFailure("the keeper is not running", code: "keeper.absent") }
}

/// How the keeper is to run in this process.
package struct KeeperLaunch: Sendable, Equatable {
    /// Told once the keeper listens, or cannot; nil in the foreground.
    package var readiness: KeeperReadiness?

    package init(readiness: KeeperReadiness? = nil) { self.readiness = readiness }
}
