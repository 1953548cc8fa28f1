package import Brokering
package import Model
import Policies

/// What a broker opens a door of its own for: the programs of one session.
package struct DoorSetup: Sendable {
    /// The session's live tokens.
    package var tokens: [GrantID: FakeToken]
    /// Which of them sign together.
    package var signing: [SigningGrants]
    /// What its programs show with each connection.
    package var credential: String
    /// Hosts, as request rules write them, to which a body may have a token in it.
    package var bodyHosts: [String]
    /// Hosts, as request rules write them, for tunnels to which the judge is asked whether nobody looks into them.
    package var tunnelHosts: [String] = []
    /// How long the door's certificates are valid.
    package var life: Duration

    package init(
        tokens: [GrantID: FakeToken], signing: [SigningGrants] = [], credential: String, bodyHosts: [String] = [], life: Duration
    ) {
        (self.tokens, self.signing, self.credential, self.bodyHosts, self.life) = (tokens, signing, credential, bodyHosts, life)
    }
}

/// A door that is open on this machine's loopback.
package struct OpenDoor: Sendable {
    package var port: Int
    /// The session's own authority, in PEM: who uses the door trusts it.
    package var authority: String

    package init(port: Int, authority: String) { (self.port, self.authority) = (port, authority) }
}
