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
        try await gate.pass { [self] in
            let open = try opened(for: asker)
            let asker = asker.asPerson
            let slot = try await rootKey(for: password, by: asker)
            try open.book.check(slot.row)
            let permit = try await open.authorizer.permit(Act(.rootRotate, .administer, .stepUp), by: asker, on: [])
            let slots = try await open.slotRecords()
            guard slots.filter({ !$0.record.slot.isRecovery }).count == 1 else {
                throw EngineError.invalid(
                    "the vault opens with several passwords", hint: "remove the others with `tacit slot remove`, rotate, and add them again")
            }
            let rotation = try await open.rotation(to: WrappingKey.generate(random: foundation.random), password: password, slots: slots)
            try await open.authorizer.commit(permit, rotation.change, on: [], detail: [AuditFact("generation", "\(rotation.result.generation)")])
            open.keyring.replaceRoot(LocalRootKey(key: rotation.root), generation: rotation.result.generation)
            return rotation.result
        }
    }
}

extension OpenVault {
    fileprivate func rotation(
        to root: WrappingKey, password: SecretValue, slots: [(row: Record, record: SlotRecord)]
    ) async throws -> (change: Change, root: WrappingKey, result: Vault.RootRotation) {
        let generation = keyring.rootGeneration + 1
        var change = Change()
        var rewrapped = 1
        change.add(.insertKey(try await keyring.wrappedOrganizationKey(under: root, generation: generation, random: random)))
        for old in try await store.keys(of: organization.cast(), in: organization) {
            change.add(.deleteKey(owner: old.owner, generation: old.generation, wrapping: old.wrapping, in: organization))
        }
        for project in try await book.records(.project) {
            for old in try await store.keys(of: project.id, in: organization) {
                let (key, _) = try await keyring.projectKey(project.id.cast(), generation: old.generation)
                let context = keyring.projectContext(project.id.cast(), generation: old.generation, wrapping: generation)
                let wrapped = try root.wrap(key, context: context, random: random)
                change.add(
                    .insertKey(
                        StoredKey(
                            organization: organization, owner: project.id, generation: old.generation, wrapping: generation, wrapped: wrapped)))
                change.add(.deleteKey(owner: project.id, generation: old.generation, wrapping: old.wrapping, in: organization))
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
        return (change, root, Vault.RootRotation(generation: generation, rewrapped: rewrapped, recovery: recovery))
    }

    private func raiseRootGeneration(to generation: Int64, in change: inout Change) async throws {
        guard let row = try await book.records(.vault).first else { throw EngineError.unreadable }
        var record = try VaultRecord(decoding: row.content)
        record.rootGeneration = generation
        change.put(book.make(.vault, id: row.id, parent: nil, name: nil, content: record.encoded, replacing: row), replacing: row)
    }
}
