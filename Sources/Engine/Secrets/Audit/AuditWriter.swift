import Auditing
import Envelopes
import Model
import Storage
import Synchronization

/// Appends audit entries, alone or in one transaction with a write, many askers per flush of the disk.
///
/// It owns the head of the log and the digest of the mutable rows: both advance only with what was durably stored. Whatever it stores goes through
/// one queue, so a checkpoint is never signed over entries that are still on their way. It works on a thread of its own, which waits for the disk; who asks hands
/// over and goes on.
actor AuditWriter {
    /// What the writer needs of the vault's keys.
    struct Keys: Sendable {
        var chain: ChainKey
        var seal: SealingKey
        var digest: DigestKey
        var signer: CheckpointSigner
    }

    /// How far log and rows have come.
    struct Position: Sendable {
        var head: LogHead
        var digest: RecordsDigest
        /// The last checkpoint that is stored.
        var checkpoint: StoredCheckpoint?

        var checkpointed: Int64 { checkpoint?.size ?? 0 }
    }

    /// A checkpoint is stored with the entry that is so many behind the last one …
    static let entriesPerCheckpoint: Int64 = 4096
    /// … with the last entry before a lock, and so long after the last one when there are newer entries.
    static let checkpointInterval = Duration.seconds(60)
    /// So many entries at most lie behind the last checkpoint: those before it was due, and those that were stored together with the last of them.
    static let mostEntriesBehind = 2 * entriesPerCheckpoint
    private static let largestGroup = 512

    private let organization: OrganizationID
    let store: any VaultStore
    /// Nil once nothing more is stored: whoever still holds the writer holds no key.
    var keys: Keys?
    var memory: HeadMemory
    var witness: CheckpointWitness
    /// What rows have to be under since a new epoch began; nil before one did.
    var rowKeys: OrganizationKeys?
    let sentry: ClockSentry
    private nonisolated let lasting: Lasting
    private let reserve: any SpaceReserve
    var position: Position
    private var checkpointDue: Timestamp
    /// What was sent to the store without an answer: it may be there or not, and is looked for before anything else is stored.
    private var unanswered: [Position] = []
    private nonisolated let queue = Mutex(Queue())
    /// Tells who watches the log how many entries it has.
    nonisolated let arrivals = Broadcast<Int64>(room: 1)
    /// Where the store waits for the disk: no thread has to wake another between an entry and its flush.
    private nonisolated let executor: any SerialExecutor & TaskExecutor

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    /// What is to be stored, in order.
    private struct Queue {
        var waiting: [Request] = []
        var isWorking = false
        /// Whether work begins soon, unless something comes that does not wait.
        var isDue = false
        var isClosed = false

        /// Whether somebody has to begin.
        mutating func begins() -> Bool {
            defer { isWorking = true }
            return !isWorking
        }

        /// The writes at the front that are stored together.
        mutating func takeGroup() -> [Write] {
            var group: [Write] = []
            while group.count < AuditWriter.largestGroup, group.count < waiting.count, case .write(let write) = waiting[group.count],
                // Room that was kept for one is not shared with others.
                write.isRetried == group.first?.isRetried ?? write.isRetried
            {
                group.append(write)
            }
            waiting.removeFirst(group.count)
            return group
        }
    }

    /// How long an outcome waits for an entry that needs the disk anyway.
    private static let outcomePatience = Duration.milliseconds(50)

    enum Request {
        case write(Write)
        case checkpoint(CheckedContinuation<StoredCheckpoint?, any Error>)
        case turn(EpochTurn, CheckedContinuation<EpochTurn.Outcome, any Error>)

        /// Whoever comes after the end is told so.
        func refuse() {
            switch self {
            case .write(let write): write.done?.resume(throwing: EngineError.locked)
            case .checkpoint(let done): done.resume(throwing: EngineError.locked)
            case .turn(_, let done): done.resume(throwing: EngineError.locked)
            }
        }
    }

    struct Write {
        var entries: [AuditEntry]
        var change: Change
        /// Nothing is stored after it.
        var isLast = false
        /// Whether the disk was full, and it is tried again with room that was kept for it.
        var isRetried = false
        var done: CheckedContinuation<Int64, any Error>?
    }

    init(
        organization: OrganizationID, store: any VaultStore, keys: Keys, memory: HeadMemory, witness: CheckpointWitness, sentry: ClockSentry,
        lasting: Lasting, reserve: any SpaceReserve, log: LogState
    ) {
        self.organization = organization
        self.store = store
        self.keys = keys
        self.memory = memory
        self.witness = witness
        self.sentry = sentry
        self.lasting = lasting
        self.reserve = reserve
        executor = store.writingExecutor ?? TurnExecutor()
        position = Position(head: log.head, digest: log.digest, checkpoint: log.checkpoint)
        checkpointDue = sentry.steady().advanced(by: Self.checkpointInterval)
    }

    /// Stores entries, together with a change when there is one, all or none; returns the index of the last once they are durable.
    @discardableResult
    nonisolated func record(_ entries: [AuditEntry], with change: Change = Change()) async throws -> Int64 {
        precondition(entries.count < Self.entriesPerCheckpoint, "internal: more entries at once than may lie behind a checkpoint")
        return try await enqueued(entries, change)
    }

    /// Stores an outcome with the next group; nobody waits. One that comes after the lock is kept for the next unlock.
    nonisolated func note(_ outcome: AuditEntry) {
        let begins = queue.withLock { queue -> Bool? in
            guard !queue.isClosed else { return nil }
            queue.waiting.append(.write(Write(entries: [outcome], change: Change(), done: nil)))
            guard !queue.isWorking, !queue.isDue else { return false }
            queue.isDue = true
            return true
        }
        guard let begins else { return lasting.pending.keep(outcome) }
        guard begins else { return }
        // Owned by the writer, and keeps none of its keys: what was stored meanwhile, before a lock at the latest, leaves nothing to do.
        Task { [weak self] in
            try? await Task.sleep(for: Self.outcomePatience)
            self?.workIfDue()
        }
    }

    /// Stores what waits, then signs a checkpoint over all of it. Nil for an empty log.
    @discardableResult
    nonisolated func checkpoint() async throws -> StoredCheckpoint? { try await withCheckedThrowingContinuation { enqueue(.checkpoint($0)) } }

    /// Signs a checkpoint when the last one is old enough and the log has grown since.
    func checkpointWhenDue() async throws { if isCheckpointDue { try await checkpoint() } }

    /// Stores the last entries and a checkpoint over everything; nothing is stored afterwards.
    nonisolated func close(writing last: [AuditEntry]) async throws {
        let isFirst = queue.withLock { queue in
            defer { queue.isClosed = true }
            return !queue.isClosed
        }
        if isFirst { _ = try await enqueued(last, Change(), isLast: true) }
    }

    private var isCheckpointDue: Bool {
        let grown = position.head.size - position.checkpointed
        return grown >= Self.entriesPerCheckpoint || (grown > 0 && sentry.steady() >= checkpointDue)
    }

    private nonisolated func enqueued(_ entries: [AuditEntry], _ change: Change, isLast: Bool = false) async throws -> Int64 {
        try await withCheckedThrowingContinuation {
            enqueue(.write(Write(entries: entries, change: change, isLast: isLast, done: $0)), afterEnd: isLast)
        }
    }

    nonisolated func enqueue(_ request: Request, afterEnd: Bool = false) {
        let begins = queue.withLock { queue -> Bool? in
            guard afterEnd || !queue.isClosed else { return nil }
            queue.waiting.append(request)
            return queue.begins()
        }
        guard let begins else { return request.refuse() }
        // Owned by the writer: it ends when nothing waits.
        if begins { Task(executorPreference: executor) { await self.work() } }
    }

    private nonisolated func workIfDue() {
        let begins = queue.withLock { queue in
            queue.isDue = false
            return !queue.waiting.isEmpty && queue.begins()
        }
        if begins { Task(executorPreference: executor) { await self.work() } }
    }
}

