package import Model

/// The part of a policy document that is about one agent.
package struct AgentView: Sendable {
    private let agent: AgentIdentity
    private let policies: [AgentPolicy]
    private let commands: CommandView
    private let requests: RequestView
    /// Strictest first.
    private let tagRules: [TagRule]

    /// Picks the policies and rules that are about the agent, in file order.
    init(of agent: AgentIdentity, in document: PolicyDocument) {
        self.agent = agent
        policies = document.policies.filter { $0.applies(to: agent) }
        commands = CommandView(
            rules: document.commandRules.filter { $0.applies(to: agent) }, isBinding: document.commandRules.contains(where: \.allowsPrograms))
        requests = RequestView(rules: document.requestRules.filter { $0.applies(to: agent) })
        tagRules = TagRule.inOrder(document.tagRules)
    }

    /// The part that is about one project and environment.
    package func scoped(to scope: Scope) -> ScopeView {
        let place = scope.description
        let governing = policies.first.flatMap { $0.allows(in: place) && !$0.allowedKeys.isEmpty ? $0 : nil }
        return ScopeView(
            denied: policies.filter { $0.denies(in: place) }.flatMap(\.deniedKeys), governing: governing,
            tagRules: tagRules.filter { $0.governs(agent, in: place) }, commands: commands.scoped(to: place), requests: requests.scoped(to: place))
    }

    /// Whether a command rule pins a program's content for this agent, so that it is worth knowing.
    package var pinsPrograms: Bool { commands.rules.contains { !$0.fingerprints.isEmpty } }
}

/// What one agent may do in one project and environment.
package struct ScopeView: Sendable {
    /// The denied keys of every policy that matches.
    private let denied: [Glob]
    /// The policy that decides; nil when it allows nothing here, or there is none.
    let governing: AgentPolicy?
    /// The tag rules that hold here, strictest first.
    private let tagRules: [TagRule]
    let commands: CommandView
    private let requests: RequestView

    fileprivate init(denied: [Glob], governing: AgentPolicy?, tagRules: [TagRule], commands: CommandView, requests: RequestView) {
        self.denied = denied
        self.governing = governing
        self.tagRules = tagRules
        self.commands = commands
        self.requests = requests
    }

    /// Whether there may be anything that the agent may list here.
    package var mayListAnything: Bool { governing != nil }

    /// Says whether the agent may know that a secret of this name exists. Lists are filtered by it.
    package func mayList(_ secret: SecretName) -> Bool {
        guard let governing else { return false }
        let name = secret.description
        return !denied.matches(name) && governing.allowedKeys.matches(name)
    }

    /// The refusal of every session file with the value of a secret, since programs are listed or denied for it; nil where none is, or the agent may not know
    /// of it. No capability changes that.
    package func refusalOfFiles(with secret: SecretName) -> PolicyDenial? {
        guard mayList(secret), let governing, case .open = commands.verdict(on: nil, having: secret, governing) else { return nil }
        return PolicyDenial(unmet: .program, of: PolicyGrant(of: .fileInject, by: governing))
    }

    /// What the rule says that lists a request, whatever else stands against it; nil where none does, or the agent may not know of the secret.
    package func terms(of request: RequestQuestion, with secret: SecretName?) -> RequestTerms? {
        guard secret.map(mayList) ?? true, let governing, let rule = requests.verdict(on: request, having: secret, governing).rule else { return nil }
        return RequestTerms(rule, for: request, withToken: secret != nil)
    }

    /// How a token of this secret is misused by a request that is denied; nil where it is not.
    package func misuse(by request: RequestQuestion, with secret: SecretName) -> TokenMisuse? { requests.misuse(by: request, with: secret) }

    /// Whether what a request asks of a GraphQL service has to be known before it is judged.
    package func awaitsOperations(of request: RequestQuestion, with secret: SecretName?) -> Bool {
        requests.hasOperations && request.operations == nil && terms(of: request, with: secret)?.awaitsOperations == true
    }

    /// Where the broker renews this secret's value for the agent; nil where no rule says so, or the agent may not use it by requests.
    package func refresh(of secret: SecretName) -> RefreshTerms? {
        guard mayList(secret), governing?.capabilities.contains(.broker) == true else { return nil }
        return requests.refresh(of: secret)
    }

    /// Whether any request rule is about this secret.
    package func listsRequests(with secret: SecretName) -> Bool { requests.rules(about: secret).isEmpty == false }

    /// The hosts that its request rules name, without those that stand for many.
    package func hosts(with secret: SecretName) -> [String] {
        requests.rules(about: secret).flatMap(\.hosts).filter { !$0.isWildcard }.map(\.description)
    }

    /// Which service a host is, as its request rules say; nil where none does.
    package func service(at host: String) -> OwnService? { requests.service(at: host) }

    /// The hosts, as they are written, to which the agent's programs may have tunnels that nobody looks into.
    package var tunnelHosts: [String] { capabilities.contains(.broker) ? requests.tunnelHosts : [] }

    /// Says whether a tunnel is one that nobody looks into; any other is opened all the same, and each request in it judged.
    package func lists(tunnel request: RequestQuestion) -> Bool {
        guard request.isTunnel, let governing, capabilities.contains(.broker) else { return false }
        return requests.verdict(on: request, having: nil, governing).rule != nil
    }

    /// The tag rules about a secret with these tags, in the order in which they are asked.
    package func standings(_ circumstances: PolicyCircumstances) -> [RuleStanding] {
        tagRules.compactMap { rule in rule.tag(among: circumstances.tags).map { RuleStanding(rule, tag: $0, circumstances) } }
    }

    /// What the agent may do here with anything at all, whatever rules say of one secret.
    package var capabilities: [Capability] {
        guard let governing else { return [] }
        return Capability.allCases.filter { $0 == .referenceOnly || governing.capabilities.contains($0) }
    }

    /// Decides about one secret, or about the place as a whole.
    package func decision(for secret: SecretName?, capability: Capability, _ circumstances: PolicyCircumstances) -> PolicyDecision {
        guard let governing, secret.map(mayList) ?? true else { return .deny(.notFound) }
        // Every capability includes knowing that the secret is there, and no rule is asked about that.
        if capability == .referenceOnly { return .allow(PolicyGrant(of: capability, by: governing)) }
        guard governing.capabilities.contains(capability) else { return .deny(.notPermitted(capability, by: governing.name)) }
        let standings = secret == nil ? [] : self.standings(circumstances)
        if let denial = Self.denial(by: standings.filter { !$0.isConfirmation }) { return .deny(denial) }
        let command = capability.needsProgram ? commands.verdict(on: circumstances.program, having: secret, governing) : .free
        if case .denied(let denial) = command { return .deny(denial) }
        let listing = capability == .broker ? requests.verdict(on: circumstances.request, having: secret, governing) : nil
        if case .denied(let denial)? = listing { return .deny(denial) }
        if let denial = Self.denial(by: standings.filter(\.isConfirmation)) { return .deny(denial) }
        if let rule = listing?.rule, rule.approval == .person, !circumstances.hasApproval { return .deny(.unapprovedRequest(by: rule.name)) }
        if capability == .reveal, !circumstances.hasApproval { return .deny(.unapprovedReveal(by: governing.name)) }
        let terms = listing?.rule.flatMap { rule in circumstances.request.map { RequestTerms(rule, for: $0, withToken: secret != nil) } }
        let renewal = capability == .broker ? secret.flatMap(requests.refresh) : nil
        return .allow(PolicyGrant(of: capability, by: governing, command, listing, terms, standings, renewal))
    }

    private static func denial(by standings: [RuleStanding]) -> PolicyDenial? {
        standings.first { !$0.isMet }.flatMap { PolicyDenial(unmet: $0.rule) }
    }
}

