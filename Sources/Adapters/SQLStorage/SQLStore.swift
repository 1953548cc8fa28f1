package import Model
package import Storage

/// A vault store over an SQL database. A driver says how a connection is come by; everything else follows from `SQLConnection`.
package protocol SQLStore: VaultStore {
    /// Lends a connection for reading. What it reads is what was committed before the call, or later.
    func read<Value: Sendable>(_ body: (any SQLConnection) throws(StoreError) -> Value) async throws(StoreError) -> Value
    /// Lends the connection for writing, to one caller at a time.
    nonisolated(nonsending) func write<Value: Sendable>(
        _ body: @Sendable (any SQLConnection) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value
}

extension SQLStore {
    package nonisolated(nonsending) func commit(_ batches: [Batch]) async throws -> [Result<Void, StoreError>] {
        try await write { connection throws(StoreError) in try connection.commit(batches) }
    }

    package func record(_ kind: RecordKind, id: AnyRecordID, in organization: OrganizationID) async throws -> Record? {
        try await read { connection throws(StoreError) in try connection.record(kind, id: id, in: organization) }
    }

    package func record(_ kind: RecordKind, lookup: [UInt8], in organization: OrganizationID) async throws -> Record? {
        try await read { connection throws(StoreError) in try connection.record(kind, lookup: lookup, in: organization) }
    }

    package func records(
        _ kind: RecordKind, parent: AnyRecordID?, after: AnyRecordID?, limit: Int, in organization: OrganizationID
    ) async throws -> [Record] {
        try await read { connection throws(StoreError) in
            try connection.records(kind, parent: parent, after: after, limit: limit, in: organization)
        }
    }

    package func forEachRecord(in organization: OrganizationID, _ body: @Sendable ([Record]) throws -> Void) async throws {
        let failure = try await read { connection throws(StoreError) in try connection.forEachRecord(in: organization, body) }
        if let failure { throw failure }
    }

    package func organizations() async throws -> [OrganizationID] {
        try await read { connection throws(StoreError) in try connection.organizations() }
    }

    package func keys(of owner: AnyRecordID, in organization: OrganizationID) async throws -> [StoredKey] {
        try await read { connection throws(StoreError) in try connection.keys(of: owner, in: organization) }
    }

    package func version(_ number: Int64, of secret: SecretID, in organization: OrganizationID) async throws -> StoredVersion? {
        try await read { connection throws(StoreError) in try connection.version(number, of: secret, in: organization) }
    }

    package func versions(of secret: SecretID, in organization: OrganizationID) async throws -> [StoredVersion] {
        try await read { connection throws(StoreError) in try connection.versions(of: secret, in: organization) }
    }

    package func field(_ address: FieldAddress, in organization: OrganizationID) async throws -> SealedField? {
        try await read { connection throws(StoreError) in try connection.field(address, in: organization) }
    }

    package func fields(of secret: SecretID, version: Int64, in organization: OrganizationID) async throws -> [SealedField] {
        try await read { connection throws(StoreError) in try connection.fields(of: secret, version: version, in: organization) }
    }

    package func versions(_ ranges: [VersionRange], upTo byteCount: Int, in organization: OrganizationID) async throws -> [SealedVersion] {
        try await read { connection throws(StoreError) in try connection.versions(ranges, upTo: byteCount, in: organization) }
    }

    package func dataKeys(
        of secrets: [SecretID], notUnder generation: Int64, after: FieldAddress?, limit: Int, in organization: OrganizationID
    ) async throws -> [StoredDataKey] {
        try await read { connection throws(StoreError) in
            try connection.dataKeys(of: secrets, notUnder: generation, after: after, limit: limit, in: organization)
        }
    }

    package func versionCount(inEnvironment environment: EnvironmentID, in organization: OrganizationID) async throws -> Int64 {
        try await read { connection throws(StoreError) in try connection.versionCount(inEnvironment: environment, in: organization) }
    }

    package func entryCount(in organization: OrganizationID) async throws -> Int64 {
        try await read { connection throws(StoreError) in try connection.nextPosition(in: organization) }
    }

    package func entries(from index: Int64, limit: Int, in organization: OrganizationID) async throws -> [StoredEntry] {
        try await read { connection throws(StoreError) in try connection.entries(from: index, limit: limit, in: organization) }
    }

    package func checkpoints(from size: Int64, in organization: OrganizationID) async throws -> [StoredCheckpoint] {
        try await read { connection throws(StoreError) in try connection.checkpoints(from: size, in: organization) }
    }

    package func checkpoint(ofSize size: Int64, in organization: OrganizationID) async throws -> StoredCheckpoint? {
        try await read { connection throws(StoreError) in try connection.checkpoint(ofSize: size, in: organization) }
    }

    package func lastCheckpoint(in organization: OrganizationID) async throws -> StoredCheckpoint? {
        try await read { connection throws(StoreError) in try connection.lastCheckpoint(in: organization) }
    }
}
