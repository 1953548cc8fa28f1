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
        package var locksAt: Timestamp?
        package var leaseUntil: Timestamp?
        package var warnings: [String] = []
    }

    /// Opens the vault with a password, for the peer's kernel session. `lease` lets agents use it that long although no person acts.
    package func unlock(password: SecretValue, lease: Duration?, by asker: Asker, at door: DoorFacts) async throws -> UnlockReport {
        try await gate.pass { [self] in
            let asker = asker.asPerson
            var report = UnlockReport()
            if let open = current {
                try await checkPassword(password, by: asker, in: open)
            } else {
                report = try await openWith(password, by: asker)
            }
            admit(door, now: foundation.clock.steady())
            if let lease { sessions.grantLease(until: foundation.clock.steady().advanced(by: lease)) }
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
        try await gate.pass { [self] in
            let asker = asker.asPerson
            if let open = current {
                try await checkPassword(password, by: asker, in: open)
            } else {
                _ = try await openWith(password, by: asker)
                sessions.admitVisitor(door.connection)
            }
            var graceUntil: Timestamp?
            if opensGrace, let session = door.peer.session, sessions.isUnlocked(door.peer) {
                graceUntil = wallTime(of: sessions.openRevealGrace(session, now: foundation.clock.steady()))
            }
            try await current?.authorizer.state(.stepUp, by: asker)
            return (sessions.stepUp(door.connection, random: foundation.random), graceUntil)
        }
    }

    /// Makes the peer's session a person's; a peer without a session of its own holds the vault open for its connection.
    func admit(_ door: DoorFacts, now: Timestamp) {
        if let session = door.peer.session, door.peer.isNextToLeader {
            sessions.admit(session, now: now)
        } else {
            sessions.admitVisitor(door.connection)
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
        if let wait = withBackoff({ $0.wait(now: foundation.clock.steady()) }) {
            throw EngineError.backedOff(seconds: Int(wait.components.seconds) + 1)
        }
        for row in try await slotRows() {
            let record = try SlotRecord(decoding: row.content)
            guard case .password = record.slot else { continue }
            do {
                let root = try record.slot.open(
                    password: password, hash: foundation.passwordHash, organization: row.organization, slot: row.id.cast())
                withBackoff { $0.succeeded() }
                return OpenedSlot(row: row, record: record, root: root)
            } catch let error as EnvelopeError where error.isWrongKey {
                continue
            }
        }
        withBackoff { $0.failed(now: foundation.clock.steady()) }
        if let open = current {
            try await open.authorizer.state(.unlockFailed, by: asker)
        } else {
            try notePending(.unlockFailed, asker, code: "unlock.failed")
        }
        throw EngineError.wrongPassword
    }

    func slotRows() async throws -> [Record] {
        let store = try await store()
        guard let organization = try await store.organizations().first else { throw EngineError.unreadable }
        return try await store.records(.slot, parent: nil, after: nil, limit: 100, in: organization)
    }

    private func checkPassword(_ password: SecretValue, by asker: Asker, in open: OpenVault) async throws {
        let slot = try await rootKey(for: password, by: asker)
        try open.book.check(slot.row)
    }

    private func openWith(_ password: SecretValue, by asker: Asker) async throws -> UnlockReport {
        guard foundation.storeExists() else { throw EngineError.noVault }
        let slot = try await rootKey(for: password, by: asker)
        try await foundation.runners.prepare()
        let open = try await VaultOpening(foundation: foundation, store: store(), sessions: sessions).open(slot)
        var report = UnlockReport()
        report.absorbedEntries = try await absorbPending(into: open)
        report.slotUpgraded = try await open.upgrade(slot, password: password)
        report.warnings = open.warnings
        try await open.authorizer.state(.vaultUnlock, by: asker)
        replaceOpen(open)
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