extension AuditWriter {
    private func work() async {
        while let next = nextTask() {
            switch next {
            case .checkpoint(let done):
                do { done.resume(returning: try await storeCheckpoint()) } catch { done.resume(throwing: error) }
            case .turn(let turn, let done):
                do { done.resume(returning: try await perform(turn)) } catch { done.resume(throwing: error) }
            case .group(let group):
                await store(group)
                // One that fails is tried again with the next group; those who wait for their entries do not depend on it.
                if isCheckpointDue { _ = try? await storeCheckpoint() }
            }
        }
    }

    /// What is done at once.
    private enum WriterTask {
        case group([Write])
        case checkpoint(CheckedContinuation<StoredCheckpoint?, any Error>)
        case turn(EpochTurn, CheckedContinuation<EpochTurn.Outcome, any Error>)
    }

    /// Nil where nothing waits: then somebody else begins the next time.
    private func nextTask() -> WriterTask? {
        queue.withLock { queue in
            switch queue.waiting.first {
            case nil:
                queue.isWorking = false
                return nil
            case .checkpoint(let done):
                queue.waiting.removeFirst()
                return .checkpoint(done)
            case .turn(let turn, let done):
                queue.waiting.removeFirst()
                return .turn(turn, done)
            case .write: return .group(queue.takeGroup())
            }
        }
    }

