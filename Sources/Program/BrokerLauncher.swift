import BrokerServer
import ProcessRunner
import Secrets

/// Gives the vault its brokers, from the spawner of its runners.
struct BrokerLauncher: BrokerSupply {
    let runners: RunnerLauncher

    func start() async throws -> any RunningBroker {
        let descriptor: Int32
        do { descriptor = try runners.takeBroker() } catch { throw BrokerFailure.unavailable }
        return try await BrokerHandle(descriptor: descriptor)
    }
}
