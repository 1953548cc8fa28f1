import Model

/// What the agents of one `agent_id` may do, in the environments and with the secrets that it names.
package struct AgentPolicy: Sendable, Equatable {
    package let name: String
    /// Which agents: a pattern, or the word `unidentified` for peers without a badge.
    package let agentID: Glob
    /// Where, as patterns over PROJECT/ENVIRONMENT; nil when not written.
    ///
    /// Not written, the policy allows in `default/dev` alone, and denies everywhere: a default never widens what an agent may do.
    package let environments: [Glob]?
    package let allowedKeys: [Glob]
    package let deniedKeys: [Glob]
    package let capabilities: Set<Capability>
    /// Whether programs may run outside the sandbox.
    package let unsandboxed: Unsandboxed
    /// Which home directory programs see.
    package let home: Home
    /// Whether output may pass that cannot be scanned for values.
    package let unredactable: Permission
    /// What programs in the sandbox may read besides, as absolute paths.
    package let reads: [String]
    /// Whether programs may have values that no command rule lists, in a document that has command rules.
    package let unlistedPrograms: Permission
    /// What happens to an agent that shows a fake token where that is not good, besides that it is refused and written down.
    package let onMisuse: Misuse

    /// A thing that a policy forbids unless it is written.
    package enum Permission: String, CaseIterable, Sendable {
        case deny, allow
    }

    /// Where programs run.
    package enum Unsandboxed: String, CaseIterable, Sendable {
        /// In the sandbox, or not at all.
        case deny
        /// In the sandbox where the machine has one; without it elsewhere, and the result says why.
        case fallback
        /// Without a sandbox.
        case allow
    }

    /// What follows a misused token.
    package enum Misuse: String, CaseIterable, Sendable {
        /// The request is refused.
        case refuse
        /// The agent is refused everything, until a person lets agents act again.
        case freeze
    }

    /// The HOME of a program that the runner starts.
    package enum Home: String, CaseIterable, Sendable {
        case `private`, real
    }

    /// The one environment that is meant when `environments` is not written.
    package static let defaultEnvironment = "default/dev"
}

extension AgentPolicy {
    private var agents: AgentPattern { AgentPattern(agentID) }

    /// Says whether the policy is about this agent.
    package func applies(to agent: AgentIdentity) -> Bool { agents.matches(agent) }

    /// Says whether the policy can allow something in this PROJECT/ENVIRONMENT.
    func allows(in scope: String) -> Bool { environments?.contains { $0.matches(scope) } ?? (scope == Self.defaultEnvironment) }

    /// Says whether the policy's denied keys hold in this PROJECT/ENVIRONMENT.
    func denies(in scope: String) -> Bool { environments?.contains { $0.matches(scope) } ?? true }

    /// Says whether every agent that `other` is about is one of this policy's too.
    func coversAgents(of other: AgentPolicy) -> Bool { agents.covers(other.agents) }
}
