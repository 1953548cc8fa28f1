package import Model

/// The part of a policy document that is about one agent.
package struct AgentView: Sendable {
    private let matching: [AgentPolicy]

    /// Picks the policies whose `agent_id` matches, in file order.
    init(of agent: AgentIdentity, in document: PolicyDocument) {
        matching = document.policies.filter { $0.applies(to: agent) }
    }

    /// The part that is about one project and environment.
    package func scoped(to scope: Scope) -> ScopeView {
        let place = scope.description
        let governing = matching.first.flatMap { $0.allows(in: place) && !$0.allowedKeys.isEmpty ? $0 : nil }
        return ScopeView(denied: matching.filter { $0.denies(in: place) }.flatMap(\.deniedKeys), governing: governing)
    }
}

/// What one agent may do in one project and environment.
package struct ScopeView: Sendable {
    /// The denied keys of every policy that matches.
    private let denied: [Glob]
    /// The policy that decides; nil when it allows nothing here, or there is none.
    private let governing: AgentPolicy?

    fileprivate init(denied: [Glob], governing: AgentPolicy?) {
        self.denied = denied
        self.governing = governing
    }

    /// Whether there may be anything that the agent may list here.
    package var mayListAnything: Bool { governing != nil }

    /// Says whether the agent may know that a secret of this name exists. Lists are filtered by it.
    package func mayList(_ secret: SecretName) -> Bool {
        guard let governing else { return false }
        let name = secret.description
        return !denied.contains { $0.matches(name) } && governing.allowedKeys.contains { $0.matches(name) }
    }

    /// Decides about one secret, or about the place as a whole.
    package func decision(for secret: SecretName?, capability: Capability) -> PolicyDecision {
        guard let governing, secret.map(mayList) ?? true else { return .deny(.notFound) }
        // Every capability includes knowing that the secret is there.
        guard capability == .referenceOnly || governing.capabilities.contains(capability) else {
            return .deny(PolicyDenial(code: .notPermitted, rule: governing.name, missing: capability))
        }
        return .allow(governing.grant(of: capability))
    }
}

extension AgentPolicy {
    fileprivate func grant(of capability: Capability) -> PolicyGrant {
        var obligations: Set<PolicyObligation> = [.redact]
        switch capability {
        case .envInject, .fileInject: if unsandboxed == .deny { obligations.insert(.sandbox) }
        case .reveal: obligations.insert(.approval)
        case .referenceOnly, .maskedReturn, .broker, .propose: break
        }
        return PolicyGrant(rule: name, obligations: obligations, home: home, unredactable: unredactable)
    }
}

extension PolicyDocument {
    /// The part of the document that is about one agent, for many questions.
    package func compiled(for agent: AgentIdentity) -> AgentView { AgentView(of: agent, in: self) }

    /// Decides one question. What no policy allows is denied.
    package func decision(for query: PolicyQuery) -> PolicyDecision {
        compiled(for: query.agent).scoped(to: query.scope).decision(for: query.secret, capability: query.capability)
    }
}
