import Model
import Storage
import Synchronization

/// Metadata of secrets that was opened since the unlock. An entry holds only as long as its row is the very same (by MAC).
final class MetadataCache: Sendable {
    struct Entry: Sendable {
        var record: SecretRecord
        var metadata: SecretMetadata
        /// The names of the current version's fields, once somebody asked.
        var fields: [String]?
    }

    private let known = Mutex<[AnyRecordID: Entry]>([:])

    /// The secrets of an environment, in the order of their ids.
    func rows(of place: Place, in vault: OpenVault) async throws -> [Entry] {
        var entries: [Entry] = []
        var after: AnyRecordID?
        while true {
            let page = try await vault.book.page(.secret, parent: place.environment.cast(), after: after, limit: 2000) { row in
                known.withLock { $0[row.id]?.record.row == row }
            }
            let cached = known.withLock { known in page.map { known[$0.id] } }
            for (row, entry) in zip(page, cached) {
                if let entry, entry.record.row == row {
                    entries.append(entry)
                } else {
                    entries.append(try await open(row, in: place, vault))
                }
            }
            after = page.last?.id
            if page.count < 2000 { return entries }
        }
    }

    /// What is sealed about a secret.
    func metadata(of secret: SecretRecord, in vault: OpenVault) async throws -> SecretMetadata {
        let id: AnyRecordID = secret.id.cast()
        if let entry = known.withLock({ $0[id] }), entry.record.row == secret.row { return entry.metadata }
        let metadata = try await vault.shelf.metadata(secret)
        known.withLock { $0[id] = Entry(record: secret, metadata: metadata) }
        return metadata
    }

    /// The names of the fields of a secret's current version; nil for one that was changed or purged meanwhile.
    func fields(of secret: SecretRecord, in vault: OpenVault) async throws -> [String]? {
        let id: AnyRecordID = secret.id.cast()
        if let entry = known.withLock({ $0[id] }), entry.record.row == secret.row, let fields = entry.fields { return fields }
        let fields: [String]
        do { fields = try await vault.shelf.manifest(secret, version: secret.current).fields.map(\.name.description) } catch {
            // What a purge took away is not damaged. A row that still promises a version that cannot be read is.
            guard try await vault.book.record(.secret, id: id)?.revision == secret.row?.revision else { return nil }
            throw error
        }
        known.withLock { known in
            if known[id]?.record.row == secret.row { known[id]?.fields = fields }
        }
        return fields
    }

    private func open(_ row: Record, in place: Place, _ vault: OpenVault) async throws -> Entry {
        let record = try SecretRecord(row, place: place)
        let entry = Entry(record: record, metadata: try await vault.shelf.metadata(record))
        known.withLock { $0[row.id] = entry }
        return entry
    }
}
