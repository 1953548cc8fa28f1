import Auditing
import Envelopes
import Model
import Storage
import Synchronization

/// The way from one organization key to the next: what its one transaction stores (SPEC §6.11).
final class EpochTurn: Sendable {
    /// What there is once it is stored.
    struct Outcome: Sendable {
        var position: AuditWriter.Position
        var former: FormerEpochs
        var log: LogKeys
        var rows: Int
        /// Those that were live.
        var tokens: [GrantID]
    }

    let keyring: Keyring
    private let book: RecordBook
    let new: OrganizationKeys
    private let old: OrganizationKeys
    private let former: FormerEpochs
    private let stored: (old: StoredKey, new: StoredKey)
    private let entries: (last: AuditEntry, first: AuditEntry)
    private let mark: RotationMark
    private let clock: MachineClock
    private let random: RandomBytes
    private let state: Mutex<State>

    fileprivate struct State {
        var mover: RowMover
        /// Over the rows as they were, and as they become.
        var digests = (old: RecordsDigest(), new: RecordsDigest())
        var rewrite: RecordRewrite?
        var outcome: Outcome?
    }

    /// Draws the key. `last` and `first` are the entries that end the epoch and begin the next one.
    init(of vault: OpenVault, last: AuditEntry, first: AuditEntry) async throws {
        (keyring, book, mark) = (vault.keyring, vault.book, vault.rotations)
        (clock, random) = (vault.clock, vault.random)
        (old, former, entries) = (keyring.keys, try keyring.formerEpochs(), (last, first))
        new = try OrganizationKeys(WrappingKey.generate(random: random), generation: old.generation + 1)
        let rows = try await vault.store.keys(of: vault.organization.cast(), in: vault.organization)
        guard rows.count == 1, rows[0].generation == old.generation else { throw EngineError.recordsDisagree }
        stored = (rows[0], try await keyring.wrapped(new))
        let projects = try await vault.book.records(.project).map { $0.id.cast() as ProjectID }
        let mover = try RowMover(
            from: old, to: new, of: vault.organization, former: former, projects: try await keyring.allKeys(of: projects), random: random,
            now: vault.expiryClock())
        state = Mutex(State(mover: mover))
    }

    /// Nil until the store has asked for all of it.
    var outcome: Outcome? { state.withLock { $0.outcome } }

    /// What stopped the store, where it was something here.
    var failure: (any Error)? { state.withLock { $0.rewrite?.failure } }

    /// What is stored, behind what the log has.
    func batch(behind position: AuditWriter.Position, keys: AuditWriter.Keys, sentry: ClockSentry) throws -> Batch {
        let organization = keyring.organization
        let next = try new.audit(organization)
        var (head, entry) = (position.head, entries.last)
        entry.detail.append(AuditFact("verifier-key", next.signer.verifierKey))
        let digest = position.digest.value(key: keys.digest)
        entry.recordsDigest = digest
        sentry.mark(&entry)
        let last = try keys.stored(entry, behind: &head)
        let note = try keys.signer.sign(head, recordsDigest: digest, previous: position.checkpoint?.size, next: next.signer)
        let checkpoint = StoredCheckpoint(organization: organization, size: head.size, note: note.bytes, frontier: head.frontier.encoded())
        let closed = Epoch(of: old, entries: former.end..<head.size, signer: keys.signer.key)
        let former = try FormerEpochs(former.epochs + [closed], before: new.generation)
        let log = try LogKeys(next, after: former)
        let rewrite = RecordRewrite(of: organization) { [self] rows in
            guard !mark.isStopped else { throw EngineError.locked }
            defer { mark.move(rows.count) }
            return try state.withLock { state in try state.move(rows, under: (keys.digest, next.digest)) }
        } then: { [self, head] in
            let outcome = Outcome(
                position: .init(head: head, digest: RecordsDigest(), checkpoint: checkpoint), former: former, log: log, rows: 0, tokens: [])
            return try conclude(outcome, closed, expecting: position.digest, sentry)
        }
        state.withLock { $0.rewrite = rewrite }
        return Batch([.append(last), .insertCheckpoint(checkpoint), .rewriteRecords(rewrite)])
    }

    /// What follows once every row is moved. Rows that are not those of which the log tells stop it: nothing becomes genuine by being moved.
    private func conclude(_ outcome: Outcome, _ closed: Epoch, expecting digest: RecordsDigest, _ sentry: ClockSentry) throws -> [Batch.Operation] {
        let row = try row(of: closed)
        return try state.withLock { state in
            guard state.digests.old == digest else { throw EngineError.recordsDisagree }
            let keys = outcome.log.current
            state.digests.new.add(DigestedRow(row), key: keys.digest)
            var (outcome, entry) = (outcome, entries.first)
            (outcome.rows, outcome.tokens, outcome.position.digest) = (state.mover.count, state.mover.endedTokens, state.digests.new)
            entry.detail += [AuditFact("rows", outcome.rows), AuditFact("tokens", outcome.tokens.count)]
            entry.recordsDigest = state.digests.new.value(key: keys.digest)
            sentry.mark(&entry)
            let first = try keys.stored(entry, behind: &outcome.position.head)
            state.outcome = outcome
            let gone = stored.old
            return [
                .put(row, replacing: nil),
                .deleteKey(owner: gone.owner, generation: gone.generation, wrapping: gone.wrapping, in: gone.organization),
                .insertKey(stored.new), .append(first),
            ]
        }
    }

    private func row(of epoch: Epoch) throws -> Record {
        let id = AnyRecordID(random: random)
        let place = MetadataPlace(organization: keyring.organization, project: nil, environment: nil, record: id, revision: 1)
        var document = epoch.encoded
        defer { document.wipe() }
        let metadata = try SealedMetadata.seal(document, under: new, place: place, random: random)
        let content = SealedRecord(createdAt: clock.now(), metadata: metadata).encoded
        return book.make(.epoch, id: id, parent: nil, name: Epoch.name(of: epoch.generation), content: content, under: new)
    }
}

extension EpochTurn.State {
    fileprivate mutating func move(_ rows: [Record], under keys: (old: DigestKey, new: DigestKey)) throws -> [Record] {
        try rows.map { row in
            let next = try mover.next(of: row)
            digests.old.add(DigestedRow(row), key: keys.old)
            digests.new.add(DigestedRow(next), key: keys.new)
            return next
        }
    }
}
