/// Where there is no broker: every request is refused.
package struct NoBrokers: BrokerSupply {
    package init() {}

    package func start(at place: (any DoorPlace)?) async throws -> any RunningBroker { throw BrokerFailure.unavailable }
}
