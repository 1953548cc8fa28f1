import Auditing
import Brokering
import Model
import Policies
import Storage

/// The broker of one run, and what its program is given.
struct RunDoor: Sendable {
    let broker: BrokerBook.Own
    /// Whose tokens the program has.
    let holder: SessionHolder
    let proxy: RunJob.Proxy
    /// Where a whole agent finds the keeper.
    let keeper: (any ConfinedDoor)?
    /// Those that end with the run, as it began.
    fileprivate let firstTokens: [GrantID]
    fileprivate let judge: DoorJudge

    /// The tokens that end with the run.
    var tokens: [GrantID] { firstTokens + judge.mintedTokens }
}

extension OpenVault {
    /// How long a run's certificates are valid: longer than any run that somebody watches, and gone with it in any case.
    private static let doorLife = Duration.seconds(7 * 86_400)

    /// The agent on whose behalf a person starts a run.
    func agent(named name: SegmentName, for person: Asker) async throws -> Asker {
        guard !person.isAgent else { throw EngineError.denied(.personOnly) }
        guard let row = try await book.record(.agent, parent: nil, name: name.description) else { throw EngineError.notFound(.agent) }
        var asker = Asker(standing: .agent(row.id.cast(), name), source: .broker, origin: person.origin)
        asker.processStart = person.processStart
        return asker
    }

    /// Whose fake tokens the program of a run gets, if it gets any, and in the place of which values: those of all secrets where a person starts it for an agent, and
    /// those of secrets for which the policy has requests where the agent itself does.
    func holderOfTokens(_ wish: RunWish, _ wanted: inout [Wanted], _ asker: Asker) async throws -> Asker? {
        if let name = wish.agent {
            for index in wanted.indices { wanted[index].isToken = true }
            return try await agent(named: name, for: asker)
        }
        return tokensInPlace(of: &wanted, for: asker)
    }

    /// Marks the secrets in place of whose values a registered agent gets tokens, since the policy lists requests with them; whose they are, where there are any.
    func tokensInPlace(of wanted: inout [Wanted], for asker: Asker) -> Asker? {
        guard case .agent = asker.standing else { return nil }
        for index in wanted.indices {
            guard let view = policy.view(for: asker, in: wanted[index].scope), view.mayList(wanted[index].name) else { continue }
            wanted[index].isToken = view.capabilities.contains(.broker) && view.listsRequests(with: wanted[index].name)
        }
        var holder = asker
        holder.source = .broker
        return wanted.contains(where: \.isToken) ? holder : nil
    }

    /// Refuses an agent's run, or its file, that would have both tokens and values: what has a value has no network, and what has the broker could send the
    /// value by it.
    func checkUnmixed(_ act: Act, _ wanted: [Wanted], _ targets: [Target], hint: String, by asker: Asker) async throws {
        guard asker.isAgent, wanted.contains(where: \.isToken), wanted.contains(where: { !$0.isToken }) else { return }
        // Who may not know of one of them learns nothing of the others.
        try await authorizer.foresee(act, by: asker, on: targets)
        let error = EngineError.invalid(
            "of these secrets one is handed out as a fake token, with a way to the network, and another as its value, without one",
            hint: "\(hint), or tell the person: a request rule decides which secrets are handed out as tokens")
        try await authorizer.refuse(act, by: asker, on: targets.map(\.subject), error: error)
        throw error
    }

    /// Refuses a run for an agent whose policy lets it use one of the secrets through no request at all; what that policy lets its programs read.
    func checkRequests(of agent: Asker?, _ wanted: [Wanted]) async throws -> [String] {
        guard let agent else { return [] }
        let act = Act(.run, .resolve, .capability(.broker))
        var reads: [String]?
        for item in wanted {
            let target = try await judged(item.scope, item.name, item.record, version: item.version, by: agent)
            do {
                let granted = try await authorizer.foresee(act, by: agent, on: [target]).flatMap(\.reads)
                reads = reads.map { $0.filter(granted.contains) } ?? granted
            } catch EngineError.notFound(.secret) where item.record != nil {
                // A person knows that it is there, and is told what the agent would not be.
                throw EngineError.invalid(
                    "the policy does not let this agent use \(item.name)",
                    hint: "`tacit policy explain \(agent.agentName) \(item.name)` says why, and `tacit policy edit` changes it")
            }
            guard policy.view(for: agent, in: item.scope)?.listsRequests(with: item.name) == true else {
                throw EngineError.invalid(
                    "no request rule of the policy says where \(item.name) may go for this agent",
                    hint: "add one below `request_rules`: `tacit policy edit`")
            }
        }
        return reads ?? []
    }

