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
    /// Where the keeper is to listen for a whole agent, until somebody takes it.
    private let keeper: Mutex<Int32?>
    /// One of this process's own, whose name goes with it.
    private let named: NamedListener?

    /// Takes over what was made in a sandbox.
    init(_ listeners: BrokerListeners, keeper: Int32?) {
        (self.listeners, socketPath, named) = (listeners, SandboxPlan.proxySocket, nil)
        self.keeper = Mutex(keeper)
    }

    init(_ named: NamedListener) {
        (listeners, socketPath, self.named) = (BrokerListeners(socket: named.descriptor), named.path, named)
        keeper = Mutex(nil)
    }

    deinit {
        guard named == nil else { return }
        for descriptor in [listeners.loopback, listeners.socket, takeKeeper()].compactMap(\.self) { close(descriptor) }
    }

    /// Once; who takes it closes it.
    func takeKeeper() -> Int32? {
        keeper.withLock { keeper in
            defer { keeper = nil }
            return keeper
        }
    }
}
