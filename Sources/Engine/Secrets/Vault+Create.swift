import Auditing
import Envelopes
package import Model
import Storage

extension Vault {
    /// The shortest password that is accepted, in bytes.
    package static let minimumPasswordBytes = 8

    /// Makes the vault: root key, organization, its key, the password slot and `default/dev`, with the first entry of the log, in one transaction.
    ///
    /// Returns the organization and the key that verifies its checkpoints. The vault is unlocked afterwards for the peer.
    package func create(password: SecretValue, by asker: Asker, at door: DoorFacts) async throws -> (OrganizationID, verifierKey: String) {
        try await passGate { [self] in
            guard try await !hasVault() else { throw EngineError.vaultExists }
            guard password.byteCount >= Self.minimumPasswordBytes else { throw EngineError.passwordTooShort }
            let store = try await store(create: true)
            return try await unlocking(by: asker) {
                var birth = try await VaultBirth(password: password, foundation: foundation, store: store)
                try await birth.addUsualPlaces()
                let open = try birth.vault(foundation: foundation, store: store, lasting: lasting)
                try await open.writer.record([open.authorizer.entry(.vaultCreate, by: asker.asPerson)], with: birth.change)
                lasting.pending.belong(to: birth.organization)
                replaceOpen(open)
                admit(door, now: foundation.clock.steady())
                return (birth.organization, verifierKey: try open.verifierKey)
            }
        }
    }
}
