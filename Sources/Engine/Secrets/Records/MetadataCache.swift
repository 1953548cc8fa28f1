import Model
import Storage
import Synchronization

/// Metadata of secrets that was opened since the unlock, for lists. An entry holds only as long as its row is the very same (by MAC).
final class MetadataCache: Sendable {
    struct Entry: Sendable {
        var record: SecretRecord
        var metadata: SecretMetadata
    }

    private let known = Mutex<[AnyRecordID: Entry]>([:])

    /// The secrets of an environment, in the order of their ids.
    func rows(of place: Place, in vault: OpenVault) async throws -> [Entry] {
        var entries: [Entry] = []
        var after: AnyRecordID?
        while true {
            let page = try await vault.store.records(
                .secret, parent: place.environment.cast(), after: after, limit: 2000, in: place.organization)
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

    private func open(_ row: Record, in place: Place, _ vault: OpenVault) async throws -> Entry {
        try vault.book.check(row)
        let record = try SecretRecord(row, place: place)
        let entry = Entry(record: record, metadata: try await vault.shelf.metadata(record))
        known.withLock { $0[row.id] = entry }
        return entry
    }
}
