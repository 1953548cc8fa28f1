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
    /// The index of the first entry: what came before was pruned.
    package var start: Int64 = 0
    /// The sizes of kept checkpoints from before the start, with which nothing could be compared.
    package var uncompared: [Int64] = []
    /// Intents that have no outcome.
    package var missingOutcomes: [Int64] = []
}

extension OpenVault {
    /// Entries from an index on, opened; at most `limit`.
    package func auditEntries(from index: Int64, limit: Int, by asker: Asker) async throws -> [EntryView] {
        try await authorizer.authorizeReading(.auditRead, by: asker)
        return try await openedEntries(from: index, limit: limit)
    }

    /// The last requests that came to the broker, from the one behind a number on.
    package func traffic(after number: Int64, by asker: Asker) async throws -> [TrafficItem] {
        try await authorizer.authorizeReading(.auditRead, by: asker)
        return traffic.items(after: number)
    }

    /// The same, and what comes from here on, until the vault is locked or nobody reads.
    package func watchTraffic(after number: Int64, by asker: Asker) async throws -> AsyncStream<TrafficItem> {
        try await authorizer.authorizeReading(.auditRead, by: asker)
        guard let watched = traffic.watch(after: number) else { throw EngineError.tooManyRequests }
        return watched
    }

    /// How many entries there are.
    package func auditEntryCount() async throws -> Int64 { try await store.entryCount(in: organization) }

    /// The index of the first entry, where earlier ones were pruned.
    package var prunedTo: Int64? {
        get async throws {
            let start = try await book.logStart()
            return start > 0 ? start : nil
        }
    }

    /// Stored entries as they lie in the log, for export; where the first ones asked for were pruned, behind the checkpoint that stands for them.
    package func storedEntries(from index: Int64, limit: Int, by asker: Asker) async throws -> (anchor: StoredCheckpoint?, entries: [StoredEntry]) {
        try await authorizer.authorizeReading(.auditExport, by: asker)
        return try await fromStart { start in
            let anchor = index < start.size ? try await store.checkpoint(ofSize: start.size, in: organization) : nil
            return (anchor, try await store.entries(from: index, limit: limit, in: organization))
        }
    }

    /// Signs a checkpoint over everything up to now.
    package func checkpoint(by asker: Asker) async throws -> (note: [UInt8], verifierKey: String)? {
        try await authorizer.authorizeReading(.auditCheckpoint, by: asker)
        return try await writer.checkpoint().map { ($0.note, try verifierKey(ofSize: $0.size)) }
    }

    package func checkpoints(by asker: Asker) async throws -> [StoredCheckpoint] {
        try await authorizer.authorizeReading(.auditRead, by: asker)
        return try await store.checkpoints(from: 0, in: organization)
    }

    /// Goes through the whole log, up to where the keeper knows it to go. `trusted` are checkpoints that the person kept elsewhere.
    package func verifyAudit(trusted: [[UInt8]], by asker: Asker) async throws -> VerificationReport {
        let kept = try trusted.enumerated().map { try Self.kept($1, number: $0 + 1, of: trusted.count) }
        try await authorizer.authorizeReading(.auditVerify, by: asker)
        let ongoing = lasting.ongoing.indices
        var (report, size) = try await verification(trusted: kept)
        guard case .intact = report.verdict else { return report }
        // The outcome of what is over by now stands before this checkpoint.
        try await writer.checkpoint()
        report.missingOutcomes = try await missingOutcomes(upTo: size).filter { !ongoing.contains($0) }
        return report
    }

    /// Goes through the whole log, and tells up to which size.
    func verification(trusted kept: [SignedCheckpoint]) async throws -> (report: VerificationReport, size: Int64) {
        try await fromStart { start in
            // What is appended or signed from here on is left for the next time. Whatever these name is stored already: the rest is read after them.
            let (anchors, ends) = (try await book.anchors(), try keyring.formerEpochs().ends)
            let present = try await writer.signed()
            let handedOut = try kept + witnessed(upTo: present.size)
            let stored = try await store.checkpoints(from: 0, in: organization).filter { $0.size <= present.size }
            let signed = try stored.map { stored in
                guard let checkpoint = try? SignedCheckpoint(parsing: stored.note) else { throw EngineError.logBroken }
                return checkpoint
            }
            var verifier = try verifier(from: start, checkpoints: signed, trusted: kept + [present])
            var report = VerificationReport(
                verdict: try await pass(&verifier, upTo: present.size), checkpoints: signed.count, start: start.size, uncompared: verifier.uncompared)
            guard case .intact = report.verdict else { return (report, present.size) }
            let gap = CheckpointSeries(signed).gap(handedOut: handedOut, head: present, anchors: anchors, ends: ends)
            if let found = gap ?? zip(stored, signed).lazy.compactMap(Self.misplaced).first { report.verdict = .broken(found) }
            return (report, present.size)
        }
    }

