import Auditing
import Policies

/// When a decision is taken: before what it may depend on is known, or for good.
enum DecisionStage {
    case first, last
    /// For good, with a use of a person's approval that is taken together with the entry.
    case approved

    /// The obligations that the engine meets. What it cannot meet it refuses.
    var met: Set<PolicyObligation> {
        switch self {
        case .first: [.redact, .notify, .program, .approval]
        case .last: [.redact, .notify]
        case .approved: [.redact, .notify, .approval]
        }
    }

    /// A run has a sandbox, or is not begun; nothing else has one.
    func unmet(of grant: PolicyGrant, for act: Act) -> PolicyObligation? {
        PolicyObligation.allCases.first { grant.obligations.contains($0) && !met.contains($0) && !($0 == .sandbox && act.action == .run) }
    }
}

extension Permit {
    /// What the log says of the rules besides the one that decided. To be told of a use is to find it marked here.
    var facts: [AuditFact] {
        let commands = grants.compactMap(\.commandRule).map { AuditFact("command-rule", $0) }
        let notices = grants.flatMap(\.notifiedBy).map { AuditFact("notify", $0) }
        let sessions = sessions.map { AuditFact("session", $0) }
        return (commands + notices + sessions).reduce(into: []) { facts, fact in if !facts.contains(fact) { facts.append(fact) } }
    }
}