    private func putBack(_ writes: some Sequence<Write>) { queue.withLock { $0.waiting.insert(contentsOf: writes.map(Request.write), at: 0) } }

    private func store(_ waiting: [Write]) async {
        let group = waiting.filter(isCurrent)
        guard !group.isEmpty else { return }
        var batches: [Batch] = []
        var marks: [Position] = []
        do {
            _ = try await findUnanswered()
            var next = position
            for write in group {
                batches.append(try batch(for: write, advancing: &next))
                marks.append(next)
            }
        } catch { return fail(group[...], error) }
        do { settle(group, results: try await store.commit(batches), marks: marks) } catch {
            unanswered = marks
            let count = (try? await findUnanswered()) ?? 0
            for (write, mark) in zip(group[..<count], marks) { succeed(write, mark) }
            failUnlessKept(group[count...], error)
        }
        // Once it is stored, or cannot be, nobody else is to have what is left of the room.
        if group.first?.isRetried == true, !isRetryDue { reserve.takeBack() }
        memory.remember(position.head)
    }

    private var isRetryDue: Bool { queue.withLock { if case .write(let next)? = $0.waiting.first { next.isRetried } else { false } } }

    /// Tells each asker what became of its write. After the first refused batch the later ones no longer fit the log: they are tried again.
    private func settle(_ group: [Write], results: [Result<Void, StoreError>], marks: [Position]) {
        for (index, result) in results.enumerated() {
            switch result {
            case .success: succeed(group[index], marks[index])
            case .failure(let error):
                fail(group[index...index], error)
                putBack(group[(index + 1)...])
                return
            }
        }
    }

    private func succeed(_ write: Write, _ mark: Position) {
        let before = position.checkpointed
        position = mark
        if mark.checkpointed > before, let checkpoint = mark.checkpoint { taken(checkpoint) }
        arrivals.send(mark.head.size)
        let index = mark.head.size - 1
        if write.entries.last?.phase == .intent { lasting.ongoing.begin(index) }
        if write.isLast { (keys, rowKeys) = (nil, nil) }
        write.done?.resume(returning: index)
    }