    /// What is wrong with a stored checkpoint beside its note: from its size and frontier the log is gone on with.
    private static func misplaced(_ stored: StoredCheckpoint, _ signed: SignedCheckpoint) -> LogBreak? {
        let frontier = MerkleFrontier(decoding: stored.frontier, size: stored.size)
        if stored.size == signed.size, let frontier, frontier.root == signed.root { return nil }
        return LogBreak(kind: .fork, index: stored.size, expected: "the frontier that its root is over", actual: "another")
    }

    /// A checkpoint that a person kept. One that is none is told by its number, where there are several.
    static func kept(_ note: [UInt8], number: Int, of count: Int) throws -> SignedCheckpoint {
        do { return try SignedCheckpoint(parsing: note) } catch {
            let which = count == 1 ? "the kept checkpoint" : "kept checkpoint \(number)"
            throw EngineError.malformedCheckpoint("\(which) cannot be used: \(error.message)")
        }
    }

    /// The checkpoint that this machine keeps outside the vault.
    private func witnessed(upTo size: Int64) throws -> [SignedCheckpoint] {
        let kept = CheckpointWitness(file: foundation.checkpoint, epochs: try keyring.logKeys().epochs).recall()
        return kept.map { $0.size <= size ? [$0] : [] } ?? []
    }

    /// Prepares to go through the log with the keys of its epochs: those of `trusted` are among them, as they are read after it was signed.
    func verifier(from start: LogHead, checkpoints: [SignedCheckpoint], trusted: [SignedCheckpoint]) throws -> LogVerifier {
        LogVerifier(
            organization: organization, epochs: try keyring.logKeys().epochs, checkpoints: checkpoints, trusted: trusted, startingAt: start)
    }

    /// Goes through the log from where the verifier stands, and hands each leaf that is in order on.
    func pass(_ verifier: inout LogVerifier, upTo size: Int64, handing on: (LogHash) -> Void = { _ in }) async throws -> LogVerdict {
        var rows = try await rows(from: verifier.head.size, upTo: size)
        while let last = rows.last {
            // The next ones are read and hashed while these are chained.
            async let following = self.rows(from: last.index + 1, upTo: size)
            for row in rows {
                if let found = verifier.take(row) { return .broken(found) }
                on(row.leaf)
            }
            rows = try await following
        }
        return verifier.finish()
    }

    /// The next stored entries, as the verifier takes them.
    private func rows(from index: Int64, upTo size: Int64) async throws -> [LogRow] {
        guard index < size else { return [] }
        return try await store.entries(from: index, limit: Int(min(10_000, size - index)), in: organization)
            .map { LogRow(index: $0.index, sealed: $0.sealed, chain: $0.chain) }
    }

    /// Intents among the last entries up to `size` whose outcome has not come yet.
    private func missingOutcomes(upTo size: Int64) async throws -> [Int64] {
        var open: Set<Int64> = []
        var index = max(0, size - 100_000)
        while true {
            let page = try await openedEntries(from: index, limit: 5000)
            guard let last = page.last else { return open.sorted() }
            for view in page {
                switch view.entry.phase {
                case .intent: if view.index < size { open.insert(view.index) }
                case .outcome(let intent, _): open.remove(intent)
                case .single: break
                }
            }
            index = last.index + 1
        }
    }

    /// Entries from an index on, each opened with the keys of its epoch.
    func openedEntries(from index: Int64, limit: Int) async throws -> [EntryView] {
        try await keyring.steadily { _ in
            let stored = try await store.entries(from: index, limit: limit, in: organization)
            let log = try keyring.logKeys()
            return try stored.map { EntryView(index: $0.index, entry: try log.open($0.sealed, index: $0.index, of: organization)) }
        } ?? []
    }

    /// The key that verifies a checkpoint of this size; at the end of an epoch the next one's.
    package func verifierKey(ofSize size: Int64) throws -> String { try keyring.logKeys().epochs.signer(ofSize: size)?.description ?? verifierKey }
}

extension Authorizer {
    /// Lets a person read the log; the reading is itself an entry.
    func authorizeReading(_ action: AuditAction, by asker: Asker) async throws {
        let permit = try await permit(Act(action, .administer, .person), by: asker, on: [])
        // Nothing was to be stored but that.
        do { try await commit(permit, on: []) } catch StoreError.full { throw EngineError.auditUnwritten }
    }
}
