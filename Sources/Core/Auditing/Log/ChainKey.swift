package import Model

/// The key that chains audit entries (SPEC §7.3).
package struct ChainKey: Sendable {
    private let hash: KeyedHash

    /// Takes the 32 bytes derived for the audit log.
    package init(_ material: SecretValue) throws(AuditingError) { hash = try KeyedHash(material) }

    /// The chain value of an entry: HMAC-SHA256 over label, organization, index, the value before it, and the entry's leaf hash.
    ///
    /// The leaf hash stands for the stored bytes, so that they are hashed once for chain and tree.
    func link(_ organization: OrganizationID, index: Int64, after previous: LogHash, leaf: LogHash) -> LogHash {
        let message = ChainMessage(organization: organization, index: index, previous: previous, leaf: leaf)
        return unsafe withUnsafeBytes(of: message) { unsafe hash.code(over: $0) }
    }
}

/// What a chain value is over, as it lies in memory: 112 bytes, every part of fixed length.
private struct ChainMessage: BitwiseCopyable {
    /// `tacit/v1/audit-log-chain`, 24 characters.
    private let label = (0x7461_6369_742f_7631 as UInt64).bigEndian
    private let labelMiddle = (0x2f61_7564_6974_2d6c as UInt64).bigEndian
    private let labelEnd = (0x6f67_2d63_6861_696e as UInt64).bigEndian
    private let organizationHigh: UInt64
    private let organizationLow: UInt64
    private let index: Int64
    private let previous: LogHash
    private let leaf: LogHash

    init(organization: OrganizationID, index: Int64, previous: LogHash, leaf: LogHash) {
        organizationHigh = organization.high.bigEndian
        organizationLow = organization.low.bigEndian
        self.index = index.bigEndian
        self.previous = previous
        self.leaf = leaf
    }
}
