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

    /// A policy's denial, as it may be told.
    init(_ denial: PolicyDenial) {
        self.init(code: denial.code.rawValue, reason: denial.reason, rule: denial.rule, nextStep: denial.nextStep)
    }
}
