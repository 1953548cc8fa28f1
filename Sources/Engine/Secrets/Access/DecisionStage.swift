import Auditing
import Policies

/// When a decision is taken: before what it may depend on is known, or for good.
enum DecisionStage {
    case first, last
    /// For good, with a use of a person's approval that is taken together with the entry.
    case approved

    /// What can be met for some act or other, as far as a list foresees it: a request is judged when it is made.
    static let foreseeable = first.met.union([.request, .rate, .seal])

    /// The obligations that the engine meets. What it cannot meet it refuses.
    var met: Set<PolicyObligation> {
        switch self {
        case .first: [.redact, .notify, .program, .approval]
        case .last: [.redact, .notify]
        case .approved: [.redact, .notify, .approval]
        }
    }

    func unmet(of grant: PolicyGrant, for act: Act) -> PolicyObligation? {
        PolicyObligation.allCases.first { grant.obligations.contains($0) && !met.contains($0) && !act.meets($0) }
    }
}

extension Act {
    /// A run has a sandbox, or is not begun, and what it sends with fake tokens is judged when it is sent; a request is counted, or is not made. Nothing else
    /// has any of these.
    fileprivate func meets(_ obligation: PolicyObligation) -> Bool {
        switch obligation {
        case .sandbox: action == .run
        // What goes out with a fake token is judged when it is sent.
        case .request: handsOutTokens
        case .rate: handsOutTokens || action == .request
        // The broker that makes a request has its reply sealed, or passes none on.
        case .seal: action == .request
        case .redact, .approval, .notify, .program: false
        }
    }

    private var handsOutTokens: Bool { action == .run || action == .tokenIssue || action == .secretInject && mode == .resolve }
}

extension Permit {
    /// What the log says of the rules besides the one that decided. To be told of a use is to find it marked here.
    var facts: [AuditFact] {
        let commands = grants.compactMap(\.commandRule).map { AuditFact("command-rule", $0) }
        let requests = grants.compactMap(\.request).map { AuditFact("request-rule", $0.rule) }
        let notices = grants.flatMap(\.notifiedBy).map { AuditFact("notify", $0) }
        let sessions = sessions.map { AuditFact("session", $0) }
        return (commands + requests + notices + sessions).reduce(into: []) { facts, fact in if !facts.contains(fact) { facts.append(fact) } }
    }
}
