import Auditing
package import Model
import Storage

/// What a freeze of agents came to.
package struct Frozen: Sendable, Equatable {
    /// Since when agents are frozen; nil where the vault is locked, and the next unlock freezes them.
    package var since: Timestamp?
    package var tokens = 0
    package var sessions = 0
    package var files = 0
    package var brokers = 0
    package var runs = 0
}

extension Vault {
    /// Freezes every agent, ends what they have, and stops their runs. It only lowers what is allowed, so it takes no password, as locking takes none.
    ///
    /// While the vault is locked no agent gets anything; the next unlock freezes them before it lets anyone in.
    package func panic(by asker: Asker) async throws -> Frozen {
        // Whoever shows no badge may be a person in a hurry; an agent's own door is none's.
        if asker.agent != nil || asker.source == .mcp {
            let error = EngineError.denied(.personOnly)
            try await current?.authorizer.refuse(Act(.agentsFreeze, .administer, .person), by: asker, on: [], error: error)
            throw error
        }
        do {
            if let open = current { return try await open.freezeAgents(by: asker) }
        } catch EngineError.locked {}
        return try await passGate { [self] in
            if let open = current { return try await open.freezeAgents(by: asker) }
            guard foundation.storeExists() else { throw EngineError.noVault }
            let stopped = runs.stop { $0.holder != nil }
            var entry = AuditEntry(Act(.agentsFreeze, .administer, .person), asker: asker, subjects: [], clock: foundation.clock)
            entry.decision = .allow()
            guard keep([entry]) else { throw EngineError.freezeUnkept }
            return Frozen(runs: stopped.count)
        }
    }
}

extension OpenVault {
    /// Freezes every agent. First they are, then what they have ends: what is being allowed meanwhile either sees the freeze or is found here. An entry that cannot
    /// be written lets nobody act.
    func freezeAgents(by asker: Asker) async throws -> Frozen {
        var frozen = Frozen(since: freeze.begin(at: clock.now()))
        var stopped = endAll(&frozen)
        let counts = [("sessions", frozen.sessions), ("files", frozen.files), ("brokers", frozen.brokers), ("runs", stopped.count)]
        let stored = await Result.of { try await storeFreeze(by: asker, counts.map { AuditFact($0.0, $0.1) }) }
        // What began on its way to the disk.
        stopped.formUnion(endAll(&frozen))
        frozen.runs = stopped.count
        frozen.tokens = try stored.get()
        return frozen
    }

    /// Stores the freeze, and says how many tokens ended with it. What cannot be stored holds until the lock.
    func storeFreeze(by asker: Asker, _ facts: [AuditFact] = []) async throws -> Int {
        try await administration.pass { [self] in
            do {
                let tokens = try await retrying {
                    var change = Change()
                    let tokens = try await addFreeze(to: &change)
                    try await authorizer.state(.agentsFreeze, by: asker, change: change, detail: facts + [AuditFact("tokens", tokens)])
                    return tokens
                }
                freeze.noteStored(true)
                return tokens
            } catch EngineError.locked { throw EngineError.locked } catch {
                freeze.noteStored(false)
                throw EngineError.freezeUnstored
            }
        }
    }

    /// Ends what agents have beside tokens, adds it to the counts, and says which runs are stopped.
    private func endAll(_ frozen: inout Frozen) -> Set<String> {
        frozen.sessions += sessions.end { _ in true }.count
        sessions.forgetAcknowledgements()
        frozen.files += files.end { _ in true }.count
        frozen.brokers += brokers.end { _ in true }
        return lasting.runs.stop { $0.holder != nil }
    }

    /// Adds the row that freezes agents, and the end of every token, to a change; how many were live.
    @discardableResult
    func addFreeze(to change: inout Change) async throws -> Int {
        let since = freeze.begin(at: clock.now())
        let record = PanicRecord(since: since)
        if try await book.record(.panic, parent: nil, name: record.extent.name) == nil {
            change.put(
                book.make(.panic, id: AnyRecordID(random: random), parent: nil, name: record.extent.name, content: record.encoded), replacing: nil)
        }
        return try revoke(try await book.records(.grant), in: &change)
    }

    /// Lets agents act again, as the policy says. Tokens and sessions of before stay ended.
    package func thawAgents(by asker: Asker) async throws {
        try await administration.pass { [self] in
            let permit = try await authorizer.permit(Act(.agentsThaw, .administer, .stepUp), by: asker, on: [])
            guard freeze.isOn else { throw EngineError.invalid("agents are not frozen", hint: nil) }
            var change = Change()
            for row in try await book.records(.panic) { change.remove(row) }
            try await authorizer.commit(permit, change, on: [])
            freeze.end()
        }
    }

    /// Takes over what the vault says, when it is opened.
    func loadFreeze() async throws {
        for row in try await book.records(.panic) {
            let record = try PanicRecord(decoding: row.content)
            guard case .one(let agent) = record.extent else {
                freeze.begin(at: record.since)
                continue
            }
            freeze.begin(agent, at: record.since)
        }
    }
}

extension Result where Failure == any Error {
    /// What became of something, whichever it is.
    fileprivate static func of(_ body: () async throws -> Success) async -> Self {
        do { return .success(try await body()) } catch { return .failure(error) }
    }
}

extension PendingAct {
    /// Whether agents were frozen while the vault was locked.
    var isFreeze: Bool { key.action == .known(.agentsFreeze) && key.effect == .allow }
}
