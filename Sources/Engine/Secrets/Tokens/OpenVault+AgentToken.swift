import Approvals
import Auditing
import Brokering
package import Model
import Policies
import Storage

/// A fake token that an agent wants for a program of its own, which takes a key and an address.
package struct AgentTokenWish: Sendable {
    package var scope: Scope
    package var reference: SecretReference
    package var purpose: String
    package var life: Duration?

    package init(scope: Scope, reference: SecretReference, purpose: String, life: Duration? = nil) {
        (self.scope, self.reference, self.purpose, self.life) = (scope, reference, purpose, life)
    }

    package static let lives = Duration.seconds(60)...Duration.seconds(28_800)
    static let usualLife = Duration.seconds(3600)
}

/// What the agent gets.
package struct AgentToken: Sendable {
    package var id: GrantID
    package var text: String
    package var provider: String
    /// Where its program finds the service, through the broker.
    package var address: String
    /// The variables in which programs of the provider look for both.
    package var variables: [(name: String, value: String)]
    package var expiresAt: Timestamp
    /// The index of the entry.
    package var entry: Int64
}

extension OpenVault {
    /// Gives an agent a token of its own, and opens the address at which it is good: it ends with its time, its agent's sleep, and the lock.
    package func token(_ wish: AgentTokenWish, by asker: Asker) async throws -> AgentToken {
        let act = Act(.tokenIssue, .resolve, .capability(.broker))
        let life = wish.life ?? AgentTokenWish.usualLife
        guard AgentTokenWish.lives.contains(life) else { throw EngineError.invalid("a token is good for 60 to 28,800 seconds", hint: nil) }
        guard wish.reference.version == nil else {
            throw EngineError.invalid("a token stands for the current version", hint: "leave the version out")
        }
        // Counted whatever is asked for, and before anything is written: each is a row and entries.
        guard asker.holder.map({ sessions.mayAskForToken($0, now: clock.steady()) }) ?? true else { throw EngineError.tokensTooOften(seconds: 60) }
        let scope = wish.reference.scope ?? wish.scope
        let record = try await sought(wish.reference.name, in: scope, for: act, by: asker)
        var target = try await judged(scope, wish.reference.name, record, version: record?.current, by: asker)
        target.getsToken = true
        let detail = [AuditFact("purpose", try await quoted(wish.purpose, of: asker)), AuditFact("ttl", Timespan(life))]
        let access = try await authorizer.authorize(act, by: asker, on: [target], detail: detail)
        return try await concluding(access) {
            guard let record, case .agent(let id, _) = asker.standing, let holder = asker.holder, try await isRegistered(id) else {
                throw EngineError.denied(.badBadge)
            }
            try usable(record, wish.reference.name, in: scope, byTokenOf: asker)
            let (_, field) = try await shelf.manifest(record, version: record.current).chosen(wish.reference.field)
            guard field.kind == .secret else { throw EngineError.invalid("a token stands for a secret field, and this one is plain", hint: nil) }
            let base = try base(of: wish.reference.name, in: scope, for: asker)
            let provider = base.provider
            let draft = GrantDraft(
                agent: id, run: AnyRecordID(random: random), secret: record.id, field: wish.reference.field, shape: provider.shape,
                provider: provider.name, life: life)
            let label = "\(scope)/\(wish.reference.name)#\(field.name)"
            let grant = DoorJudge.Grant(secret: record.id, scope: scope, name: wish.reference.name, field: wish.reference.field, label: label)
            return try await agentDoors.gate(of: holder).pass { [self] in
                // Whoever asked may be gone since.
                guard !Task.isCancelled else { throw BrokerFailure.cut }
                return try await open(draft, grant, base, access.entry, for: asker, holder)
            }
        }
    }

    /// Where the rules let the secret go: a service that Tacit knows, at whose address programs can be pointed.
    private func base(of name: SecretName, in scope: Scope, for asker: Asker) throws -> BaseAddress {
        guard let known = knownBase(of: name, in: scope, for: asker) else {
            throw EngineError.denied(
                .init(
                    code: "unavailable", reason: "no service that Tacit knows the address of is among the hosts that the rules list for this secret",
                    nextStep: "use secret_request for a request, or secret_run for a program: it finds a token and a proxy in its environment"))
        }
        return known
    }

