package import Model

/// What the door knows of a connection: the process at its other end, and a number that no later connection has.
package struct DoorFacts: Sendable {
    package var peer: Peer
    package var connection: UInt64
    /// Whose sandbox the connection came from; nil for any other.
    package var agent: ConfinedAgent?

    package init(peer: Peer, connection: UInt64, agent: ConfinedAgent? = nil) {
        self.peer = peer
        self.connection = connection
        self.agent = agent
    }
}
