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
    /// What holds for the request; nil where none was asked about.
    package let request: RequestTerms?
    /// Where the broker renews the value; nil where no rule says so.
    package let renewal: RefreshTerms?
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
    /// The request is judged by the request rules, with the place of its token and what it asks of GraphQL, before the value leaves: none was named in the
    /// question, or not all of it.
    case request
    /// The request is counted, and refused where the rule's rate, its places at once or its bytes are used up.
    case rate
    /// New credentials in the reply are put into the vault before the agent sees the reply.
    case seal
}

/// What a request rule says of the requests that it lets go.
package struct RequestTerms: Sendable, Equatable {
    /// The name of the rule.
    package let rule: String
    /// Where the token may stand; empty in a request without one.
    package let places: [TokenPlace]
    package let occurrences: Int
    /// What may be asked of a GraphQL service; empty where nobody looks.
    package let operations: [GraphQLOperation]
    /// Whether nobody looked yet what the request asks of one.
    package let awaitsOperations: Bool
    package let encodedSlash: AgentPolicy.Permission
    /// Whether the host may lead to addresses of this machine or its own network.
    package let ownNetwork: AgentPolicy.Permission
    /// What the service is verified against; nil for the system's authorities.
    package let authorities: RequestAuthorities?
    package let rate: RequestRate?
    package let concurrency: Int?
    package let bytes: RequestBytes?
    /// What is sealed in a JSON reply; nil for nothing.
    package let seal: ReplySeal?

    /// Whether its requests are counted.
    package var isLimited: Bool { rate != nil || concurrency != nil || bytes != nil }

    init(_ rule: RequestRule, for request: RequestQuestion, withToken hasToken: Bool) {
        self.rule = rule.name
        places = hasToken ? rule.places(on: request) : []
        (operations, awaitsOperations) = (rule.operations, !rule.operations.isEmpty && request.operations == nil)
        (ownNetwork, authorities) = (rule.ownNetwork, rule.authorities)
        (concurrency, bytes) = (rule.concurrency, rule.bytes)
        (occurrences, encodedSlash, rate, seal) = (rule.occurrences, rule.encodedSlash, rule.rate, hasToken ? rule.seal : nil)
    }
}
