package import Model

/// What an agent asks: may it do this with that secret, or, without a secret, may it do this to anything at all there.
package struct PolicyQuery: Sendable, Hashable {
    package var agent: AgentIdentity
    package var scope: Scope
    package var secret: SecretName?
    package var capability: Capability

    package init(agent: AgentIdentity, scope: Scope, secret: SecretName?, capability: Capability) {
        self.agent = agent
        self.scope = scope
        self.secret = secret
        self.capability = capability
    }
}

/// The policy's answer, with its reason and what it obliges to.
package enum PolicyDecision: Sendable, Equatable {
    case allow(PolicyGrant)
    case deny(PolicyDenial)

    package var isAllowed: Bool { if case .allow = self { true } else { false } }
}

/// A leave to act, as far as the policy goes, on conditions.
package struct PolicyGrant: Sendable, Equatable {
    /// The name of the policy that decided.
    package let rule: String
    package let obligations: Set<PolicyObligation>
    /// The HOME of a program that the runner starts.
    package let home: AgentPolicy.Home
    /// Whether output may pass that cannot be scanned for values.
    package let unredactable: AgentPolicy.Permission
}

/// What must happen for a grant to hold.
package enum PolicyObligation: String, CaseIterable, Sendable {
    /// Known values are taken out of whatever the agent gets to see.
    case redact
    /// The program runs in the sandbox.
    case sandbox
    /// A person approves this one value.
    case approval
}

/// A refusal that may be shown to the agent as it is.
package struct PolicyDenial: Sendable, Equatable {
    package let code: Code
    /// The name of the policy that decided; nil unless the agent may list the secret.
    package let rule: String?
    /// The capability that is missing; nil unless the agent may list the secret.
    package let missing: Capability?

    /// What the agent is told.
    package enum Code: String, Sendable {
        /// The secret is not there, or the agent may not know that it is: the same answer.
        case notFound = "not_found"
        case notPermitted = "not_permitted"
    }

    /// The answer about everything that an agent may not list, and about what is not there.
    package static let notFound = PolicyDenial(code: .notFound, rule: nil, missing: nil)

    /// What the agent can do next; always the same.
    package static let nextStep = "access_request"
}
