import Auditing
import Envelopes
import Model
import Storage

/// A vault in the moment it is made: its keys, and the rows that every vault has.
struct VaultBirth: Sendable {
    let organization: OrganizationID
    private let root: WrappingKey
    private let organizationKey: WrappingKey
    private let names: NamedRecords
    private let slotRow: Record
    private(set) var change = Change()

    init(password: SecretValue, foundation: Vault.Foundation, store: any VaultStore) async throws {
        let random = foundation.random
        organization = OrganizationID(random: random)
        root = WrappingKey.generate(random: random)
        organizationKey = WrappingKey.generate(random: random)
        let keyring = try Keyring(
            organization: organization, root: LocalRootKey(key: root), rootGeneration: 1, organizationKey: organizationKey,
            organizationGeneration: 1, store: store)
        let book = RecordBook(keyring: keyring, store: store)
        let vault = VaultRecord(createdAt: foundation.clock.now(), rootGeneration: 1)
        change.put(book.make(.vault, id: AnyRecordID(random: random), parent: nil, name: nil, content: vault.encoded), replacing: nil)
        names = NamedRecords(keyring: keyring, book: book, random: random, clock: foundation.clock)
        change.put(try names.organizationRecord(named: SegmentName("default", of: .organization)), replacing: nil)
        change.add(.insertKey(try await keyring.wrappedOrganizationKey(under: LocalRootKey(key: root), generation: 1)))
        let slots = SlotMaker(foundation: foundation, book: book, root: root, rootGeneration: 1)
        slotRow = try slots.passwordSlot(password)
        change.put(slotRow, replacing: nil)
    }

    /// Adds the project and environment that a vault begins with.
    mutating func addUsualPlaces() async throws {
        let project = try await names.makeProject(SegmentName("default", of: .project), change: &change)
        try names.makeEnvironment(SegmentName("dev", of: .environment), in: project, change: &change)
    }

    /// The vault, unlocked, before its first entry is written. `digest` is that over the rows that are stored already.
    func vault(
        foundation: Vault.Foundation, store: any VaultStore, lasting: Lasting? = nil, digest: RecordsDigest = RecordsDigest()
    ) throws -> OpenVault {
        let keyring = try Keyring(
            organization: organization, root: LocalRootKey(key: root), rootGeneration: 1, organizationKey: organizationKey,
            organizationGeneration: 1, store: store)
        let own = Lasting(sessions: SessionBook(), ongoing: OngoingActs(), pending: PendingBook(foundation.pending))
        return try OpenVault(
            keyring: keyring, store: store, foundation: foundation, lasting: lasting ?? own,
            log: LogState(start: LogHead(organization: organization), head: LogHead(organization: organization), digest: digest))
    }

    /// The way in that the password opens, as if it had been tried.
    func slot() throws -> OpenedSlot { OpenedSlot(row: slotRow, record: try SlotRecord(decoding: slotRow.content), root: root) }
}
