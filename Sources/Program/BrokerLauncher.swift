import BrokerServer
import Glibc
import Model
import ProcessRunner
import Secrets
import Synchronization

/// Gives the vault its brokers, from the spawner of its runners.
struct BrokerLauncher: BrokerSupply {
    let runners: RunnerLauncher
    /// Where doors of runs without a sandbox have their sockets; nil where those are another user's.
    let doors: String?

    func start(at place: (any DoorPlace)?) async throws -> any RunningBroker {
        let descriptor: Int32
        do { descriptor = try runners.takeBroker(at: place as? ListeningPlace) } catch { throw BrokerFailure.unavailable }
        return try await BrokerHandle(descriptor: descriptor)
    }

    func place() -> (any DoorPlace)? {
        guard let doors, let listener = NamedListener(at: "\(doors)\(RandomBytes.system.bytes(3).hexadecimal).sock") else { return nil }
        return ListeningPlace(listener)
    }
}

/// The listening sockets of a run, on their way to its broker.
final class ListeningPlace: DoorPlace {
    let listeners: BrokerListeners
    let socketPath: String?
    /// One of this process's own, whose name goes with it.
    private let named: NamedListener?

    /// Takes over what was made in a sandbox.
    init(_ listeners: BrokerListeners) { (self.listeners, socketPath, named) = (listeners, SandboxPlan.proxySocket, nil) }

    init(_ named: NamedListener) {
        (listeners, socketPath, self.named) = (BrokerListeners(socket: named.descriptor), named.path, named)
    }

    deinit {
        guard named == nil else { return }
        for descriptor in [listeners.loopback, listeners.socket].compactMap(\.self) { close(descriptor) }
    }
}
