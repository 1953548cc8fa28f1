import Auditing
import Model

extension Vault {
    /// Writes down that someone came while the vault was locked. When the list is full the act is refused.
    func noteLocked(_ asker: Asker) throws { try notePending(.other("vault.locked"), asker, code: "vault.locked") }

    func notePending(_ action: AuditAction, _ asker: Asker, code: String) throws {
        var entry = AuditEntry(Act(action, .none, .person), asker: asker, subjects: [], clock: foundation.clock)
        entry.decision = AuditDecision(allowed: false, rule: nil, code: code)
        try appendPending(entry)
    }

    /// Adds an entry to the pending list; identical ones are counted.
    func appendPending(_ entry: AuditEntry) throws {
        try pendingLock.withLock { _ in
            var list = try pendingList()
            guard list.add(entry) else { throw EngineError.logFull }
            try foundation.pending.store(list.encoded())
        }
    }

    /// Moves what waited into the log of the vault that was just opened. Returns how many entries there were.
    func absorbPending(into open: OpenVault) async throws -> Int {
        let waiting = try pendingLock.withLock { _ in try pendingList() }
        for entry in waiting.entries { _ = try await open.writer.record(entry) }
        try pendingLock.withLock { _ in try foundation.pending.store(PendingList().encoded()) }
        return waiting.entries.count
    }

    private func pendingList() throws -> PendingList {
        try foundation.pending.load().map { PendingList(decoding: $0) } ?? PendingList()
    }
}
