import Auditing
import Envelopes
package import Model
import Storage

extension Vault {
    /// What an unlock found.
    package struct UnlockReport: Sendable {
        package var absorbedEntries = 0
        package var failedAttempts = 0
        package var slotUpgraded = false
        /// Deleted secrets whose retention was over.
        package var purgedSecrets = 0
        package var locksAt: Timestamp?
        package var leaseUntil: Timestamp?
        package var warnings: [String] = []
    }

    /// Opens the vault with a password, for the peer's kernel session. `lease` lets agents use it that long although no person acts; where `isReadOnly`,
    /// changes and runs in that session ask for the password again.
    ///
    /// A vault that is older than the one last seen on this machine is refused, unless the person says that it is meant.
    package func unlock(
        password: SecretValue, lease: Duration?, isReadOnly: Bool = false, acceptingRollback: Bool = false, by asker: Asker, at door: DoorFacts
    ) async throws -> UnlockReport {
        try await passGate { [self] in
            let leased = lease.map { [AuditFact("lease", Timespan($0))] } ?? []
            let detail = leased + (isReadOnly ? [AuditFact("session", "read-only")] : [])
            var report = UnlockReport()
            let loss = loss
            try await closeIfIdle()
            if let open = current {
                try foundation.checkPlaces()
                try await checkPassword(password, by: asker, in: open)
                try await open.authorizer.state(.vaultUnlock, by: asker.asPerson, detail: detail)
            } else {
                report = try await openWith(password, by: asker, acceptingRollback: acceptingRollback, detail: detail)
            }
            if let loss { report.warnings.append(loss.message) }
            let now = foundation.clock.steady()
            admit(door, isReadOnly: isReadOnly, now: now)
            if let lease { sessions.grantLease(until: now.advanced(by: lease)) }
            report.locksAt = wallTime(of: sessions.locksAt)
            report.leaseUntil = wallTime(of: sessions.leaseUntil)
            return report
        }
    }

    /// Checks a password given with one command and makes this connection a person's. A locked vault is opened for it alone.
    ///
    /// `opensGrace` lets reveals in the peer's terminal pass for five minutes.
    package func stepUp(
        password: SecretValue, opensGrace: Bool, by asker: Asker, at door: DoorFacts
    ) async throws -> (token: String, graceUntil: Timestamp?) {
        try await passGate { [self] in
            try await closeIfIdle()
            if let open = current { try await checkPassword(password, by: asker, in: open) } else { _ = try await openWith(password, by: asker) }
            let now = foundation.clock.steady()
            let isUnlocked = sessions.isUnlocked(door.peer, now: now)
            if isUnlocked { sessions.personActed(now: now) } else { sessions.admitVisitor(door.connection, now: now) }
            let session = opensGrace && isUnlocked ? door.peer.session : nil
            let detail = session == nil ? [] : [AuditFact("reveal-grace", Timespan(SessionBook.revealGrace))]
            try await current?.authorizer.state(.stepUp, by: asker.asPerson, detail: detail)
            let graceUntil = session.map { sessions.openRevealGrace($0, now: now) }
            return (sessions.stepUp(door.connection, random: foundation.random), wallTime(of: graceUntil))
        }
    }

    /// Makes the peer's session a person's. A peer that does not stand next to a session's leader only holds the vault open for its connection.
    func admit(_ door: DoorFacts, isReadOnly: Bool = false, now: Timestamp) {
        if let session = door.peer.session, door.peer.isNextToLeader {
            sessions.admit(session, isReadOnly: isReadOnly, now: now)
        } else {
            sessions.admitVisitor(door.connection, now: now)
        }
    }

    /// A moment since boot as the time of day it will be.
    func wallTime(of steady: Timestamp?) -> Timestamp? {
        steady.map { foundation.clock.now().advanced(by: $0.duration(since: foundation.clock.steady())) }
    }
}

extension Vault {
    /// Tries the password on each slot; wrong ones are counted, written down and slowed.
    func rootKey(for password: SecretValue, by asker: Asker) async throws -> OpenedSlot {
        try await checkBackoff(by: asker)
        let rows = try await slotRows()
        let opened = try trying { () -> OpenedSlot? in
            for row in rows {
                let record = try SlotRecord(decoding: row.content)
                guard case .password = record.slot else { continue }
                do {
                    let root = try record.slot.open(
                        password: password, hash: foundation.passwordHash, organization: row.organization, slot: row.id.cast())
                    return OpenedSlot(row: row, record: record, root: root)
                } catch let error as EnvelopeError where error.isWrongKey {
                    continue
                }
            }
            return nil
        }
        if let opened { return opened }
        try await noteWrongKey(by: asker)
        throw EngineError.wrongPassword
    }

    /// Tries a password or recovery key: nil for a wrong one, which is counted.
    func trying<Opened>(_ body: () throws -> Opened?) throws -> Opened? {
        let before = try backoff.begin()
        do {
            let opened = try body()
            if opened != nil { backoff.succeeded() }
            return opened
        } catch {
            backoff.withdraw(to: before)
            throw error
        }
    }

