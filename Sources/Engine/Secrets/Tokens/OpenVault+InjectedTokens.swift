import Brokering
import Model
import Policies

extension OpenVault {
    /// Writes a session file with fake tokens of the agent's own, and with what a program needs to use them: the broker's address for each service whose programs
    /// take one, else the broker as a proxy, with the certificates that it is known by. The tokens end as those of `token` do, not with the file.
    func injectTokens(
        _ wish: InjectionWish, _ wanted: [Wanted], _ life: Duration, _ access: AuthorizedAccess, into id: String, for asker: Asker,
        _ holder: SessionHolder
    ) async throws -> InjectedFile {
        guard case .agent(let agent, _) = asker.standing, try await isRegistered(agent) else { throw EngineError.denied(.badBadge) }
        guard sessions.mayAskForToken(holder, now: clock.steady()) else { throw EngineError.tokensTooOften(seconds: 60) }
        guard !wanted.contains(where: \.isPinned) else {
            throw EngineError.invalid("a token stands for the version that is current when it is used", hint: "leave the version out")
        }
        return try await agentDoors.gate(of: holder).pass { [self] in
            var values = try await openForTokens(wanted, access, for: asker)
            try Self.checkVariables(values.compactMap(\.variable))
            let own = try await agentBroker(of: holder, adding: values.count(where: { $0.kind == .secret }))
            var tokens = try await runTokens(for: &values, wanted, of: agent, life: life)
            // The doors of an agent's own count together what replies answer, wherever a secret is.
            for id in tokens.ofRun { if let grant = tokens.grants[id] { tokens.grants[id]?.label = "\(grant.scope)/\(grant.label)" } }
            do {
                let end = expiryClock().advanced(by: life)
                let (door, credential) = try await openAgentDoor(tokens, in: wish.scope, life: life, at: own, for: asker, holder)
                agentDoors.add(tokens.ofRun, until: end, to: own, of: holder)
                let until = clock.steady().advanced(by: life)
                var file = SessionFile(
                    id: id, holder: holder, agent: asker.agentName, sessions: [],
                    holdings: wanted.compactMap { $0.record.map { .init(secret: $0.id, kind: .reference) } }, until: until)
                file.isJudgedInUse = true
                var draft = SessionFileDraft(id: id, format: wish.format, items: values.compactMap(\.line), reads: wish.reads)
                try await tell(of: door, credential, to: &draft, wanted, until, for: asker, holder)
                let place = try await write(file, draft, with: wanted)
                return InjectedFile(
                    id: id, content: .tokens, place: place, variables: draft.items.map(\.variable), expiresAt: wallTime(until), entry: access.entry)
            } catch {
                agentDoors.remove(tokens.ofRun, of: holder)
                await endTokens(tokens.ofRun)
                throw error
            }
        }
    }

    /// The values in whose places tokens stand, and the names of AWS keys beside them.
    private func openForTokens(
        _ wanted: [Wanted], _ access: AuthorizedAccess, for asker: Asker
    ) async throws -> [RunJob.InjectedValue] {
        var values: [RunJob.InjectedValue] = []
        for (index, item) in wanted.enumerated() {
            let opened = try await open(item, prefix: "", access: access, forTokensOf: asker).filter {
                $0.kind == .secret || SigningPart.keyID(of: $0.value) != nil
            }
            guard !opened.isEmpty else { throw EngineError.invalid("a token stands for a secret field, and this one is plain", hint: nil) }
            try Guessing.check(opened, for: access.asker, under: index < access.grants.count ? access.grants[index] : nil)
            values += opened
        }
        return values
    }

    /// Adds to a file how its program finds the broker. A variable that the agent chose stays what it chose.
    private func tell(
        of door: OpenDoor, _ credential: String, to draft: inout SessionFileDraft, _ wanted: [Wanted], _ until: Timestamp, for asker: Asker,
        _ holder: SessionHolder
    ) async throws {
        var told: [String: String] = [:]
        var needsProxy = false
        for item in wanted {
            let base = knownBase(of: item.name, in: item.scope, for: asker)
            for name in base?.provider.addressVariables ?? [] { told[name] = base?.address(at: door.port) }
            // At another host than the usual one may be what a program finds without being told of an address.
            needsProxy = needsProxy || base?.isUsual != true || base?.provider.addressVariables.isEmpty != false
        }
        if needsProxy {
            let id = SessionFileDraft.freshID(random)
            var file = SessionFile(id: id, holder: holder, agent: asker.agentName, sessions: [], holdings: [], until: until)
            file.isJudgedInUse = true
            let certificates = SessionFileDraft(
                id: id, format: .certificates, items: [.init(variable: "", content: .text(door.authority))])
            let path = try await write(file, certificates, with: []).path
            told.merge(Self.variables(of: door, credential)) { own, _ in own }
            for name in TrustVariables.names { told[name] = path }
        }
        let chosen = Set(draft.items.map(\.variable))
        draft.items += told.sorted { $0.key < $1.key }.filter { !chosen.contains($0.key) }.map { name, text in
            .init(variable: name, content: .text(text))
        }
    }
}

extension RunJob.InjectedValue {
    fileprivate var line: SessionFileDraft.Item? { variable.map { .init(variable: $0, content: .value(value)) } }
}
