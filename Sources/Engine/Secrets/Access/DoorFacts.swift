package import Model

/// What the door knows of a connection: the process at its other end, and a number that no later connection has.
package struct DoorFacts: Sendable {
    package var peer: Peer
    package var connection: UInt64

    package init(peer: Peer, connection: UInt64) {
        self.peer = peer
        self.connection = connection
    }
}
