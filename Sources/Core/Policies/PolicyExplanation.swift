import Model

/// Why a question is decided as it is: each policy in file order and what it had to say. For persons; it names patterns.
package struct PolicyExplanation: Sendable, Equatable {
    package let query: PolicyQuery
    package let decision: PolicyDecision
    package let steps: [Step]

    /// What one policy had to say.
    package struct Step: Sendable, Equatable {
        package let policy: String
        package let verdict: Verdict
    }

    /// What became of one policy.
    package enum Verdict: Sendable, Equatable {
        case otherAgent
        case deniesKey(pattern: String)
        case otherEnvironment
        case noAllowedKey
        case noCapability
        /// The pattern that allows the key; nil when the question was about no secret.
        case allows(pattern: String?)
        /// A policy before it decided.
        case decidedBefore(by: String)
    }
}

extension PolicyDocument {
    /// Explains the decision of one question.
    package func explanation(for query: PolicyQuery) -> PolicyExplanation {
        var deciding: String?
        let steps = policies.map { policy in
            PolicyExplanation.Step(policy: policy.name, verdict: policy.verdict(on: query, deciding: &deciding))
        }
        return PolicyExplanation(query: query, decision: decision(for: query), steps: steps)
    }
}

extension AgentPolicy {
    fileprivate func verdict(on query: PolicyQuery, deciding: inout String?) -> PolicyExplanation.Verdict {
        let (scope, secret) = (query.scope.description, query.secret?.description)
        guard applies(to: query.agent) else { return .otherAgent }
        let before = deciding
        deciding = before ?? name
        if let secret, denies(in: scope), let pattern = deniedKeys.first(where: { $0.matches(secret) }) {
            return .deniesKey(pattern: pattern.description)
        }
        if let before { return .decidedBefore(by: before) }
        guard allows(in: scope) else { return .otherEnvironment }
        let allowing = allowedKeys.first { glob in secret.map(glob.matches) ?? true }
        guard let allowing else { return .noAllowedKey }
        guard query.capability == .referenceOnly || capabilities.contains(query.capability) else { return .noCapability }
        return .allows(pattern: secret == nil ? nil : allowing.description)
    }
}

extension PolicyExplanation {
    /// The explanation in lines of text, the decision first.
    package var lines: [String] {
        let about = query.secret.map { "\(query.scope)/\($0)" } ?? "\(query.scope)"
        let answer = decision.isAllowed ? "allow" : "deny"
        let first = "\(answer): \(query.capability.rawValue) of \(about) by \(query.agent)"
        let considered = steps.map { "policy `\($0.policy)`: \($0.verdict.text(query))" }
        return [first] + (steps.contains { $0.verdict != .otherAgent } ? considered : considered + ["no policy is about this agent"]) + [last]
    }

    private var last: String {
        switch decision {
        case .allow(let grant):
            let obligations = PolicyObligation.allCases.filter(grant.obligations.contains).map(\.rawValue).joined(separator: ", ")
            return "allowed by `\(grant.rule)`; obliges to: \(obligations)"
        case .deny(let denial): return "the agent is told: \(denial.code.rawValue), next step \(PolicyDenial.nextStep)"
        }
    }
}

extension PolicyExplanation.Verdict {
    fileprivate func text(_ query: PolicyQuery) -> String {
        switch self {
        case .otherAgent: "is about other agents"
        case .deniesKey(let pattern): "denies the key by `\(pattern)`; a denied key stays denied whatever else allows it"
        case .otherEnvironment: "decides, and allows nothing in \(query.scope)"
        case .noAllowedKey: "decides, and none of its allowed keys matches"
        case .noCapability: "decides, and does not grant `\(query.capability.rawValue)`"
        case .allows(let pattern?): "decides, and allows by `\(pattern)`"
        case .allows(nil): "decides, and allows"
        case .decidedBefore(let name): "is not asked, because `\(name)` before it decides"
        }
    }
}
