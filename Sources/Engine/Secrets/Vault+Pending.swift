import Auditing
import Model
import Storage
import Synchronization

extension Vault {
    /// Writes down that someone came while the vault was locked. When the list is full the act is refused.
    func noteLocked(_ asker: Asker) throws { try notePending(.vaultUnlock, asker, code: "vault.locked") }

    func notePending(_ action: AuditAction, _ asker: Asker, code: String) throws {
        var entry = AuditEntry(Act(action, .none, .person), asker: asker, subjects: [], clock: foundation.clock)
        entry.decision = .deny(code: code)
        try appendPending(entry)
    }

    /// Adds an entry to the pending list; identical ones are counted.
    func appendPending(_ entry: AuditEntry) throws {
        try pending.withLock { known in
            var list = try known ?? foundation.pending.load().map { PendingList(decoding: $0) } ?? PendingList()
            let line = try list.add(entry)
            if list.shouldBeRewritten {
                try foundation.pending.store(list.encoded())
            } else {
                try foundation.pending.append(line)
            }
            known = list
        }
    }

    /// Moves what waited into the log of the vault that was just opened. Returns how many acts there were.
    func absorbPending(into open: OpenVault) async throws -> Int {
        let waiting = try foundation.pending.load().map { PendingList(decoding: $0) } ?? PendingList()
        let keeper = foundation.keeper
        for act in waiting.acts {
            _ = try await open.writer.record(act.entry(userName: keeper.userName, host: keeper.host, platform: keeper.platform))
        }
        if waiting.damagedLines > 0 {
            let lost = [AuditFact("damaged-lines", waiting.damagedLines)]
            try await open.authorizer.state(.pendingDropped, by: .keeper(keeper), detail: lost)
        }
        try pending.withLock { known in
            try foundation.pending.store([])
            known = nil
        }
        return waiting.acts.count
    }
}
