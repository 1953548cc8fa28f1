import Model
import Storage
import TestKit

/// Everything that a store holds, to be copied, put back or tampered with.
struct StoreDump: Sendable {
    var records: [Record] = []
    var keys: [StoredKey] = []
    var versions: [StoredVersion] = []
    var fields: [SealedField] = []
    var entries: [StoredEntry] = []
    var checkpoints: [StoredCheckpoint] = []

    init(of store: any VaultStore) async throws {
        guard let organization = try await store.organizations().first else { return }
        // Parents before what lies in them.
        for kind in RecordKind.allCases {
            records += try await store.records(kind, parent: nil, after: nil, limit: .max, in: organization)
        }
        for record in records where record.kind == .organization || record.kind == .project {
            keys += try await store.keys(of: record.id, in: organization)
        }
        for record in records where record.kind == .secret {
            for version in try await store.versions(of: record.id.cast(), in: organization) {
                versions.append(version)
                fields += try await store.fields(of: record.id.cast(), version: version.number, in: organization)
            }
        }
        entries = try await store.entries(from: 0, limit: .max, in: organization)
        checkpoints = try await store.checkpoints(from: 0, in: organization)
    }

    /// A store that holds this.
    func load() async throws -> InMemoryStore {
        let store = InMemoryStore(logStart: entries.first?.index ?? 0)
        var operations: [Batch.Operation] = records.map { .put($0, replacing: nil) }
        operations += keys.map { .insertKey($0) }
        operations += versions.map { .insertVersion($0) }
        operations += fields.flatMap { [.insertDataKey($0.key), .insertCiphertext($0.ciphertext)] }
        operations += entries.map { .append($0) }
        operations += checkpoints.map { .insertCheckpoint($0) }
        for result in try await store.commit([Batch(operations)]) { try result.get() }
        return store
    }

    /// The position of the n-th record of a kind.
    func position(_ kind: RecordKind, _ number: Int = 0) throws -> Int {
        let positions = records.indices.filter { records[$0].kind == kind }
        guard positions.indices.contains(number) else { throw TestFailure("there is no such record") }
        return positions[number]
    }

    /// The position of a secret's field.
    func field(_ secret: SecretID, version: Int64, ordinal: Int64) throws -> Int {
        let address = FieldAddress(secret: secret, version: version, ordinal: ordinal)
        guard let position = fields.firstIndex(where: { $0.key.address == address }) else { throw TestFailure("there is no such field") }
        return position
    }
}
