import Model
import Policies

extension EngineError.Denial {
    /// The answer to an agent that asks for what only a person may do.
    package static let personOnly = EngineError.Denial(
        code: "not_permitted", reason: "only a person may do this", nextStep: "ask the person to do it with the `tacit` command")

    /// The answer to a whole agent that asks from its sandbox for what is of no use there, would lead out of it, or is a person's.
    package static let confined = EngineError.Denial(
        code: "unavailable", reason: "this is not to be had from within a whole agent's sandbox",
        nextStep: "start your programs yourself: the tokens of this run and the proxy stand in the environment; for one request call secret_request; "
            + "what is a person's to do they do outside, in a terminal of their own")

    /// The answer where a reply would hold a new or stored credential.
    static let givesCredentials = EngineError.Denial(
        code: "destination_not_allowed", reason: "what the service answers there holds credentials, and no request rule seals it",
        nextStep: "tell the person; what such a path gives is theirs to fetch, or to seal with a request rule that says `seal`")

    /// The answer where what is sealed would go into a secret that the agent may not use. It does not say whether that is there.
    static func sealedForOthers(rule: String) -> Self {
        Self(
            code: "destination_not_allowed", reason: "what the service answers there goes into a secret that you may not use", rule: rule,
            nextStep: "tell the person: the rule's `seal_into` and your policy do not fit each other")
    }

    static func cannotSeal(rule: String) -> Self {
        Self(
            code: "unavailable", reason: "what the service answers there cannot be put into the vault", rule: rule,
            nextStep: "tell the person: the secret that the rule seals into is deleted, or has no place")
    }

    /// The answer to every agent while a person has frozen them.
    static let frozen = EngineError.Denial(
        code: "agents.frozen", reason: "every agent is frozen: a person stopped them all",
        nextStep: "wait until the person lets agents act again with `tacit panic --thaw`")

    /// The answer to one agent that the policy froze.
    static let frozenAlone = EngineError.Denial(
        code: "agents.frozen", reason: "this agent is frozen: it showed a fake token where that is not good",
        nextStep: "wait until the person lets agents act again with `tacit panic --thaw`")

    static let tokenRevoked = EngineError.Denial(
        code: "token.revoked", reason: "the fake token in the request was revoked",
        nextStep: "tell the person: they issue another one, or start the program anew")

    static let tokenExpired = EngineError.Denial(
        code: "token.expired", reason: "the fake token in the request has expired",
        nextStep: "tell the person: they issue another one, or start the program anew")

    /// The answer where a token of another run or agent is seen. It does not say whose.
    static let tokenForeign = EngineError.Denial(
        code: "token.foreign", reason: "a fake token in the request is none of this run's",
        nextStep: "use the token that this program was given; the person is told of the other one in the log")

    static let badBadge = EngineError.Denial(
        code: "badge.unknown", reason: "the agent's badge is unknown or revoked", rule: "badge",
        nextStep: "unless that was on purpose, register the agent again: `tacit agent add NAME`")

    static let tooManyRequests = EngineError.Denial(
        code: "rate_limited", reason: "ten requests of yours wait for a person already",
        nextStep: "tell the person that they wait: `tacit approvals` lists them")

    static let tooManyOfProcess = EngineError.Denial(
        code: "rate_limited", reason: "three requests of this program wait for a person already",
        nextStep: "tell the person that they wait: `tacit approvals` lists them")

    /// What is written down of a call that its client left.
    static let abandoned = EngineError.Denial(code: "approval_required", reason: "nobody waits for the answer any more", nextStep: "access_check")

    /// The answer while a person has not decided; `request` is what `access_check` takes.
    static func approvalRequired(rule: String, request: AnyRecordID) -> Self {
        var denial = Self(
            code: "approval_required", reason: "a rule wants a person to approve exactly this use, and nobody has yet", rule: rule,
            nextStep: "access_check")
        denial.request = request
        return denial
    }

    static func approvalDenied(rule: String, request: AnyRecordID) -> Self {
        var denial = Self(
            code: "not_permitted",
            reason: "a person denied exactly this use; asked again within ten minutes, it stays denied and is not shown to them",
            rule: rule, nextStep: "do not ask again; the person has decided, and a changed request is a new one to them")
        denial.request = request
        return denial
    }

    /// What an approval cannot bind is not asked for.
    static func notBound(rule: String) -> Self {
        Self(
            code: "command_blocked",
            reason: "a rule wants a person to approve this use, and what this program executes cannot be bound to an approval", rule: rule,
            nextStep: "run a program that is no script and no interpreter, or ask the person for a command rule with `any_code: allow`")
    }

    /// A policy's denial, as it may be told.
    init(_ denial: PolicyDenial) {
        self.init(code: denial.code.rawValue, reason: denial.reason, rule: denial.rule, nextStep: denial.nextStep)
    }
}
