import Auditing
import Envelopes
import Model
import Policies
import Storage

/// Opens a vault with its root key, and holds what is stored against what was written: rows, digest, log tail, checkpoint, memory.
struct VaultOpening: Sendable {
    let foundation: Vault.Foundation
    let store: any VaultStore
    let sessions: SessionBook

    func open(_ slot: OpenedSlot) async throws -> OpenVault {
        let keyring = try await keyring(slot)
        let log = try await logState(keyring)
        try await checkMemory(keyring, head: log.head)
        let open = try OpenVault(keyring: keyring, store: store, foundation: foundation, sessions: sessions, log: log)
        try await open.loadPolicy()
        return open
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
    private func logState(_ keyring: Keyring) async throws -> LogState {
        let keys = try keyring.auditKeys()
        var (head, checkpointed) = try await checkpointedHead(keyring, keys: keys)
        var last: AuditEntry?
        while true {
            let page = try await store.entries(from: head.size, limit: 2000, in: keyring.organization)
            for entry in page {
                guard entry.index == head.size, head.append(entry.sealed, key: keys.chain) == entry.chain else { throw EngineError.recordsDisagree }
            }
            if let stored = page.last { last = try openEntry(stored, keys: keys, organization: keyring.organization) }
            if page.count < 2000 { break }
        }
        if last == nil, head.size > 0, let stored = try await store.entries(from: head.size - 1, limit: 1, in: keyring.organization).first {
            last = try openEntry(stored, keys: keys, organization: keyring.organization)
        }
        let digest = try await digest(keyring, key: keys.digest)
        guard let last, last.recordsDigest == digest.value(key: keys.digest) else { throw EngineError.recordsDisagree }
        return LogState(head: head, digest: digest, checkpointed: checkpointed, clockWatch: ClockWatch(resuming: last))
    }

    private func checkpointedHead(_ keyring: Keyring, keys: AuditWriter.Keys) async throws -> (LogHead, Int64) {
        let organization = keyring.organization
        guard let stored = try await store.lastCheckpoint(in: organization) else { return (LogHead(organization: organization), 0) }
        let checkpoint = try SignedCheckpoint(parsing: stored.note)
        guard checkpoint.verdict(by: keys.signer.key) == .genuine, checkpoint.size == stored.size,
            let frontier = MerkleFrontier(decoding: stored.frontier, size: stored.size), frontier.root == checkpoint.root,
            let entry = try await store.entries(from: stored.size - 1, limit: 1, in: organization).first,
            checkpoint.chain.map({ $0 == entry.chain }) ?? true,
            let head = LogHead(organization: organization, chain: entry.chain, frontier: frontier)
        else { throw EngineError.recordsDisagree }
        return (head, stored.size)
    }

    private func openEntry(_ stored: StoredEntry, keys: AuditWriter.Keys, organization: OrganizationID) throws -> AuditEntry {
        let bytes = try keys.seal.open(document: stored.sealed, context: AuditWriter.context(organization, index: stored.index))
        return try AuditEntry(decoding: bytes)
    }

    private func digest(_ keyring: Keyring, key: DigestKey) async throws -> RecordsDigest {
        let book = RecordBook(keyring: keyring, store: store)
        let sum = DigestSum()
        try await store.forEachRecord(in: keyring.organization) { rows in
            for row in rows {
                try book.check(row)
                sum.add(DigestedRow(row), key: key)
            }
        }
        return sum.digest
    }

    /// The vault must hold what was last seen on this machine.
    private func checkMemory(_ keyring: Keyring, head: LogHead) async throws {
        guard let bytes = try foundation.memory.load(),
            let seen = RememberedHead(decoding: bytes, under: try keyring.memoryKey(), organization: keyring.organization)
        else { return }
        guard seen.size <= head.size, let entry = try await store.entries(from: seen.size - 1, limit: 1, in: keyring.organization).first,
            entry.chain == seen.chain
        else { throw EngineError.rollbackSuspected }
    }
}
