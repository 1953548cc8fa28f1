import TacitClient
import TacitWire

extension VaultDoor {
    /// Asks for the password before a reveal, unless this terminal has a grace.
    func askToReveal(opensGrace: Bool) throws {
        if opensGrace { return try stepUp(opensGrace: true) }
        if passwords.terminal != nil, try status().revealGraceUntil != nil { return }
        try askFirst()
    }
}