    /// The provider's usual host, where the rules list that, and else the first that they list.
    func knownBase(of name: SecretName, in scope: Scope, for asker: Asker) -> BaseAddress? {
        let hosts = policy.view(for: asker, in: scope)?.hosts(with: name) ?? []
        let bases = hosts.compactMap { host in
            ProviderCatalogue.provider(at: host).flatMap { BaseAddress($0, at: host) }
        }.filter { $0.provider.shape.role == .authenticates && !$0.provider.places.isEmpty }
        return bases.first { $0.isUsual } ?? bases.first
    }

    private func open(
        _ draft: GrantDraft, _ grant: DoorJudge.Grant, _ base: BaseAddress, _ entry: Int64, for asker: Asker, _ holder: SessionHolder
    ) async throws -> AgentToken {
        let own = try await agentBroker(of: holder, adding: 1)
        // Stored before anybody has it.
        let made = try makeGrant(draft)
        try await store([made.row], of: draft.agent, detail: [AuditFact("for", asker.agentName), AuditFact("token", "\(made.id)")])
        do {
            try await checkStands(holder)
            let end = expiryClock().advanced(by: draft.life)
            var tokens = DoorTokens()
            tokens.add(made.id, made.token, for: grant)
            let (door, _) = try await openAgentDoor(tokens, in: grant.scope, life: draft.life, at: own, for: asker, holder)
            agentDoors.add([made.id], until: end, to: own, of: holder)
            try await checkStands(holder)
            return agentToken(made, base, at: door.port, until: end, entry)
        } catch EngineError.denied(let denial) {
            // Frozen or revoked: with it all that it has.
            await endTokens([made.id] + agentDoors.end(at: expiryClock()) { $0 == holder })
            throw EngineError.denied(denial)
        } catch {
            await endTokens([made.id])
            throw error
        }
    }

    /// The broker that all doors of an agent's own share; called inside their gate.
    func agentBroker(of holder: SessionHolder, adding count: Int) async throws -> BrokerBook.Own {
        if let own = try agentDoors.broker(of: holder, adding: count, at: expiryClock()) { return own }
        // What the last one had is good for nothing.
        await endTokens(agentDoors.end(at: expiryClock()))
        return try await brokers.start(for: holder, at: nil)
    }

    /// Opens a door for an agent's own tokens, and says what its programs show at it.
    func openAgentDoor(
        _ tokens: DoorTokens, in scope: Scope, life: Duration, at own: BrokerBook.Own, for asker: Asker, _ holder: SessionHolder
    ) async throws -> (door: OpenDoor, credential: String) {
        var judging = asker
        judging.source = .broker
        // What one door's replies answer may be about the value of another door of the same broker.
        let labels = agentDoors.labels(of: holder)
        let end = expiryClock().advanced(by: life)
        let minting = DoorJudge.Minting(run: tokens.run ?? AnyRecordID(random: random), life: life) { [agentDoors] id in
            agentDoors.add([id], until: end, to: own, of: holder)
        }
        let judge = DoorJudge(
            tokens.grants, in: scope, for: judging, holder, lasting: lasting, clock: clock, door: random.bytes(16), minting: minting, labels: labels
        ) { [weak self] in self.flatMap { $0.brokers.isClosed ? nil : $0 } }
        let credential = random.bytes(16).hexadecimal
        let setup = DoorSetup(
            tokens: tokens.tokens, signing: tokens.signing, credential: credential, bodyHosts: policy.document.bodyHosts, life: life)
        return (try await own.broker.open(setup, judgedBy: judge), credential)
    }

    private func agentToken(_ made: MadeGrant, _ base: BaseAddress, at port: Int, until end: Timestamp, _ entry: Int64) -> AgentToken {
        let (provider, address) = (base.provider, base.address(at: port))
        let variables = provider.variables.prefix(1).map { ($0, made.token.text) } + provider.addressVariables.map { ($0, address) }
        return AgentToken(
            id: made.id, text: made.token.text, provider: provider.name, address: address, variables: variables, expiresAt: end, entry: entry)
    }

    /// Ends agents' own tokens, and says how many were live.
    func endAgentTokens(of isMeant: (SessionHolder) -> Bool) async -> Int {
        let ended = agentDoors.end(at: expiryClock(), of: isMeant)
        await endTokens(ended)
        return ended.count
    }
}

extension BaseAddress {
    /// Where programs find it, through the broker.
    func address(at port: Int) -> String { "http://127.0.0.1:\(port)/via/\(name)\(provider.basePath)" }
}
