import Auditing
import Brokering
package import Model
import Policies
import Storage

/// A fake token that a person wants for an agent.
package struct TokenWish: Sendable {
    package var agent: SegmentName
    package var reference: SecretReference
    /// Where a bare name is looked up.
    package var scope: Scope
    package var life: Duration?
    /// Whether it says what it is, as `tacit_openai_…`, in place of looking like the service's own.
    package var isNeutral = false

    package init(agent: SegmentName, reference: SecretReference, scope: Scope, life: Duration? = nil) {
        (self.agent, self.reference, self.scope, self.life) = (agent, reference, scope, life)
    }

    /// How long a token is good, and how long unless told.
    package static let lives = Duration.seconds(60)...Duration.seconds(366 * 86_400)
    package static let usualLife = Duration.seconds(30 * 86_400)
}

/// A fake token as a list shows it.
package struct TokenView: Sendable {
    package var id: GrantID
    package var agent: String
    /// `PROJECT/ENVIRONMENT/NAME`, and the field where it is one that was named.
    package var secret: String
    package var masked: String
    /// What it looks like, by name.
    package var shape: String
    /// Whether it ends with a run.
    package var isOfRun: Bool
    package var issuedAt: Timestamp
    package var expiresAt: Timestamp
    package var revokedAt: Timestamp?
    package var state: TokenState
    /// What was asked with it since the keeper was started; nil where nothing was.
    package var usage: TokenUsage?
}

/// Whether a token is good.
package enum TokenState: String, Sendable { case live, expired, revoked }

/// Which tokens are to end.
package enum TokenRevocation: Sendable {
    case those([GrantID])
    case agent(SegmentName)
    case all
}

extension OpenVault {
    /// Makes a token that is good in every run of an agent until it expires. It is told here, and never again.
    package func issueToken(_ wish: TokenWish, by asker: Asker) async throws -> (view: TokenView, text: String) {
        let life = wish.life ?? TokenWish.usualLife
        guard TokenWish.lives.contains(life) else {
            throw EngineError.invalid("a token is good for a minute to 366 days", hint: "give it the shortest time that is enough")
        }
        let act = Act(.tokenIssue, .administer, .stepUp)
        let scope = wish.reference.scope ?? wish.scope
        guard wish.reference.version == nil else {
            throw EngineError.invalid("a token stands for the version that is current when it is used", hint: "leave the version out")
        }
        return try await retrying {
            let record = try await sought(wish.reference.name, in: scope, for: act, by: asker)
            let target = target(scope, wish.reference.name, record, version: record?.current)
            let permit = try await authorizer.permit(act, by: asker, on: [target])
            guard let record else { throw EngineError.notFound(.secret) }
            let agent = try await self.agent(named: wish.agent, for: asker)
            guard case .agent(let id, _) = agent.standing else { throw EngineError.notFound(.agent) }
            let item = Wanted(scope: scope, name: wish.reference.name, field: wish.reference.field, version: record.current, record: record)
            _ = try await checkRequests(of: agent, [item])
            guard try await issuedGrants(of: id).count < Self.tokensPerAgent else {
                throw EngineError.invalid(
                    "the agent has \(Self.tokensPerAgent) live tokens already", hint: "revoke those that nobody uses: `tacit token list`")
            }
            let (draft, field) = try await outline(item, record, wish, for: agent, id, life)
            let made = try makeGrant(draft)
            var change = Change()
            change.put(made.row, replacing: nil)
            let detail = [AuditFact("token", "\(made.id)"), AuditFact("for", "\(wish.agent)"), AuditFact("ttl", Timespan(life))]
            try await authorizer.commit(permit, change, on: [target.subject], detail: detail)
            try await endUnlessStanding([made.id], of: .agent(id))
            let view = try view(of: made.row, agent: "\(wish.agent)", secret: "\(scope)/\(wish.reference.name)#\(field)")
            return (view, made.token.text)
        }
    }

