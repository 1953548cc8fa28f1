import Auditing
import Envelopes
import Model
import Policies
import Storage
import Synchronization

/// Opens a vault with its root key, and holds what is stored against what was written: rows, digest, log tail, checkpoint, memory.
struct VaultOpening: Sendable {
    let foundation: Vault.Foundation
    let store: any VaultStore
    let lasting: Lasting
    /// A person said that an older vault than the one last seen here is meant.
    var acceptsRollback = false

    /// A vault that holds, and what there is to do before it is used.
    struct Opened: Sendable {
        var vault: OpenVault
        var memory: MachineMemory
        /// Checkpoints were taken away.
        var lacksCheckpoints: Bool
        /// Deleted secrets whose retention is over.
        var overdue: [Record]

        /// What a person accepted.
        var accepted: [AuditFact] {
            (memory == .newer ? [AuditFact("vault", "older than seen")] : []) + (lacksCheckpoints ? [AuditFact("checkpoints", "missing")] : [])
        }
    }

    func open(_ slot: OpenedSlot) async throws -> Opened {
        let keyring = try await keyring(slot)
        try await OpenVault.loadEpochs(keyring, RecordBook(keyring: keyring, store: store))
        let (log, overdue) = try await logState(keyring)
        let memory = try await machineMemory(keyring, log)
        guard acceptsRollback || memory != .newer else { throw EngineError.rollbackSuspected }
        let lacksCheckpoints = try await lacksCheckpoints(keyring, log)
        guard acceptsRollback || !lacksCheckpoints else { throw EngineError.checkpointsMissing }
        let vault = try OpenVault(keyring: keyring, store: store, foundation: foundation, lasting: lasting, log: log)
        try await vault.loadPolicy()
        try await vault.loadFreeze()
        try await vault.loadRotation()
        return Opened(vault: vault, memory: memory, lacksCheckpoints: lacksCheckpoints, overdue: overdue)
    }

    private func keyring(_ slot: OpenedSlot) async throws -> Keyring {
        let organization = slot.row.organization
        let rows = try await store.keys(of: organization.cast(), in: organization)
        guard let row = rows.first(where: { $0.wrapping == slot.record.rootGeneration }) else { throw EngineError.unreadable }
        let context = Keyring.organizationContext(organization, generation: row.generation, wrapping: row.wrapping)
        let organizationKey = try slot.root.unwrapWrappingKey(row.wrapped, context: context)
        return try Keyring(
            organization: organization, root: LocalRootKey(key: slot.root), rootGeneration: slot.record.rootGeneration,
            organizationKey: organizationKey, organizationGeneration: row.generation, store: store)
    }

    /// Goes from the last checkpoint to the end of the log and compares what the last entry says of the mutable rows with the rows.
    private func logState(_ keyring: Keyring) async throws -> (LogState, overdue: [Record]) {
        let keys = try keyring.logKeys()
        let start = try await RecordBook(keyring: keyring, store: store).startingHead(under: keys.epochs)
        // What lies before the anchor was put back; what is missing behind it is gone.
        guard try await store.entries(from: 0, limit: 1, in: keyring.organization).first?.index == start.size else { throw EngineError.logBroken }
        var (head, checkpoint) = try await checkpointedHead(keyring, keys: keys, from: start)
        var last: StoredEntry?
        while true {
            let page = try await store.entries(from: head.size, limit: 2000, in: keyring.organization)
            for entry in page {
                guard entry.index == head.size, keys.epochs.append(entry.sealed, to: &head) == entry.chain else { throw EngineError.logBroken }
            }
            last = page.last ?? last
            if page.count < 2000 { break }
        }
        if last == nil, head.size > 0 { last = try await store.entries(from: head.size - 1, limit: 1, in: keyring.organization).first }
        guard let last, last.chain == head.chain else { throw EngineError.logBroken }
        let entry = try keys.open(last.sealed, index: last.index, of: keyring.organization)
        let watch = ClockWatch(resuming: entry)
        let rows = try await sum(keyring, key: keys.current.digest, now: watch.effectiveNow(foundation.clock.reading()))
        guard entry.recordsDigest == rows.digest.value(key: keys.current.digest) else { throw EngineError.recordsDisagree }
        return (LogState(start: start, head: head, digest: rows.digest, checkpoint: checkpoint, clockWatch: watch), rows.overdue)
    }

