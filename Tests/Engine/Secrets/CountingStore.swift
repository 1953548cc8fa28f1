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

/// Notes every call and, where a test says so, does something before it or changes what it answers.
final class CountingStore: BatchStore, RecordStore, SealedStore, LogStore, StoreUpkeep {
  private let store: any VaultStore
  private let log: CallLog
  private let before: @Sendable (String) async throws -> Void

  init(
    _ store: any VaultStore, _ log: CallLog = CallLog(),
    before: @escaping @Sendable (String) async throws -> Void = { _ in }
  ) {
    self.store = store
    self.log = log
    self.before = before
  }

  private func note(_ name: String) async throws {
    log.add(name)
    try await before(name)
  }

  func commit(_ batches: [Batch]) async throws -> [Result<Void, StoreError>] {
    try await note("commit")
    return try await store.commit(batches)
  }

  func record(_ kind: RecordKind, id: AnyRecordID, in organization: OrganizationID) async throws
    -> Record?
  {
    try await note("record")
    return try await store.record(kind, id: id, in: organization)
  }

  func record(_ kind: RecordKind, lookup: [UInt8], in organization: OrganizationID) async throws
    -> Record?
  {
    try await note("record")
    return try await store.record(kind, lookup: lookup, in: organization)
  }

  func records(
    _ kind: RecordKind, parent: AnyRecordID?, after: AnyRecordID?, limit: Int,
    in organization: OrganizationID
  ) async throws
    -> [Record]
  {
    try await note("records")
    return try await store.records(
      kind, parent: parent, after: after, limit: limit, in: organization)
  }

  func forEachRecord(in organization: OrganizationID, _ body: @Sendable ([Record]) throws -> Void)
    async throws
  {
    try await note("forEachRecord")
    try await store.forEachRecord(in: organization, body)
  }

  func organizations() async throws -> [OrganizationID] {
    try await note("organizations")
    return try await store.organizations()
  }

  func keys(of owner: AnyRecordID, in organization: OrganizationID) async throws -> [StoredKey] {
    try await note("keys")
    return try await store.keys(of: owner, in: organization)
  }

  func version(_ number: Int64, of secret: SecretID, in organization: OrganizationID) async throws
    -> StoredVersion?
  {
    try await note("version")
    return try await store.version(number, of: secret, in: organization)
  }

  func versions(of secret: SecretID, in organization: OrganizationID) async throws
    -> [StoredVersion]
  {
    try await note("versions")
    return try await store.versions(of: secret, in: organization)
  }

  func field(_ address: FieldAddress, in organization: OrganizationID) async throws -> SealedField?
  {
    try await note("field")
    return try await store.field(address, in: organization)
  }

  func fields(of secret: SecretID, version: Int64, in organization: OrganizationID) async throws
    -> [SealedField]
  {
    try await note("fields")
    return try await store.fields(of: secret, version: version, in: organization)
  }

  func dataKeys(
    inProject project: ProjectID, notUnder generation: Int64, limit: Int,
    in organization: OrganizationID
  ) async throws
    -> [StoredDataKey]
  {
    try await note("dataKeys")
    return try await store.dataKeys(
      inProject: project, notUnder: generation, limit: limit, in: organization)
  }

  func entryCount(in organization: OrganizationID) async throws -> Int64 {
    try await note("entryCount")
    return try await store.entryCount(in: organization)
  }

  func entries(from index: Int64, limit: Int, in organization: OrganizationID) async throws
    -> [StoredEntry]
  {
    try await note("entries")
    return try await store.entries(from: index, limit: limit, in: organization)
  }

  func checkpoints(from size: Int64, in organization: OrganizationID) async throws
    -> [StoredCheckpoint]
  {
    try await note("checkpoints")
    return try await store.checkpoints(from: size, in: organization)
  }

  func lastCheckpoint(in organization: OrganizationID) async throws -> StoredCheckpoint? {
    try await note("lastCheckpoint")
    return try await store.lastCheckpoint(in: organization)
  }

  func eraseFreed() async throws {
    try await note("eraseFreed")
    try await store.eraseFreed()
  }

  func close() async { await store.close() }
}
