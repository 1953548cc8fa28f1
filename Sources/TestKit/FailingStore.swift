package import Model
package import Storage
import Synchronization

/// A store that breaks at its n-th call, either before it did anything or after it did everything and the answer was lost.
package final class FailingStore: BatchStore, RecordStore, SealedStore, LogStore, StoreUpkeep {
    /// When a call breaks.
    package enum Moment: String, Sendable, CaseIterable {
        case before
        /// The work is done, and the caller does not learn it.
        case after
    }

    private let store: any VaultStore
    private let moment: Moment
    private let failing: Int
    private let error: StoreError
    private let calls = Mutex(0)

    /// Wraps a store whose call number `failing` (from 1) breaks with `error`; all others pass.
    package init(_ store: any VaultStore, failing: Int, _ moment: Moment, error: StoreError = .failed("injected")) {
        self.store = store
        self.failing = failing
        self.moment = moment
        self.error = error
    }

    /// How many calls there were, the broken one included.
    package var callCount: Int { calls.withLock { $0 } }

    /// Whether the call that was to break has come.
    package var hasFailed: Bool { callCount >= failing }

    package func commit(_ batches: [Batch]) async throws -> [Result<Void, StoreError>] {
        try await call { try await store.commit(batches) }
    }

    package func record(_ kind: RecordKind, id: AnyRecordID, in organization: OrganizationID) async throws -> Record? {
        try await call { try await store.record(kind, id: id, in: organization) }
    }

    package func record(_ kind: RecordKind, lookup: [UInt8], in organization: OrganizationID) async throws -> Record? {
        try await call { try await store.record(kind, lookup: lookup, in: organization) }
    }

    package func records(
        _ kind: RecordKind, parent: AnyRecordID?, after: AnyRecordID?, limit: Int, in organization: OrganizationID
    ) async throws -> [Record] {
        try await call { try await store.records(kind, parent: parent, after: after, limit: limit, in: organization) }
    }

    package func forEachRecord(in organization: OrganizationID, _ body: @Sendable ([Record]) throws -> Void) async throws {
        try await call { try await store.forEachRecord(in: organization, body) }
    }

    package func organizations() async throws -> [OrganizationID] {
        try await call { try await store.organizations() }
    }

    package func keys(of owner: AnyRecordID, in organization: OrganizationID) async throws -> [StoredKey] {
        try await call { try await store.keys(of: owner, in: organization) }
    }

    package func version(_ number: Int64, of secret: SecretID, in organization: OrganizationID) async throws -> StoredVersion? {
        try await call { try await store.version(number, of: secret, in: organization) }
    }

    package func versions(of secret: SecretID, in organization: OrganizationID) async throws -> [StoredVersion] {
        try await call { try await store.versions(of: secret, in: organization) }
    }

    package func field(_ address: FieldAddress, in organization: OrganizationID) async throws -> SealedField? {
        try await call { try await store.field(address, in: organization) }
    }

    package func fields(of secret: SecretID, version: Int64, in organization: OrganizationID) async throws -> [SealedField] {
        try await call { try await store.fields(of: secret, version: version, in: organization) }
    }

    package func versions(_ ranges: [VersionRange], upTo byteCount: Int, in organization: OrganizationID) async throws -> [SealedVersion] {
        try await call { try await store.versions(ranges, upTo: byteCount, in: organization) }
    }

    package func dataKeys(
        of secrets: [SecretID], notUnder generation: Int64, after: FieldAddress?, limit: Int, in organization: OrganizationID
    ) async throws -> [StoredDataKey] {
        try await call { try await store.dataKeys(of: secrets, notUnder: generation, after: after, limit: limit, in: organization) }
    }

    package func versionCount(inEnvironment environment: EnvironmentID, in organization: OrganizationID) async throws -> Int64 {
        try await call { try await store.versionCount(inEnvironment: environment, in: organization) }
    }

    package func entryCount(in organization: OrganizationID) async throws -> Int64 {
        try await call { try await store.entryCount(in: organization) }
    }

    package func entries(from index: Int64, limit: Int, in organization: OrganizationID) async throws -> [StoredEntry] {
        try await call { try await store.entries(from: index, limit: limit, in: organization) }
    }

    package func checkpoints(from size: Int64, in organization: OrganizationID) async throws -> [StoredCheckpoint] {
        try await call { try await store.checkpoints(from: size, in: organization) }
    }

    package func checkpoint(ofSize size: Int64, in organization: OrganizationID) async throws -> StoredCheckpoint? {
        try await call { try await store.checkpoint(ofSize: size, in: organization) }
    }

    package func lastCheckpoint(in organization: OrganizationID) async throws -> StoredCheckpoint? {
        try await call { try await store.lastCheckpoint(in: organization) }
    }

    package func eraseFreed() async throws {
        try await call { try await store.eraseFreed() }
    }

    package func close() async { await store.close() }

    private func call<Value>(_ body: () async throws -> Value) async throws -> Value {
        let number = calls.withLock { calls in
            calls += 1
            return calls
        }
        if number == failing, moment == .before { throw error }
        let value = try await body()
        if number == failing { throw error }
        return value
    }
}

/// Runs an operation on fresh stores, breaking call 1, then call 2, … until one run is left whole, in both ways a call can break.
///
/// `check` looks at the store after each run, with the call that broke, or nil when none did; the operation may throw only in a run that broke.
@discardableResult
package func failEachCall(
    error: StoreError = .failed("injected"), atMost limit: Int = 1000,
    store makeStore: () async throws -> any VaultStore,
    operation: (FailingStore) async throws -> Void,
    check: (any VaultStore, BrokenCall?) async throws -> Void
) async throws -> Int {
    var runs = 0
    for moment in FailingStore.Moment.allCases {
        for number in 1...limit {
            let store = try await makeStore()
            let failing = FailingStore(store, failing: number, moment, error: error)
            do { try await operation(failing) } catch  where failing.hasFailed {}
            runs += 1
            try await check(store, failing.hasFailed ? BrokenCall(number: number, moment: moment) : nil)
            if !failing.hasFailed { break }
            if number == limit { throw TestFailure("the operation still broke at call \(limit)") }
        }
    }
    return runs
}

/// Which call of a store broke, and how.
package struct BrokenCall: Sendable, Equatable, CustomStringConvertible {
    package let number: Int
    package let moment: FailingStore.Moment

    package var description: String { "call \(number), \(moment.rawValue) it was done" }
}