    /// Fails what could not be stored. On a full disk what a person does to end something is tried again, with a part of the room that is kept for it.
    private func failUnlessKept(_ writes: ArraySlice<Write>, _ error: any Error) {
        var kept = writes.filter { $0.isLast || $0.entries.contains(where: \.hasKeptRoom) }
        guard error as? StoreError == .full, !kept.isEmpty, reserve.giveUp() else { return fail(writes, error) }
        fail(writes.filter { !$0.isLast && !$0.entries.contains(where: \.hasKeptRoom) }[...], error)
        for index in kept.indices { kept[index].isRetried = true }
        putBack(kept)
    }

    /// Tells who waits; what nobody waits for is kept for the next unlock.
    func fail(_ writes: ArraySlice<Write>, _ error: any Error) {
        for write in writes {
            if write.isLast { (keys, rowKeys) = (nil, nil) }
            if let done = write.done { done.resume(throwing: error) } else { for entry in write.entries { lasting.pending.keep(entry) } }
        }
    }

    /// Looks for what was sent without an answer, and takes up its position where it is there. Returns how many of the writes were stored.
    ///
    /// An entry's chain value is proof: nobody else can have made it, and its write was stored with it.
    func findUnanswered() async throws -> Int {
        var count = 0
        for mark in unanswered {
            guard let entry = try await store.entries(from: mark.head.size - 1, limit: 1, in: organization).first, entry.chain == mark.head.chain
            else { break }
            count += 1
        }
        if count > 0 { position = unanswered[count - 1] }
        unanswered = []
        return count
    }

    func heldKeys() throws(EngineError) -> Keys {
        guard let keys else { throw .locked }
        return keys
    }

    private func batch(for write: Write, advancing next: inout Position) throws -> Batch {
        let keys = try heldKeys()
        for row in write.change.removed { next.digest.remove(row, key: keys.digest) }
        for row in write.change.added { next.digest.add(row, key: keys.digest) }
        var operations = write.change.operations
        for var entry in write.entries {
            entry.recordsDigest = next.digest.value(key: keys.digest)
            sentry.mark(&entry)
            operations.append(.append(try keys.stored(entry, behind: &next.head)))
        }
        if write.isLast || next.head.size - next.checkpointed >= Self.entriesPerCheckpoint {
            let checkpoint = try stored(next)
            operations.append(.insertCheckpoint(checkpoint))
            next.checkpoint = checkpoint
        }
        return Batch(operations)
    }

    /// The associated data of an entry: its place in the log.
    static func context(_ organization: OrganizationID, index: Int64) -> SealContext {
        SealContext(.auditEntry, organization: organization, version: index, generation: 1)
    }
}

extension AuditWriter {
    /// A checkpoint over everything that is stored, whether or not it is kept.
    func signed() throws -> SignedCheckpoint { try signed(position) }

    private func signed(_ position: Position) throws -> SignedCheckpoint {
        let keys = try heldKeys()
        return try keys.signer.sign(position.head, recordsDigest: position.digest.value(key: keys.digest), previous: position.checkpoint?.size)
    }

    private func stored(_ position: Position) throws -> StoredCheckpoint {
        StoredCheckpoint(
            organization: organization, size: position.head.size, note: try signed(position).bytes, frontier: position.head.frontier.encoded())
    }

    private func storeCheckpoint() async throws -> StoredCheckpoint? {
        _ = try await findUnanswered()
        let head = position.head
        guard head.size > 0 else { return nil }
        if let last = try await store.lastCheckpoint(in: organization), last.size == head.size { return taken(last) }
        let checkpoint = try stored(position)
        do {
            for result in try await store.commit([Batch([.insertCheckpoint(checkpoint)])]) { try result.get() }
        } catch {
            guard let last = try? await store.lastCheckpoint(in: organization), last == checkpoint else { throw error }
        }
        return taken(checkpoint)
    }

    @discardableResult
    func taken(_ checkpoint: StoredCheckpoint) -> StoredCheckpoint {
        position.checkpoint = checkpoint
        checkpointDue = sentry.steady().advanced(by: Self.checkpointInterval)
        memory.remember(position.head)
        witness.keep(checkpoint)
        return checkpoint
    }
}
