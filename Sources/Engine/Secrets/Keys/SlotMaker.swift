import Envelopes
import Model
import Storage

/// Makes the rows of slots.
struct SlotMaker: Sendable {
    let foundation: Vault.Foundation
    let book: RecordBook
    let root: WrappingKey
    let rootGeneration: Int64

    func passwordSlot(_ password: SecretValue) throws -> Record {
        let id = SlotID(random: foundation.random)
        let slot = try Slot.sealing(
            root: root, password: password, hash: foundation.passwordHash, parameters: .default(random: foundation.random),
            organization: book.keyring.organization, slot: id, random: foundation.random)
        return row(slot, id: id)
    }

    func recoverySlot(_ key: RecoveryKey) throws -> Record {
        let id = SlotID(random: foundation.random)
        let slot = try Slot.sealing(
            root: root, recovery: key, organization: book.keyring.organization, slot: id, random: foundation.random)
        return row(slot, id: id)
    }

    private func row(_ slot: Slot, id: SlotID) -> Record {
        let record = SlotRecord(createdAt: foundation.clock.now(), rootGeneration: rootGeneration, slot: slot)
        return book.make(.slot, id: id.cast(), parent: nil, name: nil, content: record.encoded)
    }
}
