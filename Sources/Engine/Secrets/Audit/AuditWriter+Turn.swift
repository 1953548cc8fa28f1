import Auditing
import Envelopes
import Storage

extension AuditWriter {
    /// Begins the next epoch, once everything that waits is stored. What comes behind it is under the new keys, or is refused.
    @discardableResult
    nonisolated func turn(_ turn: EpochTurn) async throws -> EpochTurn.Outcome {
        try await withCheckedThrowingContinuation { enqueue(.turn(turn, $0)) }
    }

    func perform(_ turn: EpochTurn) async throws -> EpochTurn.Outcome {
        _ = try await findUnanswered()
        let batch = try turn.batch(behind: position, keys: heldKeys(), sentry: sentry)
        turn.keyring.beginTurn()
        do {
            for result in try await store.commit([batch]) { try result.get() }
        } catch {
            guard let outcome = try await stored(turn, whichFailed: error) else {
                turn.keyring.endTurn()
                throw turn.failure ?? error
            }
            return takeUp(turn, outcome)
        }
        guard let outcome = turn.outcome else { preconditionFailure("internal: rows were rewritten without a word") }
        return takeUp(turn, outcome)
    }

    /// Looks for what was sent without an answer; nil where it is not there.
    private func stored(_ turn: EpochTurn, whichFailed error: any Error) async throws -> EpochTurn.Outcome? {
        guard turn.failure == nil, let outcome = turn.outcome else { return nil }
        let head = outcome.position.head
        do {
            let last = try await store.entries(from: head.size - 1, limit: 1, in: head.organization).first
            return last?.chain == head.chain ? outcome : nil
        } catch {
            turn.keyring.endTurn()
            throw error
        }
    }

    /// From here on everything is under the new keys.
    private func takeUp(_ turn: EpochTurn, _ outcome: EpochTurn.Outcome) -> EpochTurn.Outcome {
        (keys, rowKeys, position) = (outcome.log.current, turn.new, outcome.position)
        (memory.keys, witness.epochs) = ([turn.new.memory] + outcome.former.memories, outcome.log.epochs)
        if let checkpoint = position.checkpoint { taken(checkpoint) }
        turn.keyring.endTurn(to: turn.new, after: outcome.former, log: outcome.log)
        return outcome
    }

    /// Whether a write's rows are under the organization key in force; one that was made ready before is refused, and made anew by whoever waits for it.
    func isCurrent(_ write: Write) -> Bool {
        guard let rowKeys, let kind = write.change.staleKind(under: rowKeys) else { return true }
        fail([write], StoreError.conflict(kind))
        return false
    }
}

extension Change {
    /// The kind of a row that was made under another organization key; nil where none was.
    func staleKind(under keys: OrganizationKeys) -> RecordKind? {
        for case .put(let record, _) in operations where !keys.isGenuine(record) { return record.kind }
        return nil
    }
}

extension AuditWriter.Keys {
    /// Seals and chains an entry as the next one.
    func stored(_ entry: AuditEntry, behind head: inout LogHead) throws -> StoredEntry {
        let (organization, index) = (head.organization, head.size)
        let sealed = try seal.seal(document: entry.encoded(), context: AuditWriter.context(organization, index: index))
        return StoredEntry(organization: organization, index: index, sealed: sealed, chain: head.append(sealed, key: chain))
    }
}
