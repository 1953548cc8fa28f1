package import Model

/// A tag rule that is about a question, and whether it is met.
package struct RuleStanding: Sendable, Equatable {
    package let rule: TagRule
    /// The tag by which it applies.
    package let tag: String
    package let isMet: Bool
    /// Until when it is met, where that ends by itself.
    package let until: Timestamp?

    init(_ rule: TagRule, tag: String, _ circumstances: PolicyCircumstances) {
        self.rule = rule
        self.tag = tag
        switch rule.demand {
        case .blockAlways: (isMet, until) = (false, nil)
        case .requireSession: (isMet, until) = (circumstances.hasSession, nil)
        case .blockModels(let models): (isMet, until) = (!circumstances.isModel(of: models), nil)
        case .requireConfirmation(by: .person): (isMet, until) = (circumstances.hasApproval, nil)
        case .requireConfirmation(by: .agent):
            until = circumstances.hasApproval ? nil : circumstances.acknowledgedUntil(rule.name)
            isMet = circumstances.hasApproval || until != nil
        case .notify: (isMet, until) = (true, nil)
        }
    }

    /// How the agent, or the person, meets it: the tool to call, or words. An approval is asked for by the use itself.
    package var meetBy: String {
        switch rule.demand {
        case .blockAlways, .blockModels: PolicyDenial.tellPerson
        case .requireSession: "session_wake"
        case .requireConfirmation(by: .agent): "rule_acknowledge"
        case .requireConfirmation(by: .person): PolicyDenial.makeCall
        case .notify: "nothing: the person is told"
        }
    }

    /// Whether it takes something that the question of the program comes before: nobody is asked to confirm what is not run.
    var isConfirmation: Bool { rule.kind == .requireConfirmation }
}
