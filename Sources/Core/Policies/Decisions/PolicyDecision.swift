/// The policy's answer, with its reason and what it obliges to.
package enum PolicyDecision: Sendable, Equatable {
    case allow(PolicyGrant)
    case deny(PolicyDenial)

    package var isAllowed: Bool { if case .allow = self { true } else { false } }

    /// As whoever uses the capability is told it. A session file is read outside of any sandbox, by programs that nobody opens: what obliges to either is
    /// refused.
    package func told(about capability: Capability) -> PolicyDecision {
        guard capability == .fileInject, case .allow(let grant) = self,
            let unmet = [PolicyObligation.sandbox, .program].first(where: grant.obligations.contains)
        else { return self }
        return .deny(PolicyDenial(unmet: unmet, of: grant))
    }
}

/// A leave to act, as far as the policy goes, on conditions. Who cannot meet one of its obligations must refuse.
package struct PolicyGrant: Sendable, Equatable {
    /// The name of the policy that decided.
    package let rule: String
    package let obligations: Set<PolicyObligation>
    /// The HOME of a program that the runner starts.
    package let home: AgentPolicy.Home
    /// The PATH of such a program; nil for the system's.
    package let path: [String]?
    /// Where a program that gets the value runs.
    package let unsandboxed: AgentPolicy.Unsandboxed
    /// What such a program may read besides, where it runs in the sandbox.
    package let reads: [String]
    /// Whether output may pass that cannot be scanned for values.
    package let unredactable: AgentPolicy.Permission
    /// The command rule that lets the program have the value; nil where none was asked.
    package let commandRule: String?
    /// The rules by which the person is to be told.
    package let notifiedBy: [String]
}

/// What must happen for a grant to hold.
package enum PolicyObligation: String, CaseIterable, Sendable {
    /// Known values are taken out of whatever the agent gets to see.
    case redact
    /// The program runs in the sandbox.
    case sandbox
    /// A use of the person's approval is taken.
    case approval
    /// The person is told.
    case notify
    /// The program is opened and judged by the command rules before it gets the value: none was named in the question.
    case program
}
