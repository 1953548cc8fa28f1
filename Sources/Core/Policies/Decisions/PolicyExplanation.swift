import Model

/// Why a question is decided as it is: each policy in file order, then the tag rules and command rules that are about it, and what they had to
/// say. For persons; it names patterns.
package struct PolicyExplanation: Sendable, Equatable {
    package let query: PolicyQuery
    /// As whoever asks for the use is told it.
    package let decision: PolicyDecision
    package let steps: [Step]
    /// The tag rules that hold for the secret's tags, in the order in which they are asked.
    package let standings: [RuleStanding]
    /// The command rules that are about agent, place and secret, in file order.
    package let commands: [CommandStep]
    /// Whether programs are listed, so that others get nothing.
    let listsPrograms: Bool
    /// The request rules that are about agent, place and secret, in file order.
    package let requests: [RequestStep]

    /// What one command rule had to say.
    package struct CommandStep: Sendable, Equatable {
        package let rule: String
        let verdict: CommandRule.Verdict?
        /// The rule denies the program, as an accident guard.
        let denies: Bool
        let allows: Bool
    }

    /// What one request rule had to say; nil where no request is asked about.
    package struct RequestStep: Sendable, Equatable {
        package let rule: String
        let verdict: RequestRule.Verdict?
    }

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
        let needsProgram = query.capability.needsProgram && query.secret != nil
        return PolicyExplanation(
            query: query, decision: decision(for: query).told(about: query.capability), steps: steps,
            standings: query.capability == .referenceOnly ? [] : compiled(for: query.agent).scoped(to: query.scope).standings(query.circumstances),
            commands: needsProgram ? commandRules.compactMap { $0.step(on: query) } : [],
            listsPrograms: needsProgram && commandRules.contains(where: \.allowsPrograms),
            requests: query.capability == .broker ? requestRules.compactMap { $0.step(on: query) } : [])
    }
}

extension CommandRule {
    /// What the rule has to say to a question; nil when it is not about it.
    fileprivate func step(on query: PolicyQuery) -> PolicyExplanation.CommandStep? {
        let (scope, secret) = (query.scope.description, query.secret?.description ?? "")
        guard applies(to: query.agent), keys.isEmpty || keys.matches(secret) else { return nil }
        let program = query.circumstances.program
        let denies = denies(in: scope) && program.map { program in deniedPrograms.contains { $0.matches(program) } } ?? false
        let allows = allows(in: scope)
        guard allows || denies || program == nil && self.denies(in: scope) else { return nil }
        return .init(rule: name, verdict: allows ? program.map(verdict) : nil, denies: denies, allows: allows)
    }
}

extension RequestRule {
    /// What the rule has to say to a question; nil when it is not about it.
    fileprivate func step(on query: PolicyQuery) -> PolicyExplanation.RequestStep? {
        guard refresh == nil, applies(to: query.agent), allows(in: query.scope.description), isAbout(query.secret?.description) else { return nil }
        return .init(rule: name, verdict: query.circumstances.request.map { verdict(on: $0, withToken: query.secret != nil) })
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
