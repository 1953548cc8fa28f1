import Auditing
package import Envelopes
package import Model
import Storage

/// One way to open the root key.
package struct SlotView: Sendable {
    package var id: SlotID
    package var isRecovery: Bool
    package var parameters: String?
    package var createdAt: Timestamp
}

extension OpenVault {
    package func slots(by asker: Asker) async throws -> [SlotView] {
        let access = try await authorizer.authorize(Act(.slotList, .list, .person), by: asker, on: [])
        return try await concluding(access) { try await slotRecords().map { SlotView($0.row, $0.record) } }
    }

    /// Adds a password that opens the vault too.
    package func addPasswordSlot(_ password: SecretValue, by asker: Asker) async throws -> SlotID {
        try await administration.pass { [self] in
            let permit = try await authorizer.permit(Act(.slotAdd, .administer, .stepUp), by: asker, on: [])
            guard password.byteCount >= Vault.minimumPasswordBytes else { throw EngineError.passwordTooShort }
            let row = try slotMaker().passwordSlot(password)
            var change = Change()
            change.put(row, replacing: nil)
            try await authorizer.commit(permit, change, on: [AuditSubject(record: row.id)])
            return row.id.cast()
        }
    }

    /// Makes a new recovery key, shown once, in place of the one there was.
    package func replaceRecovery(by asker: Asker) async throws -> RecoveryKey {
        try await administration.pass { [self] in
            let permit = try await authorizer.permit(Act(.slotReplaceRecovery, .administer, .stepUp), by: asker, on: [])
            let key = RecoveryKey.generate(random: random)
            var change = Change()
            for slot in try await slotRecords() where slot.record.slot.isRecovery { change.remove(slot.row) }
            let row = try slotMaker().recoverySlot(key)
            change.put(row, replacing: nil)
            try await commit(permit, change, on: row)
            return key
        }
    }

    /// Removes a slot; the last password stays.
    package func removeSlot(_ id: SlotID, by asker: Asker) async throws {
        try await administration.pass { [self] in
            let permit = try await authorizer.permit(Act(.slotRemove, .administer, .stepUp), by: asker, on: [])
            let slots = try await slotRecords()
            guard let slot = slots.first(where: { $0.row.id == id.cast() }) else {
                throw EngineError.invalid("there is no such slot", hint: "see `tacit slot list`")
            }
            if !slot.record.slot.isRecovery, slots.filter({ !$0.record.slot.isRecovery }).count == 1 { throw EngineError.lastPersonSlot }
            var change = Change()
            change.remove(slot.row)
            try await commit(permit, change, on: slot.row)
        }
    }

    /// Puts a new password in the place of the one that opens this slot. The root key stays: rotating it is another act.
    func replacePassword(_ slot: OpenedSlot, with password: SecretValue, permit: Permit) async throws {
        guard password.byteCount >= Vault.minimumPasswordBytes else { throw EngineError.passwordTooShort }
        var change = Change()
        change.remove(slot.row)
        let row = try slotMaker().passwordSlot(password)
        change.put(row, replacing: nil)
        try await commit(permit, change, on: row)
    }

    /// Stores a change of slots. What a removed slot held leaves the file too.
    private func commit(_ permit: Permit, _ change: Change, on slot: Record) async throws {
        try await authorizer.commit(permit, change, on: [AuditSubject(record: slot.id)])
        await eraseTraces()
    }

    /// Strengthens the hash parameters of the slot that was just opened, when they are weaker than today's.
    func upgrade(_ slot: OpenedSlot, password: SecretValue) async throws -> Bool {
        guard case .password(let parameters, _) = slot.record.slot, parameters.isWeakerThanDefault else { return false }
        var change = Change()
        change.remove(slot.row)
        let row = try slotMaker().passwordSlot(password)
        change.put(row, replacing: nil)
        try await authorizer.state(.slotUpgrade, by: .keeper(foundation.keeper), on: [AuditSubject(record: row.id)], change: change)
        await eraseTraces()
        return true
    }

    func slotRecords() async throws -> [(row: Record, record: SlotRecord)] {
        try await book.records(.slot).map { ($0, try SlotRecord(decoding: $0.content)) }
    }

    private func slotMaker() throws -> SlotMaker {
        guard let root = keyring.localRoot else { throw EngineError.invalid("the root key is not kept here", hint: nil) }
        return SlotMaker(foundation: foundation, book: book, root: root, rootGeneration: keyring.rootGeneration)
    }
}

extension SlotView {
    init(_ row: Record, _ record: SlotRecord) {
        id = row.id.cast()
        createdAt = record.createdAt
        isRecovery = record.slot.isRecovery
        if case .password(let parameters, _) = record.slot {
            self.parameters = "argon2id m=\(parameters.memoryKiB),t=\(parameters.passes),p=\(parameters.lanes)"
        }
    }
}

extension Slot {
    var isRecovery: Bool {
        if case .recovery = self { true } else { false }
    }
}
