package import Model
import Synchronization

/// A store that remembers single rows as they were read, until a batch changes them. Rows are sealed bytes, with their MACs: whoever reads them checks them as before.
///
/// It is for a store that one process holds: nobody else writes there.
package final class CachingStore: Sendable {
    fileprivate struct RecordKey: Hashable {
        var kind: RecordKind
        var id: AnyRecordID
        var organization: OrganizationID
    }

    fileprivate struct LookupKey: Hashable {
        var kind: RecordKind
        var lookup: [UInt8]
        var organization: OrganizationID
    }

    fileprivate struct FieldKey: Hashable {
        var address: FieldAddress
        var organization: OrganizationID
    }

    /// What was read; nil where nothing was there.
    fileprivate struct Rows {
        var records: [RecordKey: Record?] = [:]
        var lookups: [LookupKey: AnyRecordID?] = [:]
        var fields: [FieldKey: SealedField?] = [:]
        var byteCount = 0
    }

    private struct State {
        var rows = Rows()
        /// Counts the changes, and how many are on their way: what was read beside one of them may be from before it, and is not kept.
        var changes = 0
        var underway = 0

        var round: Int? { underway == 0 ? changes : nil }
    }

    private let store: any VaultStore
    private let state = Mutex(State())

    package init(_ store: any VaultStore) { self.store = store }

    /// Answers from memory, or reads and remembers.
    private func remembered<Row>(
        _ known: (Rows) -> Row??, _ keep: (inout Rows, Row?) -> Void, _ read: () async throws -> Row?
    ) async throws -> Row? {
        let (row, round) = state.withLock { (known($0.rows), $0.round) }
        if let row { return row }
        let read = try await read()
        state.withLock { state in if let round, state.round == round { keep(&state.rows, read) } }
        return read
    }

    /// Forgets what batches change, before it does and once it may have.
    private func change(_ batches: [Batch], by count: Int) {
        state.withLock { state in
            state.changes += 1
            state.underway += count
            for batch in batches { for operation in batch.operations { state.rows.forget(operation) } }
        }
    }
}

extension CachingStore.Rows {
    /// A row of more is read each time; beyond so many bytes all are forgotten. Each costs something besides its bytes.
    private static var amounts: (row: Int, all: Int, besides: Int) { (64 << 10, 16 << 20, 512) }

    func record(_ kind: RecordKind, _ lookup: [UInt8], _ organization: OrganizationID) -> Record?? {
        guard let id = lookups[.init(kind: kind, lookup: lookup, organization: organization)] else { return nil }
        guard let id else { return .some(nil) }
        // One that was renamed is found by another name now.
        guard let record = records[.init(kind: kind, id: id, organization: organization)], record?.lookup == lookup else { return nil }
        return record
    }

    mutating func keep(_ record: Record?, _ key: CachingStore.RecordKey) {
        guard hasRoom(record?.content.count ?? 0) else { return }
        records[key] = .some(record)
    }

    mutating func keep(_ record: Record?, _ key: CachingStore.LookupKey) {
        if let record { keep(record, .init(kind: key.kind, id: record.id, organization: key.organization)) }
        guard hasRoom(0) else { return }
        lookups[key] = .some(record?.id)
    }

    mutating func keep(_ field: SealedField?, _ key: CachingStore.FieldKey) {
        guard hasRoom(field?.ciphertext.sealed.count ?? 0) else { return }
        fields[key] = .some(field)
    }

    private mutating func hasRoom(_ count: Int) -> Bool {
        guard count <= Self.amounts.row else { return false }
        if byteCount > Self.amounts.all { self = .init() }
        // What is forgotten meanwhile still counts: then all are forgotten a little earlier.
        byteCount += count + Self.amounts.besides
        return true
    }

    mutating func forget(_ operation: Batch.Operation) {
        switch operation {
        case .append, .insertCheckpoint, .pruneLog, .insertKey, .deleteKey, .expectNewestKey, .insertVersion: break
        case .put(let record, _):
            forget(record.kind, record.id, record.organization)
            if let lookup = record.lookup { lookups[.init(kind: record.kind, lookup: lookup, organization: record.organization)] = nil }
        case .remove(let kind, let id, _, let organization):
            forget(kind, id, organization)
            if kind == .secret { fields = fields.filter { $0.key.address.secret != id.cast() } }
        case .insertDataKey(let key), .rewrapDataKey(let key, _): forget(key.address, key.organization)
        case .insertCiphertext(let ciphertext): forget(ciphertext.address, ciphertext.organization)
        case .deleteDataKey(let address, _, _, let organization): forget(address, organization)
        case .deleteCiphertext(let address, _, let organization): forget(address, organization)
        case .deleteVersion(let secret, let number, _):
            fields = fields.filter { $0.key.address.secret != secret || $0.key.address.version != number }
        case .rewriteRecords: (records, lookups) = ([:], [:])
        }
    }

    private mutating func forget(_ kind: RecordKind, _ id: AnyRecordID, _ organization: OrganizationID) {
        records[.init(kind: kind, id: id, organization: organization)] = nil
    }

