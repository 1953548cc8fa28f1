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
        try await gate.pass { [self] in
            if foundation.storeExists(), try await !store().organizations().isEmpty { throw EngineError.vaultExists }
            guard password.byteCount >= Self.minimumPasswordBytes else { throw EngineError.passwordTooShort }
            let store = try await store(create: true)
            return try await unlocking(by: asker) {
                let birth = try await Birth(password: password, foundation: foundation, store: store)
                let open = try await birth.open(foundation: foundation, store: store, lasting: lasting)
                try await open.writer.record([open.authorizer.entry(.vaultCreate, by: asker.asPerson)], with: birth.change)
                replaceOpen(open)
                admit(door, now: foundation.clock.steady())
                return (birth.organization, verifierKey: open.verifierKey)
            }
        }
    }
}

/// A vault in the moment it is made.
private struct Birth {
    let organization: OrganizationID
    let root: WrappingKey
    let organizationKey: WrappingKey
    var change = Change()

    init(password: SecretValue, foundation: Vault.Foundation, store: any VaultStore) async throws {
        let random = foundation.random
        organization = OrganizationID(random: random)
        root = WrappingKey.generate(random: random)
        organizationKey = WrappingKey.generate(random: random)
        let keyring = try Keyring(
            organization: organization, root: LocalRootKey(key: root), rootGeneration: 1, organizationKey: organizationKey,
            organizationGeneration: 1, store: store)
        let book = RecordBook(keyring: keyring, store: store)
        let now = foundation.clock.now()
        let vault = VaultRecord(createdAt: now, rootGeneration: 1)
        change.put(book.make(.vault, id: AnyRecordID(random: random), parent: nil, name: nil, content: vault.encoded), replacing: nil)
        let names = NamedRecords(keyring: keyring, book: book, random: random, clock: foundation.clock)
        change.put(try names.organizationRecord(named: SegmentName("default", of: .organization)), replacing: nil)
        change.add(.insertKey(try await keyring.wrappedOrganizationKey(under: root, generation: 1)))
        let slots = SlotMaker(foundation: foundation, book: book, root: root, rootGeneration: 1)
        change.put(try slots.passwordSlot(password), replacing: nil)
        let project = try await names.makeProject(SegmentName("default", of: .project), change: &change)
        _ = try names.makeEnvironment(SegmentName("dev", of: .environment), in: project, change: &change)
    }

    func open(foundation: Vault.Foundation, store: any VaultStore, lasting: Lasting) async throws -> OpenVault {
        let keyring = try Keyring(
            organization: organization, root: LocalRootKey(key: root), rootGeneration: 1, organizationKey: organizationKey,
            organizationGeneration: 1, store: store)
        return try OpenVault(
            keyring: keyring, store: store, foundation: foundation, lasting: lasting,
            log: LogState(head: LogHead(organization: organization), digest: RecordsDigest()))
    }
}
