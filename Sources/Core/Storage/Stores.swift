package import Model

/// Takes atomic changes.
package protocol BatchStore: Sendable {
    /// Stores every batch that holds, each whole or not at all, and returns for each whether it did; all that succeed are durable on return.
    ///
    /// Batches are applied in order, and a failed one does not disturb the others. Throws when the store as a whole failed (disk full, connection
    /// lost): then none of them is stored.
    nonisolated(nonsending) func commit(_ batches: [Batch]) async throws -> [Result<Void, StoreError>]

    /// Where a commit may wait for the disk: whoever commits from there holds up nobody else. Nil where it does not matter.
    var writingExecutor: (any SerialExecutor & TaskExecutor)? { get }
}

extension BatchStore {
    package var writingExecutor: (any SerialExecutor & TaskExecutor)? { nil }
}

/// Reads mutable records.
package protocol RecordStore: Sendable {
    func record(_ kind: RecordKind, id: AnyRecordID, in organization: OrganizationID) async throws -> Record?
    func record(_ kind: RecordKind, lookup: [UInt8], in organization: OrganizationID) async throws -> Record?
    /// The records of one kind, by id; `parent` narrows, `after` goes on from an id, at most `limit`.
    func records(
        _ kind: RecordKind, parent: AnyRecordID?, after: AnyRecordID?, limit: Int, in organization: OrganizationID
    ) async throws -> [Record]
    /// Every record of the organization, kind by kind and by id, in slices; for the digest.
    func forEachRecord(in organization: OrganizationID, _ body: @Sendable ([Record]) throws -> Void) async throws
    /// The organizations that have records.
    func organizations() async throws -> [OrganizationID]
}

/// Reads keys, versions and sealed fields.
package protocol SealedStore: Sendable {
    /// The wrapped keys of an organization or project, newest generation first.
    func keys(of owner: AnyRecordID, in organization: OrganizationID) async throws -> [StoredKey]
    /// One version; nil when there is none of that number.
    func version(_ number: Int64, of secret: SecretID, in organization: OrganizationID) async throws -> StoredVersion?
    /// A secret's versions, newest first.
    func versions(of secret: SecretID, in organization: OrganizationID) async throws -> [StoredVersion]
    /// One field; nil when there is none at that address.
    func field(_ address: FieldAddress, in organization: OrganizationID) async throws -> SealedField?
    /// The fields of one version in order of their ordinals, the manifest first.
    func fields(of secret: SecretID, version: Int64, in organization: OrganizationID) async throws -> [SealedField]
    /// The data keys of secrets, given by id in order, that are not wrapped under `generation`: by secret, version and field; `after` goes on behind a field, at
    /// most `limit`. For rotation.
    func dataKeys(
        of secrets: [SecretID], notUnder generation: Int64, after: FieldAddress?, limit: Int, in organization: OrganizationID
    ) async throws -> [StoredDataKey]
    /// How many versions the secrets of an environment have.
    func versionCount(inEnvironment environment: EnvironmentID, in organization: OrganizationID) async throws -> Int64
    /// Versions of secrets with their fields, secret by secret in the order of `ranges` and from the oldest on: as many as have `byteCount` bytes together, one
    /// at least. A version that is not there is left out.
    func versions(_ ranges: [VersionRange], upTo byteCount: Int, in organization: OrganizationID) async throws -> [SealedVersion]
}

/// Reads the audit log.
package protocol LogStore: Sendable {
    /// How many entries there are, those counted that were pruned: the index that the next one takes.
    func entryCount(in organization: OrganizationID) async throws -> Int64
    /// The entries from `index` on, in order, at most `limit`.
    func entries(from index: Int64, limit: Int, in organization: OrganizationID) async throws -> [StoredEntry]
    /// The checkpoints, oldest first, from tree size `size` on.
    func checkpoints(from size: Int64, in organization: OrganizationID) async throws -> [StoredCheckpoint]
    /// The checkpoint of this size; nil when there is none.
    func checkpoint(ofSize size: Int64, in organization: OrganizationID) async throws -> StoredCheckpoint?
    func lastCheckpoint(in organization: OrganizationID) async throws -> StoredCheckpoint?
}

/// Keeps a store's file in order.
package protocol StoreUpkeep: Sendable {
    /// Makes purged bytes unreadable in the raw files (WAL truncated, free pages overwritten).
    func eraseFreed() async throws
    /// Closes the store; later calls throw.
    func close() async
    /// Why the store's place does not lead to what was opened there any more; nil while it does. It looks anew at each call, and costs no more than that.
    var displacement: StoreError? { get }
}

extension StoreUpkeep {
    package var displacement: StoreError? { nil }
}

/// Everything a vault needs of a store.
package typealias VaultStore = BatchStore & RecordStore & SealedStore & LogStore & StoreUpkeep
