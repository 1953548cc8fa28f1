package import Model
package import Storage

/// A store in memory that keeps every promise of `VaultStore` but durability. Engine tests run on it.
package actor InMemoryStore: BatchStore, RecordStore, SealedStore, LogStore, StoreUpkeep {
    private var rows = StoredRows()
    private var isClosed = false
    private var outlives = false

    /// A store whose log, as one that was pruned, begins with some entry.
    package init(logStart: Int64 = 0) { rows.logStart = logStart }

    package func commit(_ batches: [Batch]) async throws -> [Result<Void, StoreError>] {
        try checkOpen()
        return batches.map { batch in
            let mark = rows.mark
            do throws(StoreError) {
                for operation in batch.operations { try rows.apply(operation) }
                return .success(())
            } catch {
                rows.rollBack(to: mark)
                return .failure(error)
            }
        }
    }

    package func record(_ kind: RecordKind, id: AnyRecordID, in organization: OrganizationID) async throws -> Record? {
        try checkOpen()
        return rows.records[Place(organization, id)].flatMap { $0.kind == kind ? $0 : nil }
    }

    package func record(_ kind: RecordKind, lookup: [UInt8], in organization: OrganizationID) async throws -> Record? {
        try checkOpen()
        return rows.lookups[Name(organization, kind, lookup)].flatMap { rows.records[Place(organization, $0)] }
    }

    package func records(
        _ kind: RecordKind, parent: AnyRecordID?, after: AnyRecordID?, limit: Int, in organization: OrganizationID
    ) async throws -> [Record] {
        try checkOpen()
        let found = rows.records.values.filter { record in
            guard record.organization == organization, record.kind == kind else { return false }
            return parent.map { record.parent == $0 } ?? true && after.map { record.id > $0 } ?? true
        }
        return Array(found.sorted { $0.id < $1.id }.prefix(max(0, limit)))
    }

    package func forEachRecord(in organization: OrganizationID, _ body: @Sendable ([Record]) throws -> Void) async throws {
        try checkOpen()
        let found = rows.records.values.filter { $0.organization == organization }
        let sorted = found.sorted { ($0.kind.rawValue, $0.id) < ($1.kind.rawValue, $1.id) }
        for start in stride(from: 0, to: sorted.count, by: 7) { try body(Array(sorted[start..<min(start + 7, sorted.count)])) }
    }

    package func organizations() async throws -> [OrganizationID] {
        try checkOpen()
        return Set(rows.records.keys.map(\.organization)).sorted()
    }

    package func keys(of owner: AnyRecordID, in organization: OrganizationID) async throws -> [StoredKey] {
        try checkOpen()
        return (rows.keys[Place(organization, owner)] ?? []).sorted { ($0.generation, $0.wrapping) > ($1.generation, $1.wrapping) }
    }

    package func version(_ number: Int64, of secret: SecretID, in organization: OrganizationID) async throws -> StoredVersion? {
        try checkOpen()
        return rows.versions[Place(organization, secret.cast())]?[number]?.version
    }

    package func versions(of secret: SecretID, in organization: OrganizationID) async throws -> [StoredVersion] {
        try checkOpen()
        return (rows.versions[Place(organization, secret.cast())] ?? [:]).values.map(\.version).sorted { $0.number > $1.number }
    }

    package func field(_ address: FieldAddress, in organization: OrganizationID) async throws -> SealedField? {
        try await fields(of: address.secret, version: address.version, in: organization).first { $0.key.address == address }
    }

    package func fields(of secret: SecretID, version: Int64, in organization: OrganizationID) async throws -> [SealedField] {
        try checkOpen()
        guard let version = rows.versions[Place(organization, secret.cast())]?[version] else { return [] }
        let pairs = version.keys.compactMap { key in
            version.ciphertexts.first { $0.address == key.address && $0.seal == key.seal }.map { SealedField(key: key, ciphertext: $0) }
        }
        let newest = Dictionary(grouping: pairs, by: \.key.address.ordinal).values.compactMap { pairs in
            pairs.max { $0.key.seal < $1.key.seal }
        }
        return newest.sorted { $0.key.address.ordinal < $1.key.address.ordinal }
    }

    package func versions(_ ranges: [VersionRange], upTo byteCount: Int, in organization: OrganizationID) async throws -> [SealedVersion] {
        var found: [SealedVersion] = []
        for range in ranges {
            for number in range.numbers where found.reduce(0, { $0 + $1.byteCount }) < byteCount {
                let fields = try await fields(of: range.secret, version: number, in: organization)
                if !fields.isEmpty { found.append(SealedVersion(secret: range.secret, number: number, fields: fields)) }
            }
        }
        return found
    }

    package func dataKeys(
        of secrets: [SecretID], notUnder generation: Int64, after: FieldAddress?, limit: Int, in organization: OrganizationID
    ) async throws -> [StoredDataKey] {
        try checkOpen()
        let versions = secrets.flatMap { (rows.versions[Place(organization, $0.cast())] ?? [:]).values }
        let keys = versions.flatMap(\.keys).filter { key in key.generation != generation && after.map { key.address > $0 } ?? true }
        return Array(keys.sorted { ($0.address, $0.seal) < ($1.address, $1.seal) }.prefix(max(0, limit)))
    }

    package func versionCount(inEnvironment environment: EnvironmentID, in organization: OrganizationID) async throws -> Int64 {
        try checkOpen()
        let secrets = rows.records.values.filter { $0.organization == organization && $0.kind == .secret && $0.parent == environment.cast() }
        return Int64(secrets.reduce(0) { $0 + (rows.versions[Place(organization, $1.id)]?.count ?? 0) })
    }

    package func entryCount(in organization: OrganizationID) async throws -> Int64 {
        try checkOpen()
        return rows.nextIndex(in: organization)
    }

    package func entries(from index: Int64, limit: Int, in organization: OrganizationID) async throws -> [StoredEntry] {
        try checkOpen()
        let entries = rows.entries[organization] ?? []
        return Array(entries.dropFirst(Int(max(0, index - (entries.first?.index ?? 0)))).prefix(max(0, limit)))
    }

    package func checkpoints(from size: Int64, in organization: OrganizationID) async throws -> [StoredCheckpoint] {
        try checkOpen()
        return (rows.checkpoints[organization] ?? []).filter { $0.size >= size }
    }

    package func checkpoint(ofSize size: Int64, in organization: OrganizationID) async throws -> StoredCheckpoint? {
        try checkOpen()
        return rows.checkpoints[organization]?.first { $0.size == size }
    }

    package func lastCheckpoint(in organization: OrganizationID) async throws -> StoredCheckpoint? {
        try checkOpen()
        return rows.checkpoints[organization]?.last
    }

    package func eraseFreed() async throws { try checkOpen() }

    package func close() async { isClosed = true }

    /// From now on it is there for the next one who opens it, as a file is.
    package func outliveClosing() { outlives = true }

    private func checkOpen() throws(StoreError) {
        guard !isClosed || outlives else { throw .closed }
    }
}
