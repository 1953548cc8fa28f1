import Auditing
package import Envelopes
package import Model
import Storage

extension Vault {
    /// Changes the password that `current` is. The old one opens nothing afterwards.
    package func changePassword(current: SecretValue, to new: SecretValue, by asker: Asker) async throws {
        try await passGate { [self] in
            let open = try opened(for: asker)
            let slot = try await rootKey(for: current, by: asker)
            try open.book.check(slot.row)
            let asker = asker.asPerson
            try await open.administration.pass {
                let permit = try await open.authorizer.permit(Act(.passwordChange, .administer, .stepUp), by: asker, on: [])
                try await open.replacePassword(slot, with: new, permit: permit)
            }
        }
    }

    /// Opens the vault with the recovery key, sets a new password in the place of all others, and returns a new recovery key.
    package func recover(with key: RecoveryKey, newPassword: SecretValue, acceptingRollback: Bool = false, by asker: Asker, at door: DoorFacts)
        async throws -> RecoveryKey
    {
        try await passGate { [self] in
            guard current == nil else { throw EngineError.alreadyUnlocked }
            guard newPassword.byteCount >= Self.minimumPasswordBytes else { throw EngineError.passwordTooShort }
            let (open, fresh) = try await unlocking(by: asker) {
                let slot = try await recoverySlot(opening: key, by: asker)
                let asker = asker.asPerson
                let opened = try await VaultOpening(foundation: foundation, store: store(), lasting: lasting, acceptsRollback: acceptingRollback)
                    .open(slot)
                let open = opened.vault
                let (change, fresh) = try await open.freshSlots(password: newPassword)
                let facts = [AuditFact("slot", "recovery")] + opened.memory.facts
                let entries = [AuditAction.vaultUnlock, .passwordChange, .slotReplaceRecovery].map {
                    open.authorizer.entry($0, by: asker, detail: facts)
                }
                _ = try await absorbPending(into: open, accepting: opened.accepted, by: asker, then: entries, with: change)
                return (open, fresh)
            }
            await open.eraseTraces()
            await open.sweepGrants()
            replaceOpen(open)
            admit(door, now: foundation.clock.steady())
            return fresh
        }
    }

    private func recoverySlot(opening key: RecoveryKey, by asker: Asker) async throws -> OpenedSlot {
        let rows = try await slotRows()
        let opened = try trying { () -> OpenedSlot? in
            for row in rows {
                let record = try SlotRecord(decoding: row.content)
                guard record.slot.isRecovery, let root = try? record.slot.open(recovery: key, organization: row.organization, slot: row.id.cast())
                else { continue }
                return OpenedSlot(row: row, record: record, root: root)
            }
            return nil
        }
        if let opened { return opened }
        try await noteWrongKey(by: asker)
        throw EngineError.wrongRecoveryKey
    }
}

extension OpenVault {
    /// New slots for everything: the old passwords and the recovery key open nothing afterwards.
    fileprivate func freshSlots(password: SecretValue) async throws -> (Change, RecoveryKey) {
        guard let root = keyring.localRoot else { throw EngineError.unreadable }
        let maker = SlotMaker(foundation: foundation, book: book, root: root, rootGeneration: keyring.rootGeneration)
        let fresh = RecoveryKey.generate(random: random)
        var change = Change()
        for slot in try await slotRecords() { change.remove(slot.row) }
        change.put(try maker.passwordSlot(password), replacing: nil)
        change.put(try maker.recoverySlot(fresh), replacing: nil)
        return (change, fresh)
    }
}
