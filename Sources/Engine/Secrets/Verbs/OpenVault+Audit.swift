package import Auditing
import Envelopes
import Model
package import Storage

/// One entry, opened for a viewer who may see names.
package struct EntryView: Sendable {
    package var index: Int64
    package var entry: AuditEntry
}

/// What a verification found.
package struct VerificationReport: Sendable {
    package var verdict: LogVerdict
    package var checkpoints: Int
    /// Intents that have no outcome.
    package var missingOutcomes: [Int64] = []
}

extension OpenVault {
    /// Entries from an index on, opened; at most `limit`.
    package func auditEntries(from index: Int64, limit: Int, by asker: Asker) async throws -> [EntryView] {
        try await authorizer.authorizeReading(by: asker)
        return try await store.entries(from: index, limit: limit, in: organization).map { try opened($0) }
    }

    /// How many entries there are.
    package func auditEntryCount() async throws -> Int64 { try await store.entryCount(in: organization) }

    /// Stored entries as they lie in the log, for export.
    package func storedEntries(from index: Int64, limit: Int, by asker: Asker) async throws -> [StoredEntry] {
        try await authorizer.authorizeReading(by: asker)
        return try await store.entries(from: index, limit: limit, in: organization)
    }

    /// Signs a checkpoint over everything up to now.
    package func checkpoint(by asker: Asker) async throws -> (note: [UInt8], verifierKey: String)? {
        _ = try await authorizer.permit(Act(.auditCheckpoint, .administer, .person), by: asker, on: [])
        return try await writer.checkpoint().map { ($0.note, verifierKey) }
    }

    package func checkpoints(by asker: Asker) async throws -> [StoredCheckpoint] {
        _ = try await authorizer.permit(Act(.auditCheckpoint, .administer, .person), by: asker, on: [])
        return try await store.checkpoints(from: 0, in: organization)
    }

    /// Goes through the whole log. `trusted` are checkpoints that the person kept elsewhere.
    package func verifyAudit(trusted: [[UInt8]], by asker: Asker) async throws -> VerificationReport {
        try await authorizer.authorizeReading(by: asker)
        let keys = try keyring.auditKeys()
        let kept = try trusted.map { try SignedCheckpoint(parsing: $0) }
        // Entries that are appended while this runs are left for the next time.
        let size = await writer.state().head.size
        let stored = try await store.checkpoints(from: 0, in: organization).filter { $0.size <= size }
        let signed = try stored.map { try SignedCheckpoint(parsing: $0.note) }
        var verifier = try LogVerifier(
            organization: organization, key: keys.chain, verifierKey: verifierKey, checkpoints: signed, trusted: kept)
        var index: Int64 = 0
        while index < size {
            let page = try await store.entries(from: index, limit: Int(min(10_000, size - index)), in: organization)
            for entry in page {
                if let found = verifier.take(index: entry.index, sealed: entry.sealed, chain: entry.chain) {
                    return VerificationReport(verdict: .broken(found), checkpoints: signed.count)
                }
            }
            if page.isEmpty { break }
            index += Int64(page.count)
        }
        var report = VerificationReport(verdict: verifier.finish(), checkpoints: signed.count)
        report.missingOutcomes = try await missingOutcomes(upTo: size)
        return report
    }

    /// Intents of the last day of entries whose outcome never came.
    private func missingOutcomes(upTo size: Int64) async throws -> [Int64] {
        var open: Set<Int64> = []
        var index = max(0, size - 100_000)
        while index < size {
            let page = try await store.entries(from: index, limit: 5000, in: organization)
            if page.isEmpty { break }
            for stored in page {
                switch try opened(stored).entry.phase {
                case .intent: open.insert(stored.index)
                case .outcome(let intent, _): open.remove(intent)
                case .single: break
                }
            }
            index += Int64(page.count)
        }
        return open.sorted()
    }

    private func opened(_ stored: StoredEntry) throws -> EntryView {
        let bytes = try sealingKey.open(document: stored.sealed, context: AuditWriter.context(organization, index: stored.index))
        return EntryView(index: stored.index, entry: try AuditEntry(decoding: bytes))
    }
}

extension Authorizer {
    /// Lets a person read the log; the reading is itself an entry.
    func authorizeReading(by asker: Asker) async throws {
        let permit = try await permit(Act(.auditRead, .administer, .person), by: asker, on: [])
        try await commit(permit, Change(), on: [])
    }
}