    /// Starts the broker of a run and puts tokens in the place of its values. Nobody is sent anything yet.
    func openDoor(
        _ values: inout [RunJob.InjectedValue], _ wanted: [Wanted], in scope: Scope, at place: (any DoorPlace)?, for agent: Asker
    ) async throws -> RunDoor {
        guard let holder = agent.holder, case .agent(let id, _) = agent.standing else { throw EngineError.denied(.personOnly) }
        var tokens = try await runTokens(for: &values, wanted, of: id, life: Self.doorLife)
        do {
            try await addIssuedTokens(of: id, agent, to: &tokens)
            // What has a real value has no way that nobody looks into.
            let hasTunnels = !values.contains { $0.kind == .secret }
            return try await openDoor(tokens, in: scope, at: place, tunnels: hasTunnels, for: agent, holder)
        } catch {
            await endTokens(tokens.ofRun)
            throw error
        }
    }

    private func openDoor(
        _ tokens: DoorTokens, in scope: Scope, at place: (any DoorPlace)?, tunnels hasTunnels: Bool, for agent: Asker, _ holder: SessionHolder
    ) async throws -> RunDoor {
        let minting = DoorJudge.Minting(run: tokens.run ?? AnyRecordID(random: random), life: Self.doorLife)
        let judge = DoorJudge(
            tokens.grants, in: scope, for: agent, holder, lasting: lasting, clock: clock, door: random.bytes(16), minting: minting,
            tunnels: hasTunnels
        ) { [weak self] in
            // After a lock another one is open, or none: tokens of before are good for nothing.
            self.flatMap { $0.brokers.isClosed ? nil : $0 }
        }
        let credential = random.bytes(16).hexadecimal
        let isOnlyWay = place != nil
        let place = place ?? brokers.place()
        let own = try await brokers.start(for: holder, at: place)
        var setup = DoorSetup(
            tokens: tokens.tokens, signing: tokens.signing, credential: credential, bodyHosts: policy.document.bodyHosts, life: Self.doorLife)
        if hasTunnels { setup.tunnelHosts = policy.view(for: agent, in: scope)?.tunnelHosts ?? [] }
        let door = try await own.broker.open(setup, judgedBy: judge)
        var variables = Self.variables(of: door, credential, isOnlyWay: isOnlyWay)
        variables["TACIT_PROXY_SOCKET"] = place?.socketPath
        let proxy = RunJob.Proxy(variables: variables, authority: door.authority)
        let keeper = place.flatMap { confinedDoor(at: $0, for: agent) }
        return RunDoor(broker: own, holder: holder, proxy: proxy, keeper: keeper, firstTokens: tokens.ofRun, judge: judge)
    }

    private func confinedDoor(at place: any DoorPlace, for agent: Asker) -> (any ConfinedDoor)? {
        guard case .agent(let id, let name) = agent.standing else { return nil }
        return foundation.confinedDoors.open(at: place, for: ConfinedAgent(id: id, name: name, userName: agent.origin.userName))
    }

    /// How programs are told of a proxy. What is on this machine is reached without.
    ///
    /// - Parameter isOnlyWay: whether there is no network besides. Then plain http, which the proxy refuses in words, is not missed.
    static func variables(of door: OpenDoor, _ credential: String, isOnlyWay: Bool = false) -> [String: String] {
        let address = "http://tacit:\(credential)@127.0.0.1:\(door.port)"
        let own = "localhost,127.0.0.1,::1"
        let told = ["HTTPS_PROXY", "WSS_PROXY", "ALL_PROXY"] + (isOnlyWay ? ["HTTP_PROXY"] : [])
        var variables = ["NO_PROXY": own, "no_proxy": own, "NODE_USE_ENV_PROXY": "1"]
        for name in told { (variables[name], variables[name.lowercased()]) = (address, address) }
        return variables
    }
}

extension RunWish {
    /// Whether a whole agent is started, which lives in the sandbox: its project is written directly, since it has nothing that its files could hold.
    var startsAgent: Bool { agent != nil && isSandboxed }

    /// What a whole agent finds of its starter's environment: what the terminal is like, and nothing that is likely to hold a value.
    var agentEnvironment: [String: String] {
        environment.filter { name, _ in Self.harmless.contains(name) || name.hasPrefix("LC_") }
    }

    private static let harmless: Set<String> = [
        "PATH", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TERM", "COLORTERM", "TERM_PROGRAM", "COLUMNS", "LINES", "NO_COLOR",
        "FORCE_COLOR", "CLICOLOR", "EDITOR", "VISUAL", "PAGER",
    ]
}

extension Sandboxing {
    /// Makes the broker a way out, and lets the program read what the policy says; `agent` is a whole one, whose home lasts as long as it is registered.
    mutating func open(reads paths: [String], for agent: Asker?) {
        hasDoor = true
        hasKeeper = agent != nil
        if case .agent(let id, let name)? = agent?.standing { home = "\(name)-\("\(id)".prefix(12))" }
        reads += paths.filter { !reads.contains($0) }
    }
}