    private func checkpointedHead(_ keyring: Keyring, keys: LogKeys, from start: LogHead) async throws -> (LogHead, StoredCheckpoint?) {
        let organization = keyring.organization
        guard let stored = try await store.lastCheckpoint(in: organization), stored.size > start.size else {
            // Behind the anchor no checkpoint is left: all that follows is gone over, and missed.
            return (start, try await store.checkpoint(ofSize: start.size, in: organization))
        }
        guard let checkpoint = try? SignedCheckpoint(parsing: stored.note), keys.epochs.isGenuine(checkpoint),
            checkpoint.size == stored.size, let frontier = MerkleFrontier(decoding: stored.frontier, size: stored.size),
            frontier.root == checkpoint.root, let entry = try await store.entries(from: stored.size - 1, limit: 1, in: organization).first,
            checkpoint.chain.map({ $0 == entry.chain }) ?? true,
            let head = LogHead(organization: organization, chain: entry.chain, frontier: frontier)
        else { throw EngineError.logBroken }
        return (head, stored)
    }

    /// Whether a checkpoint that must be there is not: the one that was last signed as far as this machine knows, one that was stored with a lock, or
    /// any at all over so many entries. An earlier one that was taken away is missed by the next (`CheckpointSeries`).
    private func lacksCheckpoints(_ keyring: Keyring, _ log: LogState) async throws -> Bool {
        let keys = try keyring.logKeys()
        let last = log.checkpoint?.size ?? 0
        guard log.head.size - last <= AuditWriter.mostEntriesBehind else { return true }
        // One from before the log's beginning was pruned, on another machine: nothing is left that it could be held against.
        if let kept = CheckpointWitness(file: foundation.checkpoint, epochs: keys.epochs).recall(), kept.size > 0, kept.size >= log.start.size {
            guard try await store.checkpoint(ofSize: kept.size, in: keyring.organization) != nil else { return true }
        }
        for stored in try await store.entries(from: last, limit: Int(AuditWriter.mostEntriesBehind), in: keyring.organization) {
            let entry = try keys.open(stored.sealed, index: stored.index, of: keyring.organization)
            if entry.action == .known(.vaultLock), !entry.detail.contains(.whileLocked) { return true }
        }
        return false
    }

    private func sum(_ keyring: Keyring, key: DigestKey, now: Timestamp) async throws -> RowSum.Total {
        let book = RecordBook(keyring: keyring, store: store)
        let sum = RowSum()
        try await store.forEachRecord(in: keyring.organization) { rows in
            for row in rows {
                try book.check(row)
                sum.add(row, key: key, isOverdue: try SecretRecord.isOverdue(row, now: now))
            }
        }
        return sum.total
    }

    private func machineMemory(_ keyring: Keyring, _ log: LogState) async throws -> MachineMemory {
        switch try keyring.headMemory(foundation.memory).recall() {
        case .nothing: return .nothing
        case .unreadable: return .unreadable
        case .head(let seen):
            guard seen.size <= log.head.size else { return .newer }
            // Nothing is left of what it saw but what the anchor, which is this vault's, stands for.
            guard seen.size > log.start.size else { return seen.size < log.start.size || seen.chain == log.start.chain ? .earlier : .newer }
            let entry = try await store.entries(from: seen.size - 1, limit: 1, in: keyring.organization).first
            return entry?.chain == seen.chain ? .earlier : .newer
        }
    }
}

/// What this machine remembers of a vault that is being opened.
enum MachineMemory: Sendable {
    /// It has not seen the vault.
    case nothing
    /// What it remembered is damaged, or another vault's.
    case unreadable
    /// It has seen this state or an earlier one of the same history.
    case earlier
    /// It has seen a later state, or another history.
    case newer

    /// What the entry about the opening says of it.
    var facts: [AuditFact] { self == .unreadable ? [AuditFact("remembered-head", "unreadable")] : [] }

    /// What the person should know of it.
    var warnings: [String] {
        self == .unreadable ? ["what this machine remembered of the vault cannot be read: an older copy would not have been noticed this time"] : []
    }
}
