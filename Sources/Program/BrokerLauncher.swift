import BrokerServer
import Glibc
import ProcessRunner
import Secrets
import Synchronization

/// Gives the vault its brokers, from the spawner of its runners.
struct BrokerLauncher: BrokerSupply {
    let runners: RunnerLauncher

    func start(at place: (any DoorPlace)?) async throws -> any RunningBroker {
        let descriptor: Int32
        do { descriptor = try runners.takeBroker(at: place as? SandboxDoor) } catch { throw BrokerFailure.unavailable }
        return try await BrokerHandle(descriptor: descriptor)
    }
}

/// The listening socket of a sandbox, on its way from the runner to the broker.
final class SandboxDoor: DoorPlace {
    let descriptor: Int32

    /// Takes a descriptor over.
    init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }
}
