import Auditing
import Envelopes
import Model
import Storage

/// Appends audit entries, alone or in one transaction with a write, many askers per flush of the disk.
///
/// It owns the head of the log and the digest of the mutable rows: both advance only with what was durably stored.
actor AuditWriter {
    /// What the writer needs of the vault's keys.
    struct Keys: Sendable {
        var chain: ChainKey
        var seal: SealingKey
        var digest: DigestKey
        var signer: CheckpointSigner
    }

    static let entriesPerCheckpoint: Int64 = 4096
    private static let largestGroup = 512

    private let organization: OrganizationID
    private let store: any VaultStore
    private let keys: Keys
    private let memory: any StateFile
    private let memoryKey: MACKey
    private let sentry: ClockSentry
    private var head: LogHead
    private var digest: RecordsDigest
    private var checkpointed: Int64
    private var waiting: [Request] = []
    private var isFlushing = false
    private var idle: [CheckedContinuation<Void, Never>] = []

    private struct Request {
        var entry: AuditEntry
        var change: Change
        var done: CheckedContinuation<Int64, any Error>?
    }

    init(
        organization: OrganizationID, store: any VaultStore, keys: Keys, memory: any StateFile, memoryKey: MACKey,
        sentry: ClockSentry, log: LogState
    ) {
        self.organization = organization
        self.store = store
        self.keys = keys
        self.memory = memory
        self.memoryKey = memoryKey
        self.sentry = sentry
        head = log.head
        digest = log.digest
        checkpointed = log.checkpointed
    }

    /// Stores an entry, together with a change when there is one; returns its index once both are durable.
    func record(_ entry: AuditEntry, with change: Change = Change()) async throws -> Int64 {
        try await withCheckedThrowingContinuation { continuation in
            enqueue(Request(entry: entry, change: change, done: continuation))
        }
    }

    /// Stores an entry with the next group; nobody waits. For outcomes: a missing one is reported by verification.
    func note(_ entry: AuditEntry) { enqueue(Request(entry: entry, change: Change(), done: nil)) }

    /// Stores what waits, then signs a checkpoint over all of it.
    func checkpoint() async throws -> StoredCheckpoint? {
        await drained()
        guard head.size > 0 else { return nil }
        if head.size == checkpointed { return try await store.lastCheckpoint(in: organization) }
        let checkpoint = try sign(head, digest)
        for result in try await store.commit([Batch([.insertCheckpoint(checkpoint)])]) { try result.get() }
        checkpointed = checkpoint.size
        remember()
        return checkpoint
    }

    /// The head and digest as they are stored now.
    func state() async -> (head: LogHead, digest: RecordsDigest) {
        await drained()
        return (head, digest)
    }

    private func drained() async {
        guard isFlushing else { return }
        await withCheckedContinuation { idle.append($0) }
    }

    private func enqueue(_ request: Request) {
        waiting.append(request)
        guard !isFlushing else { return }
        isFlushing = true
        // Owned by the writer: it ends when nothing waits, and `drained` awaits that end.
        Task { await flushAll() }
    }

    private func flushAll() async {
        while !waiting.isEmpty {
            let group = Array(waiting.prefix(Self.largestGroup))
            waiting.removeFirst(group.count)
            await flush(group)
        }
        isFlushing = false
        let ready = idle
        idle = []
        for continuation in ready { continuation.resume() }
    }

    private func flush(_ group: [Request]) async {
        var batches: [Batch] = []
        var marks: [(LogHead, RecordsDigest)] = []
        var next = (head, digest)
        do {
            for request in group {
                batches.append(try batch(for: request, advancing: &next))
                marks.append(next)
            }
            let dueCheckpoint = next.0.size - checkpointed >= Self.entriesPerCheckpoint ? try sign(next.0, next.1) : nil
            if let dueCheckpoint { batches.append(Batch([.insertCheckpoint(dueCheckpoint)])) }
            let results = try await store.commit(batches)
            settle(group, results: results, marks: marks, dueCheckpoint: dueCheckpoint)
        } catch {
            for request in group { request.done?.resume(throwing: error) }
        }
    }

    /// Tells each asker what became of its request. After the first refused batch the later ones no longer fit the log: they are tried again.
    private func settle(
        _ group: [Request], results: [Result<Void, StoreError>], marks: [(LogHead, RecordsDigest)], dueCheckpoint: StoredCheckpoint?
    ) {
        for (position, request) in group.enumerated() {
            switch results[position] {
            case .success:
                (head, digest) = marks[position]
                request.done?.resume(returning: head.size - 1)
            case .failure(let error):
                request.done?.resume(throwing: error)
                waiting.insert(contentsOf: group[(position + 1)...], at: 0)
                return remember()
            }
        }
        if let dueCheckpoint, case .success? = results.last { checkpointed = dueCheckpoint.size }
        remember()
    }

    private func batch(for request: Request, advancing next: inout (LogHead, RecordsDigest)) throws -> Batch {
        for row in request.change.removed { next.1.remove(row, key: keys.digest) }
        for row in request.change.added { next.1.add(row, key: keys.digest) }
        var entry = request.entry
        entry.recordsDigest = next.1.value(key: keys.digest)
        sentry.mark(&entry)
        let index = next.0.size
        let sealed = try keys.seal.seal(document: entry.encoded(), context: Self.context(organization, index: index))
        let chain = next.0.append(sealed, key: keys.chain)
        let stored = StoredEntry(organization: organization, index: index, sealed: sealed, chain: chain)
        return Batch(request.change.operations + [.append(stored)])
    }

    private func sign(_ head: LogHead, _ digest: RecordsDigest) throws -> StoredCheckpoint {
        let signed = try keys.signer.sign(head, recordsDigest: digest.value(key: keys.digest))
        return StoredCheckpoint(organization: organization, size: head.size, note: signed.bytes, frontier: head.frontier.encoded())
    }

    /// The memory outside the vault is a witness: losing one update only makes it remember less.
    private func remember() {
        guard head.size > 0 else { return }
        let state = RememberedHead(size: head.size, chain: head.chain)
        try? memory.store(state.encoded(under: memoryKey, organization: organization))
    }

    /// The associated data of an entry: its place in the log.
    static func context(_ organization: OrganizationID, index: Int64) -> SealContext {
        SealContext(.auditEntry, organization: organization, version: index, generation: 1)
    }
}
