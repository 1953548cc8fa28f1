import Auditing
import Model
import Policies
import Storage

extension OpenVault {
    /// Writes down that an agent showed a token where it is not good, and has the person told; where the policy says so, the agent is frozen first.
    func noteMisuse(_ code: String, by asker: Asker, on subjects: [AuditSubject]) async throws {
        let isFrozen = policy.freezesOnMisuse(asker)
        let isNew = misuses.note(asker.agentName, code, at: clock.now(), isFrozen: isFrozen)
        if isFrozen { await freezeAlone(asker, because: code) }
        if isNew { bell.ring() }
        try await authorizer.refuse(Act(.tokenMisuse, .resolve, .capability(.broker)), by: asker, on: subjects, code: code)
    }

    /// What fake tokens were misused since the vault was unlocked, for a person.
    package func misuses(for asker: Asker) -> [MisuseView] { asker.isAgent ? [] : misuses.views }

    /// Freezes one agent, or all programs without a badge, and ends what it has. First it is: an entry that cannot be written lets it not act.
    private func freezeAlone(_ asker: Asker, because code: String) async {
        let agent = asker.agent
        guard freeze.begin(agent, at: clock.now()) else { return }
        func isMeant(_ holder: SessionHolder) -> Bool { agent.map { holder == .agent($0) } ?? holder.isProcess }
        let counts = [
            ("brokers", brokers.end(where: isMeant)), ("sessions", sessions.end { isMeant($0.holder) }.count),
            ("files", files.end { isMeant($0.holder) }.count), ("runs", lasting.runs.stop { $0.holder.map(isMeant) ?? false }.count),
        ]
        sessions.forgetAcknowledgements(where: isMeant)
        try? await administration.pass { [self] in
            try await retrying {
                var change = Change()
                let record = PanicRecord(since: clock.now(), extent: .one(agent))
                if try await book.record(.panic, parent: nil, name: record.extent.name) == nil {
                    let id = AnyRecordID(random: random)
                    change.put(book.make(.panic, id: id, parent: nil, name: record.extent.name, content: record.encoded), replacing: nil)
                }
                let tokens = try revoke(try await grants { agent != nil && $0.agent == agent }, in: &change)
                let detail = [AuditFact("reason", code)] + (counts + [("tokens", tokens)]).map { AuditFact($0.0, $0.1) }
                try await authorizer.state(
                    .agentsFreeze, by: .keeper(foundation.keeper), on: [AuditSubject(record: agent?.cast(), name: asker.agentName)], change: change,
                    detail: detail)
            }
        }
    }
}
