import Glibc
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

/// Starts nothing: a keeper that is a user of its own is the service manager's to start, and no other keeper takes its place.
struct ServiceKeeperStarter: KeeperStarter {
    func start(_ paths: LocalPaths) throws {
        throw CommandFailure(
            "your keeper, a user of its own, is not running", hint: "`systemctl status tacit-keeper-\(geteuid())` says why; root starts it",
            code: "keeper.absent")
    }
}

/// Starts nothing: in the sandbox of a whole agent the keeper is outside, and its socket there ends with the run.
struct AbsentKeeperStarter: KeeperStarter {
    func start(_ paths: LocalPaths) throws {
        throw CommandFailure("the keeper does not answer in this sandbox", hint: "the run that it belongs to is over", code: "keeper.absent")
    }
}

/// How the keeper is to run in this process.
package struct KeeperLaunch: Sendable, Equatable {
    /// Told once the keeper listens, or cannot; nil in the foreground.
    package var readiness: KeeperReadiness?
    /// The person whom it serves as a user of its own; nil for the user that it is.
    package var person: UInt32?

    package init(readiness: KeeperReadiness? = nil, person: UInt32? = nil) { (self.readiness, self.person) = (readiness, person) }
}