    private mutating func forget(_ address: FieldAddress, _ organization: OrganizationID) {
        guard !fields.isEmpty else { return }
        fields[.init(address: address, organization: organization)] = nil
    }
}

extension CachingStore: BatchStore {
    package var writingExecutor: (any SerialExecutor & TaskExecutor)? { store.writingExecutor }

    package nonisolated(nonsending) func commit(_ batches: [Batch]) async throws -> [Result<Void, StoreError>] {
        guard batches.contains(where: { $0.operations.contains(where: \.changesRows) }) else { return try await store.commit(batches) }
        change(batches, by: 1)
        defer { change(batches, by: -1) }
        return try await store.commit(batches)
    }
}

extension Batch.Operation {
    /// Whether a row may be remembered that is another one afterwards.
    fileprivate var changesRows: Bool {
        switch self {
        case .append, .insertCheckpoint, .pruneLog, .insertKey, .deleteKey, .expectNewestKey, .insertVersion: false
        default: true
        }
    }
}

extension CachingStore: RecordStore {
    package func record(_ kind: RecordKind, id: AnyRecordID, in organization: OrganizationID) async throws -> Record? {
        let key = RecordKey(kind: kind, id: id, organization: organization)
        return try await remembered {
            $0.records[key]
        } _: {
            $0.keep($1, key)
        } _: {
            try await store.record(kind, id: id, in: organization)
        }
    }

    package func record(_ kind: RecordKind, lookup: [UInt8], in organization: OrganizationID) async throws -> Record? {
        let key = LookupKey(kind: kind, lookup: lookup, organization: organization)
        return try await remembered {
            $0.record(kind, lookup, organization)
        } _: {
            $0.keep($1, key)
        } _: {
            try await store.record(kind, lookup: lookup, in: organization)
        }
    }

    package func records(
        _ kind: RecordKind, parent: AnyRecordID?, after: AnyRecordID?, limit: Int, in organization: OrganizationID
    ) async throws -> [Record] { try await store.records(kind, parent: parent, after: after, limit: limit, in: organization) }

    package func forEachRecord(in organization: OrganizationID, _ body: @Sendable ([Record]) throws -> Void) async throws {
        try await store.forEachRecord(in: organization, body)
    }

    package func organizations() async throws -> [OrganizationID] { try await store.organizations() }
}

extension CachingStore: SealedStore {
    package func field(_ address: FieldAddress, in organization: OrganizationID) async throws -> SealedField? {
        let key = FieldKey(address: address, organization: organization)
        return try await remembered {
            $0.fields[key]
        } _: {
            $0.keep($1, key)
        } _: {
            try await store.field(address, in: organization)
        }
    }

    package func keys(of owner: AnyRecordID, in organization: OrganizationID) async throws -> [StoredKey] {
        try await store.keys(of: owner, in: organization)
    }

    package func version(_ number: Int64, of secret: SecretID, in organization: OrganizationID) async throws -> StoredVersion? {
        try await store.version(number, of: secret, in: organization)
    }

    package func versions(of secret: SecretID, in organization: OrganizationID) async throws -> [StoredVersion] {
        try await store.versions(of: secret, in: organization)
    }

    package func fields(of secret: SecretID, version: Int64, in organization: OrganizationID) async throws -> [SealedField] {
        try await store.fields(of: secret, version: version, in: organization)
    }

    package func versions(_ ranges: [VersionRange], upTo byteCount: Int, in organization: OrganizationID) async throws -> [SealedVersion] {
        try await store.versions(ranges, upTo: byteCount, in: organization)
    }

    package func dataKeys(
        of secrets: [SecretID], notUnder generation: Int64, after: FieldAddress?, limit: Int, in organization: OrganizationID
    ) async throws -> [StoredDataKey] {
        try await store.dataKeys(of: secrets, notUnder: generation, after: after, limit: limit, in: organization)
    }

    package func versionCount(inEnvironment environment: EnvironmentID, in organization: OrganizationID) async throws -> Int64 {
        try await store.versionCount(inEnvironment: environment, in: organization)
    }
}

extension CachingStore: LogStore {
    package func entryCount(in organization: OrganizationID) async throws -> Int64 { try await store.entryCount(in: organization) }

    package func entries(from index: Int64, limit: Int, in organization: OrganizationID) async throws -> [StoredEntry] {
        try await store.entries(from: index, limit: limit, in: organization)
    }

    package func checkpoints(from size: Int64, in organization: OrganizationID) async throws -> [StoredCheckpoint] {
        try await store.checkpoints(from: size, in: organization)
    }

    package func checkpoint(ofSize size: Int64, in organization: OrganizationID) async throws -> StoredCheckpoint? {
        try await store.checkpoint(ofSize: size, in: organization)
    }

    package func lastCheckpoint(in organization: OrganizationID) async throws -> StoredCheckpoint? {
        try await store.lastCheckpoint(in: organization)
    }
}

extension CachingStore: StoreUpkeep {
    package var displacement: StoreError? { store.displacement }

    package func eraseFreed() async throws { try await store.eraseFreed() }

    package func close() async {
        // What is closed answers nothing from memory either.
        state.withLock { ($0.rows, $0.underway) = (Rows(), 1 << 30) }
        await store.close()
    }
}
