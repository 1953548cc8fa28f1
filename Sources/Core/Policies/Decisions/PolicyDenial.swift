/// A refusal that may be shown to the agent as it is.
package struct PolicyDenial: Sendable, Equatable {
    package let code: Code
    /// The name of the policy or rule that decided; nil unless the agent may list the secret.
    package let rule: String?
    /// Why, in one sentence; the same for everything that the agent may not list.
    package let reason: String
    /// The capability that is missing, where that is why.
    package let missing: Capability?
    /// What the agent can do next: the tool to call, or what to tell the person.
    package let nextStep: String

    /// What the agent is told.
    package enum Code: String, CaseIterable, Sendable {
        /// The secret is not there, or the agent may not know that it is: the same answer.
        case notFound = "not_found"
        case notPermitted = "not_permitted"
        case blockedByRule = "blocked_by_rule"
        case sessionRequired = "session_required"
        case acknowledgementRequired = "acknowledgement_required"
        case approvalRequired = "approval_required"
        case commandBlocked = "command_blocked"
        case destinationNotAllowed = "destination_not_allowed"
        /// What the policy asks for cannot be had here.
        case unavailable
    }

    init(_ code: Code, rule: String?, _ reason: String, missing: Capability? = nil, nextStep: String? = nil) {
        self.code = code
        self.rule = rule
        self.reason = reason
        self.missing = missing
        self.nextStep = nextStep ?? code.nextStep
    }

    /// The answer about everything that an agent may not list, and about what is not there.
    package static let notFound = PolicyDenial(.notFound, rule: nil, "there is no such secret")

    /// The next step of every refusal that tells nothing.
    package static let accessRequest = "access_request"
    package static let makeCall = "make the call: it asks a person for this very use; when access_check says approved, repeat it unchanged"
    package static let tellPerson = "tell the person; only they can change the policy"
}

extension PolicyDenial.Code {
    fileprivate var nextStep: String {
        switch self {
        case .notFound, .notPermitted, .approvalRequired, .commandBlocked, .destinationNotAllowed: PolicyDenial.accessRequest
        case .sessionRequired: "session_wake"
        case .acknowledgementRequired: "rule_acknowledge"
        case .blockedByRule, .unavailable: PolicyDenial.tellPerson
        }
    }
}

extension PolicyDenial {
    /// The answer where an obligation of a grant cannot be met.
    package init(unmet obligation: PolicyObligation, of grant: PolicyGrant) {
        let rule = grant.rule
        switch obligation {
        case .approval: self.init(.approvalRequired, rule: rule, "the policy wants a person to approve this use")
        case .sandbox:
            self.init(
                .unavailable, rule: rule, "the policy lets this value leave only into a sandbox, and this is none",
                nextStep: "use secret_run, or tell the person that this needs `unsandboxed: allow` in the policy")
        case .program:
            self.init(
                .unavailable, rule: rule, "the policy lists the programs that may have this value, and any program could read this",
                nextStep: "use secret_run with a program that rule_list names, or write references, which the person's own command resolves")
        case .request: self.init(.unavailable, rule: rule, "the policy lists the requests that may have this value, and here no request is judged")
        case .rate: self.init(.unavailable, rule: rule, "a request rule limits how many requests go, and here nobody counts them")
        case .seal:
            self.init(.unavailable, rule: rule, "a request rule wants new credentials in the reply sealed, and here no reply is")
        case .notify: self.init(.unavailable, rule: rule, "the person cannot be told of this use, which the policy asks for")
        case .redact: self.init(.unavailable, rule: rule, "the answer cannot be redacted, which the policy asks for")
        }
    }

    static func notPermitted(_ capability: Capability, by rule: String) -> Self {
        Self(
            .notPermitted, rule: rule, "the policy does not give you this capability (`\(capability.rawValue)`) on this secret", missing: capability)
    }

    static func unapprovedReveal(by rule: String) -> Self {
        Self(.approvalRequired, rule: rule, "a person has to approve each value that is revealed")
    }

    static func unapprovedRequest(by rule: String) -> Self { Self(.approvalRequired, rule: rule, "a rule wants a person to approve this request") }

    /// What an unmet tag rule answers; nil for one that asks for nothing beforehand.
    package init?(unmet rule: TagRule) {
        switch rule.demand {
        case .blockAlways: self.init(.blockedByRule, rule: rule.name, "a rule keeps this secret's value from every agent")
        case .requireSession: self.init(.sessionRequired, rule: rule.name, "a rule wants a session that covers this secret")
        case .blockModels:
            self.init(.blockedByRule, rule: rule.name, "a rule keeps this secret from the model that you report, or you report none")
        case .requireConfirmation(by: .agent):
            self.init(
                .acknowledgementRequired, rule: rule.name,
                "a rule wants to be acknowledged before this secret is used; an acknowledgement is good for 5 minutes")
        case .requireConfirmation(by: .person): self.init(.approvalRequired, rule: rule.name, "a rule wants a person to approve this use")
        case .notify: return nil
        }
    }

    static func deniedProgram(by rule: String) -> Self {
        Self(
            .commandBlocked, rule: rule, "accident guard: this program gets no secret",
            nextStep: "use another program, one that rule_list names where programs are listed, or tell the person")
    }

    /// Why a program that is listed by a path alone gets nothing.
    package static let unpinned =
        "the program is listed, but who asks for it could change it (root always can), and nothing pins its content: a person pins it in the policy"

    /// What is answered when no command rule lets the program have the secret; `rule` is the one that came nearest.
    init(refused refusal: CommandRule.Refusal, rule: String) {
        let reason =
            switch refusal {
            case .notListed: "the policy lists the programs that may have this secret, and this is none of them"
            case .contentDiffers: "the program's content is not what the policy pinned"
            case .writable: Self.unpinned
            case .anyCode: "this program executes any code it is given, which the policy does not allow for this secret"
            }
        let step: String? =
            switch refusal {
            case .notListed, .contentDiffers: nil
            case .writable:
                "tell the person the program's full path: the rule that lists it needs its content besides, as `sha256: [\"…\"]`, which `sha256sum` prints"
            case .anyCode:
                "use another program that rule_list names (an interpreter or a script only where it shows any_code: true), or tell the person: a rule that lists this "
                    + "one needs `any_code: allow`, best in a rule of its own with only this `agent_id` and the `keys` that it needs"
            }
        self.init(.commandBlocked, rule: rule, reason, nextStep: step)
    }
}