extension PolicyGrant {
    /// What follows from an allowed question.
    fileprivate init(
        of capability: Capability, by policy: AgentPolicy, _ command: CommandView.Verdict = .free, _ listing: RequestView.Verdict? = nil,
        _ terms: RequestTerms? = nil, _ standings: [RuleStanding] = [], _ renewal: RefreshTerms? = nil
    ) {
        var obligations: Set<PolicyObligation> = [.redact]
        notifiedBy = standings.filter { $0.rule.kind == .notify }.map(\.rule.name)
        if !notifiedBy.isEmpty { obligations.insert(.notify) }
        let needsPerson = standings.contains { $0.rule.demand == .requireConfirmation(by: .person) }
        if capability == .reveal || needsPerson || listing?.rule?.approval == .person { obligations.insert(.approval) }
        if capability.needsProgram, policy.unsandboxed == .deny { obligations.insert(.sandbox) }
        if case .open = command { obligations.insert(.program) }
        if listing?.isOpen == true { obligations.insert(.request) }
        if terms?.isLimited == true { obligations.insert(.rate) }
        if terms?.seal != nil { obligations.insert(.seal) }
        self.obligations = obligations
        rule = policy.name
        unsandboxed = policy.unsandboxed
        reads = policy.reads
        unredactable = policy.unredactable
        let listed: CommandRule? = if case .listed(let rule) = command { rule } else { nil }
        home = listed?.home ?? policy.home
        path = listed?.path
        commandRule = listed?.name
        request = terms
        self.renewal = renewal
    }
}

extension PolicyDocument {
    /// The part of the document that is about one agent, for many questions.
    package func compiled(for agent: AgentIdentity) -> AgentView { AgentView(of: agent, in: self) }

    /// Decides one question. What no policy allows is denied.
    package func decision(for query: PolicyQuery) -> PolicyDecision {
        compiled(for: query.agent).scoped(to: query.scope)
            .decision(for: query.secret, capability: query.capability, query.circumstances)
    }
}