    /// What a person's token stands for. Its shape is that of the service which the rules name, or the neutral one with the service's name; nobody looks at the
    /// value.
    private func outline(
        _ item: Wanted, _ record: SecretRecord, _ wish: TokenWish, for agent: Asker, _ id: AgentID, _ life: Duration
    ) async throws -> (GrantDraft, field: SegmentName) {
        try usable(record, item.name, in: item.scope, byTokenOf: agent)
        let (_, field) = try await shelf.manifest(record, version: record.current).chosen(item.field)
        guard field.kind == .secret else { throw EngineError.invalid("a token stands for a secret field, and this one is plain", hint: nil) }
        let view = policy.view(for: agent, in: item.scope)
        let known = (view?.hosts(with: item.name) ?? []).compactMap { ProviderCatalogue.provider(at: $0, known: view?.service(at: $0)) }
        let provider = known.first { $0.shape.role == .authenticates }
        let usual = wish.isNeutral ? TokenShape.neutral(provider: provider?.name) : provider?.shape
        guard let shape = usual ?? .neutral() else { throw EngineError.unreadable }
        return (GrantDraft(agent: id, secret: record.id, field: field.name, shape: shape, provider: provider?.name, life: life), field.name)
    }

    /// Every token that there is a row of, the latest first. None is shown.
    package func tokens(by asker: Asker) async throws -> [TokenView] {
        let access = try await authorizer.authorize(Act(.tokenList, .list, .person), by: asker, on: [])
        return try await concluding(access) {
            let agents = try await agentNames()
            var places: [AnyRecordID: String] = [:]
            var views: [TokenView] = []
            for row in try await book.records(.grant) {
                guard let secret = row.parent else { throw EngineError.recordsDisagree }
                if places[secret] == nil { places[secret] = try await path(of: secret.cast()) }
                let agent = try GrantRecord(decoding: row.content).agent
                var path = places[secret] ?? ""
                if let field = try token(of: row).document.field { path += "#\(field)" }
                views.append(try view(of: row, agent: agents[agent] ?? "", secret: path))
            }
            return views.sorted { ($0.issuedAt, $0.id) > ($1.issuedAt, $1.id) }
        }
    }

    /// Ends tokens, and says how many were live. From then on each of them is a trap.
    package func revokeTokens(_ which: TokenRevocation, by asker: Asker) async throws -> Int {
        let permit = try await authorizer.permit(Act(.tokenRevoke, .administer, .person), by: asker, on: [])
        return try await retrying {
            let (rows, subjects) = try await meant(which)
            var change = Change()
            let count = try revoke(rows, in: &change)
            var detail = [AuditFact("tokens", count)]
            if case .those(let ids) = which { detail += ids.map { AuditFact("token", "\($0)") } }
            try await authorizer.commit(permit, change, on: subjects, detail: detail)
            brokers.endRequests(with: rows.map { $0.id.cast() })
            return count
        }
    }

    private func meant(_ which: TokenRevocation) async throws -> ([Record], [AuditSubject]) {
        switch which {
        case .all: return (try await book.records(.grant), [])
        case .agent(let name):
            guard let row = try await book.record(.agent, parent: nil, name: name.description) else { throw EngineError.notFound(.agent) }
            return (try await grants { $0.agent == row.id.cast() }, [AuditSubject(record: row.id, name: name.description)])
        case .those(let ids):
            var rows: [Record] = []
            for id in Set(ids) {
                guard let row = try await book.record(.grant, id: id.cast()) else { throw EngineError.notFound(.token) }
                rows.append(row)
            }
            return (rows, [])
        }
    }

    private func view(of row: Record, agent: String, secret: String) throws -> TokenView {
        let record = try GrantRecord(decoding: row.content)
        let (token, document) = try token(of: row)
        return TokenView(
            id: row.id.cast(), agent: agent, secret: secret, masked: Mask.text(of: token), shape: document.shape, isOfRun: record.run != nil,
            issuedAt: record.issuedAt, expiresAt: record.expiresAt, revokedAt: record.revokedAt,
            state: record.state(at: expiryClock()), usage: lasting.usages[row.id.cast()])
    }
}
