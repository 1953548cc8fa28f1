import Auditing
import Brokering
import Model
import Policies
import Storage

/// The tokens that a door takes, with what each stands for.
struct DoorTokens: Sendable {
    var grants: [GrantID: DoorJudge.Grant] = [:]
    var tokens: [GrantID: FakeToken] = [:]
    /// The run, as their grants name it.
    var run: AnyRecordID?
    /// Those that end with the run.
    var ofRun: [GrantID] = []
    /// Which of them sign together.
    var signing: [SigningGrants] = []

    mutating func add(_ id: GrantID, _ token: FakeToken, for grant: DoorJudge.Grant) { (grants[id], tokens[id]) = (grant, token) }
}

extension OpenVault {
    /// The most tokens that a person may issue to one agent: each of its doors looks for all of them.
    static let tokensPerAgent = 64

    /// Puts tokens in the place of a run's values, and stores what they stand for before anybody has one.
    func runTokens(
        for values: inout [RunJob.InjectedValue], _ wanted: [Wanted], of agent: AgentID, life: Duration
    ) async throws -> DoorTokens {
        let run = AnyRecordID(random: random)
        var door = DoorTokens(run: run)
        var signers = RunSigners(values)
        var rows: [Record] = []
        for index in values.indices where values[index].kind == .secret {
            guard let item = wanted.first(where: { $0.record?.id == values[index].secret }), let secret = values[index].secret else {
                throw EngineError.notFound(.secret)
            }
            guard item.isToken else { continue }
            let field = values[index].name.split(separator: "#").dropFirst().first.flatMap { try? SegmentName(String($0), of: .field) }
            let shape = TokenShape.fitting(values[index].value)
            let made = try makeGrant(GrantDraft(agent: agent, run: run, secret: secret, field: field, shape: shape, life: life))
            rows.append(made.row)
            door.add(
                made.id, made.token,
                for: .init(secret: secret, scope: item.scope, name: item.name, field: field, label: values[index].name))
            door.ofRun.append(made.id)
            signers.take(made.token, of: made.id, at: index)
            values[index].take(made.token)
        }
        door.signing = signers.grants
        guard !door.ofRun.isEmpty else { return door }
        let name = try await agentNames()[agent] ?? ""
        let detail = [AuditFact("for", name), AuditFact("run", "\(run)"), AuditFact("tokens", door.ofRun.count)]
        try await store(rows, of: agent, detail: detail)
        try await endUnlessStanding(door.ofRun, of: .agent(agent))
        return door
    }

    /// Adds the tokens that a person issued to the agent and that are live. One whose secret cannot be used now is left out.
    func addIssuedTokens(of agent: AgentID, _ asker: Asker, to door: inout DoorTokens) async throws {
        for row in try await issuedGrants(of: agent) {
            guard let secret = row.parent, let (record, name) = try? await located(secret.cast()),
                (try? usable(record, name, in: record.place.scope, byTokenOf: asker)) != nil
            else { continue }
            let (token, document) = try token(of: row)
            guard let manifest = try? await shelf.manifest(record, version: record.current), let (_, field) = try? manifest.chosen(document.field)
            else { continue }
            let label = manifest.fields.count > 1 ? "\(name)#\(field.name)" : "\(name)"
            let grant = DoorJudge.Grant(secret: record.id, scope: record.place.scope, name: name, field: document.field, label: label)
            door.add(row.id.cast(), token, for: grant)
        }
    }

    /// The grants that a person issued to the agent and that are live.
    func issuedGrants(of agent: AgentID) async throws -> [Record] {
        let now = expiryClock()
        return try await grants { $0.agent == agent && $0.run == nil && $0.state(at: now) == .live }
    }

    /// Ends tokens of an agent that was frozen or revoked while they were made: who ended what it has may have looked for them before they were there.
    func endUnlessStanding(_ ids: [GrantID], of holder: SessionHolder) async throws {
        do { try await checkStands(holder) } catch {
            await endTokens(ids)
            throw error
        }
    }

    /// Refuses whoever was frozen, or whose badge was made worthless, since it was allowed something; a person has no holder, and stands.
    ///
    /// What an agent gets is entered where a freeze and a revocation look for it, and then this is asked: one of the two sees the other.
    func checkStands(_ holder: SessionHolder?) async throws {
        guard let holder else { return }
        guard case .agent(let id) = holder else {
            if let denial = freeze.denial(of: nil) { throw EngineError.denied(denial) }
            return
        }
        if let denial = freeze.denial(of: id) { throw EngineError.denied(denial) }
        guard try await isRevoked(id) else { return }
        throw EngineError.denied(.badBadge)
    }

    /// Ends the tokens of a run that ended, or never began. What fails is done at the next unlock; nobody has a broker for them any more.
    func endTokens(_ ids: [GrantID]) async {
        guard !ids.isEmpty else { return }
        try? await retrying {
            var rows: [Record] = []
            for id in ids { if let row = try await book.record(.grant, id: id.cast()) { rows.append(row) } }
            var change = Change()
            let count = try revoke(rows, in: &change)
            guard count > 0 else { return }
            let detail = [AuditFact("reason", "run ended"), AuditFact("tokens", count)]
            try await authorizer.state(.tokenRevoke, by: .keeper(foundation.keeper), change: change, detail: detail)
        }
    }

    /// Refuses a token that is over, and writes down that somebody still uses it.
    func checkLive(_ id: GrantID, of asker: Asker, _ subject: AuditSubject) async throws {
        let record = try await grant(id)
        // One whose row is gone went with its secret.
        let state = record.map { $0.agent == asker.agent ? $0.state(at: expiryClock()) : .revoked } ?? .revoked
        guard state != .live else { return }
        try await misused(state == .expired ? .tokenExpired : .tokenRevoked, by: asker, subject)
    }

    /// Refuses a request in which one of the texts is a token that its door does not have.
    func checkStrangers(_ texts: [[UInt8]], of asker: Asker) async throws {
        for text in texts {
            guard let found = try await grant(recognising: text) else { continue }
            let denial: EngineError.Denial =
                switch found.record.state(at: expiryClock()) {
                case .live: .tokenForeign
                case .expired: .tokenExpired
                case .revoked: .tokenRevoked
                }
            try await misused(denial, by: asker, AuditSubject(secret: found.secret, record: found.id.cast()))
        }
    }

    private func misused(_ denial: EngineError.Denial, by asker: Asker, _ subject: AuditSubject) async throws {
        try await noteMisuse(denial.code, by: asker, on: [subject])
        throw EngineError.denied(denial)
    }
}

extension RunJob.InjectedValue {
    /// Puts a token, which is no secret, in the place of the value.
    fileprivate mutating func take(_ token: FakeToken) {
        var bytes = Array(token.text.utf8)
        (value, kind, isToken) = (SecretValue(moving: &bytes), .plain, true)
    }
}
