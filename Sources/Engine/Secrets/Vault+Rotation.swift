import Auditing
package import Envelopes
package import Model
import Storage

extension Vault {
    /// What a root rotation made.
    package struct RootRotation: Sendable {
        package var generation: Int64
        package var rewrapped: Int
        /// Set when the vault had a recovery key: the new one, to be shown once.
        package var recovery: RecoveryKey?
    }

    /// Draws a new root key and wraps the organization key and every project key anew, in one transaction. The password stays.
    ///
    /// Other passwords cannot be taken over, as nobody typed them: their slots must be removed first.
    package func rotateRoot(password: SecretValue, by asker: Asker) async throws -> RootRotation {
        try await passGate { [self] in
            let open = try opened(for: asker)
            try await checkPassword(password, by: asker, in: open)
            let asker = asker.asPerson
            return try await open.administration.pass {
                let permit = try await open.authorizer.permit(Act(.rootRotate, .administer, .stepUp), by: asker, on: [])
                let slots = try await open.slotRecords()
                guard slots.filter({ !$0.record.slot.isRecovery }).count == 1 else {
                    throw EngineError.invalid(
                        "the vault opens with several passwords", hint: "remove the others with `tacit slot remove`, rotate, and add them again")
                }
                let root = WrappingKey.generate(random: foundation.random)
                let (change, result) = try await open.rotation(to: root, password: password, slots: slots)
                try await commit(change, root: root, result, permit: permit, in: open)
                return result
            }
        }
    }

    /// Stores the rotation and takes up the new root key. When the store does not tell what became of it, the vault is locked: the next unlock sees.
    private func commit(_ change: Change, root: WrappingKey, _ result: RootRotation, permit: Permit, in open: OpenVault) async throws {
        do {
            let detail = [AuditFact("generation", result.generation), AuditFact("rewrapped", result.rewrapped)]
            try await open.authorizer.commit(permit, change, on: [], detail: detail)
        } catch {
            let keys = try? await open.store.keys(of: open.organization.cast(), in: open.organization)
            if keys?.contains(where: { $0.wrapping == result.generation }) ?? true { try? await close(open, by: .keeper(foundation.keeper)) }
            throw error
        }
        open.keyring.replaceRoot(LocalRootKey(key: root), generation: result.generation)
        // What the old root key wrapped leaves the file.
        await open.eraseTraces()
    }
}

extension OpenVault {
    fileprivate func rotation(to root: WrappingKey, password: SecretValue, slots: [(row: Record, record: SlotRecord)]) async throws -> (
        change: Change, result: Vault.RootRotation
    ) {
        let generation = keyring.rootGeneration + 1
        var change = Change()
        var rewrapped = 1
        for old in try await store.keys(of: organization.cast(), in: organization) {
            change.add(.deleteKey(owner: old.owner, generation: old.generation, wrapping: old.wrapping, in: organization))
        }
        change.add(.insertKey(try await keyring.wrappedOrganizationKey(under: LocalRootKey(key: root), generation: generation)))
        for project in try await book.records(.project) {
            for old in try await store.keys(of: project.id, in: organization) {
                change.add(.deleteKey(owner: project.id, generation: old.generation, wrapping: old.wrapping, in: organization))
                let wrapped = try await keyring.rewrapped(
                    project.id.cast(), generation: old.generation, under: root, wrapping: generation, random: random)
                change.add(.insertKey(wrapped))
                rewrapped += 1
            }
        }
        let maker = SlotMaker(foundation: foundation, book: book, root: root, rootGeneration: generation)
        for slot in slots { change.remove(slot.row) }
        change.put(try maker.passwordSlot(password), replacing: nil)
        var recovery: RecoveryKey?
        if slots.contains(where: { $0.record.slot.isRecovery }) {
            let key = RecoveryKey.generate(random: random)
            change.put(try maker.recoverySlot(key), replacing: nil)
            recovery = key
        }
        try await raiseRootGeneration(to: generation, in: &change)
        return (change, Vault.RootRotation(generation: generation, rewrapped: rewrapped, recovery: recovery))
    }

    private func raiseRootGeneration(to generation: Int64, in change: inout Change) async throws {
        guard let row = try await book.records(.vault).first else { throw EngineError.recordsDisagree }
        var record = try VaultRecord(decoding: row.content)
        record.rootGeneration = generation
        change.put(book.make(.vault, id: row.id, parent: nil, name: nil, content: record.encoded, replacing: row), replacing: row)
    }
}
