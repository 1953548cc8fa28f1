import TacitClient
import TacitWire

extension VaultDoor {
    /// Asks for the password before a reveal, unless this terminal has a grace.
    func askToReveal(opensGrace: Bool) throws {
        if opensGrace { return try stepUp(opensGrace: true) }
        if passwords.terminal != nil, try hasRevealGrace() { return }
        try askFirst()
    }

    private func hasRevealGrace() throws -> Bool {
        let status: GraceStatus = try Self.decode(try plain("GET", WirePath.status).body)
        return status.revealGraceUntil != nil
    }
}

/// The part of the status that says whether reveals here pass without being asked again.
private struct GraceStatus: Decodable {
    var revealGraceUntil: String?
}
