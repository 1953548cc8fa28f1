import Auditing
package import Envelopes
package import Model
import Storage

extension Vault {
    /// Changes the password that `current` is. The old one opens nothing afterwards.
    package func changePassword(current: SecretValue, to new: SecretValue, by asker: Asker) async throws {
        try await gate.pass { [self] in
            let open = try opened(for: asker)
            let asker = asker.asPerson
            let slot = try await rootKey(for: current, by: asker)
            try open.book.check(slot.row)
            let permit = try await open.authorizer.permit(Act(.passwordChange, .administer, .stepUp), by: asker, on: [])
            try await open.replacePassword(slot, with: new, permit: permit)
        }
    }

    /// Opens the vault with the recovery key, sets a new password in the place of all others, and returns a new recovery key.
    package func recover(with key: RecoveryKey, newPassword: SecretValue, by asker: Asker, at door: DoorFacts) async throws -> RecoveryKey {
        try await gate.pass { [self] in
            guard current == nil else { throw EngineError.alreadyUnlocked }
            guard newPassword.byteCount >= Self.minimumPasswordBytes else { throw EngineError.passwordTooShort }
            let asker = asker.asPerson
            let slot = try await recoverySlot(opening: key, by: asker)
            try await foundation.runners.prepare()
            let open = try await VaultOpening(foundation: foundation, store: store(), sessions: sessions).open(slot)
            _ = try await absorbPending(into: open)
            try await open.authorizer.state(.vaultUnlock, by: asker, detail: [AuditFact("slot", "recovery")])
            let fresh = try await open.replaceAllSlots(password: newPassword, by: asker)
            replaceOpen(open)
            admit(door, now: foundation.clock.steady())
            return fresh
        }
    }

    private func recoverySlot(opening key: RecoveryKey, by asker: Asker) async throws -> OpenedSlot {
        if let wait = withBackoff({ $0.wait(now: foundation.clock.steady()) }) {
            throw EngineError.backedOff(seconds: Int(wait.components.seconds) + 1)
        }
        for row in try await slotRows() {
            let record = try SlotRecord(decoding: row.content)
            guard record.slot.isRecovery else { continue }
            if let root = try? record.slot.open(recovery: key, organization: row.organization, slot: row.id.cast()) {
                withBackoff { $0.succeeded() }
                return OpenedSlot(row: row, record: record, root: root)
            }
        }
        withBackoff { $0.failed(now: foundation.clock.steady()) }
        try notePending(.unlockFailed, asker, code: "unlock.failed")
        throw EngineError.wrongRecoveryKey
    }
}

extension OpenVault {
    /// New slots for everything: the old password and recovery key open nothing afterwards.
    fileprivate func replaceAllSlots(password: SecretValue, by asker: Asker) async throws -> RecoveryKey {
        guard let root = keyring.localRoot else { throw EngineError.unreadable }
        let maker = SlotMaker(foundation: foundation, book: book, root: root, rootGeneration: keyring.rootGeneration)
        let permit = try await authorizer.permit(Act(.slotReplaceRecovery, .administer, .stepUp), by: asker, on: [])
        let fresh = RecoveryKey.generate(random: random)
        var change = Change()
        for slot in try await slotRecords() { change.remove(slot.row) }
        change.put(try maker.passwordSlot(password), replacing: nil)
        change.put(try maker.recoverySlot(fresh), replacing: nil)
        try await authorizer.commit(permit, change, on: [])
        return fresh
    }
}