    /// Refuses a try that comes too early, and one from a sandbox, where nobody is asked for a password, and writes that down.
    func checkBackoff(by asker: Asker) async throws {
        guard !asker.isConfined else { throw try await refusal(of: .stepUpFailed, to: asker) }
        do { try backoff.check() } catch {
            if let open = current {
                try await open.authorizer.refuse(Act(.stepUpFailed, .administer, .person), by: asker, on: [], error: error)
            } else {
                try noteLocked(.unlockFailed, by: asker, code: error.code)
            }
            throw error
        }
    }

    /// Writes a wrong password or recovery key down.
    func noteWrongKey(by asker: Asker) async throws {
        if let open = current {
            try await open.authorizer.state(.stepUpFailed, by: asker, decision: .deny(code: EngineError.wrongPassword.code))
        } else {
            try noteLocked(.unlockFailed, by: asker, code: EngineError.wrongPassword.code)
        }
    }

    func slotRows() async throws -> [Record] {
        let store = try await store()
        guard let organization = try await store.organizations().first else { throw EngineError.noVault }
        return try await store.records(.slot, parent: nil, after: nil, limit: 100, in: organization)
    }

    /// Checks the password of an open vault, and that its slot is one that was written.
    func checkPassword(_ password: SecretValue, by asker: Asker, in open: OpenVault) async throws {
        let slot = try await rootKey(for: password, by: asker)
        try open.book.check(slot.row)
    }

    /// Makes the vault ready for keys, lets `body` open it, and takes everything back when that fails.
    ///
    /// The spawner is forked here, before the first key exists: it must not inherit one.
    func unlocking<Result: Sendable>(by asker: Asker, _ body: () async throws -> Result) async throws -> Result {
        guard foundation.storeExists() else { throw EngineError.noVault }
        try await checkBackoff(by: asker)
        try foundation.checkPlaces()
        try await foundation.runners.prepare()
        do { return try await body() } catch {
            foundation.runners.retire()
            throw error
        }
    }

    private func openWith(_ password: SecretValue, by asker: Asker, acceptingRollback: Bool = false, detail: [AuditFact] = []) async throws
        -> UnlockReport
    {
        try await unlocking(by: asker) {
            let slot = try await rootKey(for: password, by: asker)
            let asker = asker.asPerson
            let opened = try await VaultOpening(foundation: foundation, store: store(), lasting: lasting, acceptsRollback: acceptingRollback).open(
                slot)
            let open = opened.vault
            let unlock = open.authorizer.entry(.vaultUnlock, by: asker, detail: detail + opened.memory.facts)
            var report = try await absorbPending(into: open, accepting: opened.accepted, by: asker, then: [unlock])
            // Whatever of this fails is done at the next unlock.
            report.slotUpgraded = (try? await open.upgrade(slot, password: password)) ?? false
            report.purgedSecrets = await open.purge(overdue: opened.overdue)
            await open.sweepGrants()
            await open.lookUpKept()
            report.warnings = open.warnings + opened.memory.warnings
            replaceOpen(open)
            return report
        }
    }

    /// Writes what waited to the log of the vault that is being opened, together with the entries about the opening.
    func absorbPending(into open: OpenVault, accepting facts: [AuditFact], by asker: Asker, then last: [AuditEntry], with change: Change = Change())
        async throws
        -> UnlockReport
    {
        lasting.pending.belong(to: open.organization)
        let waiting = try lasting.pending.waiting()
        let keeper = foundation.keeper
        var entries = waiting.acts.map { $0.entry(userName: keeper.userName, host: keeper.host, platform: keeper.platform) }
        entries += waiting.outcomes
        if waiting.damagedLines > 0 {
            entries.append(open.authorizer.entry(.pendingDropped, by: .keeper(keeper), detail: [AuditFact("damaged-lines", waiting.damagedLines)]))
        }
        if !facts.isEmpty { entries.append(open.authorizer.entry(.rollbackAccepted, by: asker, detail: facts)) }
        var change = change
        if waiting.acts.contains(where: \.isFreeze) { try await open.addFreeze(to: &change) }
        try await open.writer.record(entries + last, with: change)
        // What was accepted is behind a checkpoint from here on, and is not asked about again.
        if !facts.isEmpty { try await open.writer.checkpoint() }
        // When this fails the acts stand in the log twice.
        try? lasting.pending.clear(waiting)
        var report = UnlockReport()
        report.absorbedEntries = waiting.acts.count
        report.failedAttempts = waiting.acts.filter { $0.key.action == .known(.unlockFailed) }.reduce(0) { $0 + $1.repeated }
        return report
    }
}

/// A slot that a password or recovery key has opened.
struct OpenedSlot: Sendable {
    var row: Record
    var record: SlotRecord
    var root: WrappingKey
}

extension EnvelopeError {
    /// Whether the failure is that of a wrong key; anything else is damage.
    var isWrongKey: Bool {
        switch self {
        case .authenticationFailed, .commitmentMismatch: true
        default: false
        }
    }
}

extension Asker {
    /// The same asker, with the standing that a checked password gives.
    package var asPerson: Asker {
        var asker = self
        asker.standing = .person(steppedUp: true)
        return asker
    }
}
