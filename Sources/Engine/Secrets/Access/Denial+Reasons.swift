import Policies

extension EngineError.Denial {
    /// The answer to an agent that asks for what only a person may do.
    package static let personOnly = EngineError.Denial(
        code: "not_permitted", reason: "only a person may do this", nextStep: "ask the person to do it with the `tacit` command")

    static let badBadge = EngineError.Denial(
        code: "not_permitted", reason: "the agent's badge is unknown or revoked", rule: "badge",
        nextStep: "ask the person to register the agent again with `tacit agent add`")

    static let tooManyRequests = EngineError.Denial(
        code: "rate_limited", reason: "ten requests of yours wait for a person already",
        nextStep: "tell the person that they wait: `tacit approvals` lists them")

    static func notPermitted(_ denial: PolicyDenial) -> Self {
        let missing = denial.missing.map { " (`\($0.rawValue)`)" } ?? ""
        return Self(
            code: "not_permitted", reason: "the policy does not give you this capability\(missing) on this secret", rule: denial.rule,
            nextStep: PolicyDenial.nextStep)
    }

    static func noSandbox(rule: String) -> Self {
        Self(
            code: "unavailable", reason: "the policy asks for a sandbox, and there is none in this version", rule: rule,
            nextStep: "ask the person to allow runs without it: `unsandboxed: allow` in the policy")
    }

    static func noApproval(rule: String) -> Self {
        Self(
            code: "unavailable", reason: "the policy asks for a person's approval, which this version cannot take", rule: rule,
            nextStep: PolicyDenial.nextStep)
    }
}
