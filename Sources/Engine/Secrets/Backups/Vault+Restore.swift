import Auditing
package import Envelopes
package import Model
import Storage

extension Vault {
    /// What became of a restore.
    package struct Restored: Sendable {
        package var organization: OrganizationID
        /// The key that verifies the checkpoints of the new vault.
        package var verifierKey: String
        package var summary: BackupSummary
    }

    /// Makes a new vault of a backup, with keys, a log and a password of its own. It appears whole or not at all, and is unlocked afterwards for the peer,
    /// unless something hinders that.
    package func restore(
        from source: @escaping BackupSource, opening: BackupKey.Opening, password: SecretValue, by asker: Asker, at door: DoorFacts
    ) async throws -> Restored {
        guard asker.agent == nil, !asker.isConfined else { throw EngineError.denied(.personOnly) }
        return try await lasting.backups.pass {
            try await passGate { [self] in
                guard try await !hasVault() else { throw EngineError.vaultExists }
                guard password.byteCount >= Self.minimumPasswordBytes else { throw EngineError.passwordTooShort }
                // The spawner is forked here, before the first key exists: it must not inherit one.
                try await foundation.runners.prepare()
                do {
                    return try await restoreBeside(source, opening, password, by: asker.asPerson, at: door)
                } catch {
                    foundation.runners.retire()
                    throw error
                }
            }
        }
    }

    private func restoreBeside(
        _ source: BackupSource, _ opening: BackupKey.Opening, _ password: SecretValue, by asker: Asker, at door: DoorFacts
    ) async throws -> Restored {
        let staged = try await foundation.stagedStore()
        let (slot, summary, verifierKey): (OpenedSlot, BackupSummary, String)
        do {
            var work = try await RestoreWork(password: password, in: staged, foundation)
            summary = try await work.read(source, opening)
            slot = try await work.finish(summary, by: asker)
            verifierKey = try work.vault.verifierKey
            try await staged.publish()
        } catch {
            await staged.discard()
            throw error
        }
        // From here on the vault is there. What keeps it from being unlocked is told to whoever unlocks it next.
        do { try await unlockRestored(slot, by: asker, at: door) } catch { foundation.runners.retire() }
        return Restored(organization: slot.row.organization, verifierKey: verifierKey, summary: summary)
    }

    private func unlockRestored(_ slot: OpenedSlot, by asker: Asker, at door: DoorFacts) async throws {
        let opened = try await VaultOpening(foundation: foundation, store: store(), lasting: lasting).open(slot)
        let unlock = opened.vault.authorizer.entry(.vaultUnlock, by: asker)
        _ = try await absorbPending(into: opened.vault, accepting: [], by: asker, then: [unlock])
        replaceOpen(opened.vault)
        admit(door, now: foundation.clock.steady())
    }

    /// Reads all of a backup and says what it holds; nothing is stored.
    ///
    /// Where there is a vault, that is written into its log, and a person must ask.
    package func checkBackup(from source: BackupSource, opening: BackupKey.Opening, by asker: Asker) async throws -> BackupSummary {
        guard try await passGate({ [self] in try await hasVault() }) else {
            guard asker.agent == nil, !asker.isConfined else { throw EngineError.denied(.personOnly) }
            return try await summary(of: source, opening)
        }
        let open = try opened(for: asker)
        let access = try await open.authorizer.authorize(Act(.backupCheck, .none, .person), by: asker, on: [])
        return try await open.concluding(access) { try await summary(of: source, opening) }
    }

    private func summary(of source: BackupSource, _ opening: BackupKey.Opening) async throws -> BackupSummary {
        try await lasting.backups.pass {
            var reader = BackupReader(opening, hash: foundation.passwordHash)
            var tally = BackupTally()
            while try await reader.fill(from: source) { while let event = try reader.next() { tally.take(event) } }
            let (head, counts) = try reader.finished()
            return try tally.summary(head, counts)
        }
    }
}
