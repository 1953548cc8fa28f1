import Auditing
import Brokering
import Envelopes
import Model
import Storage

/// One generation of the organization key, and what mutable rows, names and tokens need of it.
final class OrganizationKeys: Sendable {
    let generation: Int64
    /// Wraps the metadata keys of what belongs to no project.
    let key: WrappingKey
    /// Hashes badges.
    let tokens: MACKey
    /// What fake tokens are drawn from and found by (SPEC §14).
    let fakeTokens: FakeTokenKeys
    /// Stands on what the keeper remembers outside the vault.
    let memory: MACKey
    private let rows: MACKey
    private let blindIndex: MACKey

    init(_ key: WrappingKey, generation: Int64) throws {
        (self.key, self.generation) = (key, generation)
        tokens = try MACKey(material: key.derive(.token))
        fakeTokens = FakeTokenKeys(
            making: try MACKey(material: key.derive(.fakeToken)), index: try MACKey(material: key.derive(.fakeTokenIndex)))
        memory = try MACKey(material: key.derive(.rollbackMemory))
        rows = try MACKey(material: key.derive(.rowMAC))
        blindIndex = try MACKey(material: key.derive(.blindIndex))
    }

    /// The keyed index under which a name is found, without the name being stored.
    func lookup(_ kind: RecordKind, parent: AnyRecordID?, name: String) -> [UInt8] {
        var writer = CanonicalWriter(capacity: 64)
        writer.write(kind.rawValue)
        writer.write(optional: parent)
        writer.write(name)
        return blindIndex.code(over: writer.bytes)
    }

    /// The code over a mutable row.
    func code(over record: Record) -> [UInt8] { rows.code(over: RecordBook.macInput(record)) }

    /// Whether a row is as it was written under this key.
    func isGenuine(_ record: Record) -> Bool { rows.isValid(record.mac, over: RecordBook.macInput(record)) }

    /// The keys of the audit log.
    func audit(_ organization: OrganizationID) throws -> AuditWriter.Keys {
        AuditWriter.Keys(
            chain: try ChainKey(key.derive(.auditLog)),
            seal: try SealingKey(material: key.derive(.auditSeal)),
            digest: try DigestKey(key.derive(.recordsDigest)),
            signer: try CheckpointSigner(seed: key.derive(.checkpointSigning), origin: "tacit.local/\(organization)"))
    }
}
