import Model
import Storage
import Synchronization

/// The calls that a store got, by name.
final class CallLog: Sendable {
    private let state = Mutex<[String]>([])
    var calls: [String] { state.withLock { $0 } }
    func add(_ name: String) { state.withLock { $0.append(name) } }
    func clear() { state.withLock { $0 = [] } }
}

/// Notes every call and does what a test says before and after it.
final class HookedStore: BatchStore, RecordStore, SealedStore, LogStore, StoreUpkeep {
    private let first: any VaultStore
    private let other: (store: any VaultStore, isOn: Flag)?
    private let log: CallLog
    private let before: @Sendable (String) async throws -> Void
    private let after: @Sendable (String) async throws -> Void
    private let displaced: @Sendable () -> StoreError?

    /// `other` takes the store's place as soon as its flag is set.
    init(
        _ store: any VaultStore, _ log: CallLog = CallLog(), other: (store: any VaultStore, isOn: Flag)? = nil,
        before: @escaping @Sendable (String) async throws -> Void = { _ in }, after: @escaping @Sendable (String) async throws -> Void = { _ in },
        displaced: @escaping @Sendable () -> StoreError? = { nil }
    ) {
        first = store
        self.other = other
        self.log = log
        self.after = after
        self.before = before
        self.displaced = displaced
    }

    private var store: any VaultStore { if let other, other.isOn.isSet { other.store } else { first } }

    private func call<Value>(_ name: String, _ body: () async throws -> Value) async throws -> Value {
        log.add(name)
        try await before(name)
        let value = try await body()
        try await after(name)
        return value
    }

    func commit(_ batches: [Batch]) async throws -> [Result<Void, StoreError>] {
        try await call("commit") { try await store.commit(batches) }
    }

    func record(_ kind: RecordKind, id: AnyRecordID, in organization: OrganizationID) async throws -> Record? {
        try await call("record") { try await store.record(kind, id: id, in: organization) }
    }

    func record(_ kind: RecordKind, lookup: [UInt8], in organization: OrganizationID) async throws -> Record? {
        try await call("record") { try await store.record(kind, lookup: lookup, in: organization) }
    }

    func records(_ kind: RecordKind, parent: AnyRecordID?, after: AnyRecordID?, limit: Int, in organization: OrganizationID) async throws -> [Record]
    {
        try await call("records") { try await store.records(kind, parent: parent, after: after, limit: limit, in: organization) }
    }

    func versions(_ ranges: [VersionRange], upTo byteCount: Int, in organization: OrganizationID) async throws -> [SealedVersion] {
        try await call("versions") { try await store.versions(ranges, upTo: byteCount, in: organization) }
    }

    func forEachRecord(in organization: OrganizationID, _ body: @Sendable ([Record]) throws -> Void) async throws {
        try await call("forEachRecord") { try await store.forEachRecord(in: organization, body) }
    }

    func organizations() async throws -> [OrganizationID] {
        try await call("organizations") { try await store.organizations() }
    }

    func keys(of owner: AnyRecordID, in organization: OrganizationID) async throws -> [StoredKey] {
        try await call("keys") { try await store.keys(of: owner, in: organization) }
    }

    func version(_ number: Int64, of secret: SecretID, in organization: OrganizationID) async throws -> StoredVersion? {
        try await call("version") { try await store.version(number, of: secret, in: organization) }
    }

    func versions(of secret: SecretID, in organization: OrganizationID) async throws -> [StoredVersion] {
        try await call("versions") { try await store.versions(of: secret, in: organization) }
    }

    func field(_ address: FieldAddress, in organization: OrganizationID) async throws -> SealedField? {
        try await call("field") { try await store.field(address, in: organization) }
    }

    func fields(of secret: SecretID, version: Int64, in organization: OrganizationID) async throws -> [SealedField] {
        try await call("fields") { try await store.fields(of: secret, version: version, in: organization) }
    }

    func dataKeys(
        of secrets: [SecretID], notUnder generation: Int64, after: FieldAddress?, limit: Int, in organization: OrganizationID
    ) async throws -> [StoredDataKey] {
        try await call("dataKeys") { try await store.dataKeys(of: secrets, notUnder: generation, after: after, limit: limit, in: organization) }
    }

    func versionCount(inEnvironment environment: EnvironmentID, in organization: OrganizationID) async throws -> Int64 {
        try await call("versionCount") { try await store.versionCount(inEnvironment: environment, in: organization) }
    }

    func entryCount(in organization: OrganizationID) async throws -> Int64 {
        try await call("entryCount") { try await store.entryCount(in: organization) }
    }

    func entries(from index: Int64, limit: Int, in organization: OrganizationID) async throws -> [StoredEntry] {
        try await call("entries") { try await store.entries(from: index, limit: limit, in: organization) }
    }

    func checkpoints(from size: Int64, in organization: OrganizationID) async throws -> [StoredCheckpoint] {
        try await call("checkpoints") { try await store.checkpoints(from: size, in: organization) }
    }

    func checkpoint(ofSize size: Int64, in organization: OrganizationID) async throws -> StoredCheckpoint? {
        try await call("checkpoint") { try await store.checkpoint(ofSize: size, in: organization) }
    }

    func lastCheckpoint(in organization: OrganizationID) async throws -> StoredCheckpoint? {
        try await call("lastCheckpoint") { try await store.lastCheckpoint(in: organization) }
    }

    func eraseFreed() async throws {
        try await call("eraseFreed") { try await store.eraseFreed() }
    }

    func close() async {
        log.add("close")
        await store.close()
        try? await after("close")
    }

    var displacement: StoreError? { displaced() }
}
