import Model
import Policies
import Synchronization

/// The policy in force, decoded once.
final class PolicyBook: Sendable {
    private let state = Mutex<(version: Int64, document: PolicyDocument)>((0, .empty))

    var document: PolicyDocument { state.withLock { $0.document } }
    var version: Int64 { state.withLock { $0.version } }

    func replace(_ document: PolicyDocument, version: Int64) { state.withLock { $0 = (version, document) } }

    /// What the policy lets the asker see in a scope; nil for a person, whom it does not govern.
    func view(for asker: Asker, in scope: Scope) -> ScopeView? {
        switch asker.standing {
        case .person: nil
        case .agent(_, let name): document.compiled(for: .agent(name)).scoped(to: scope)
        case .unidentified: document.compiled(for: .unidentified).scoped(to: scope)
        }
    }

    /// Whether a policy about the asker wants it frozen when it misuses a fake token; never of a person.
    func freezesOnMisuse(_ asker: Asker) -> Bool {
        let identity: AgentIdentity
        switch asker.standing {
        case .person: return false
        case .agent(_, let name): identity = .agent(name)
        case .unidentified: identity = .unidentified
        }
        return document.policies.contains { $0.onMisuse == .freeze && $0.applies(to: identity) }
    }

    /// Whether a rule about the asker's programs pins their content, so that it has to be known.
    func pinsPrograms(of asker: Asker) -> Bool {
        switch asker.standing {
        case .person: false
        case .agent(_, let name): document.compiled(for: .agent(name)).pinsPrograms
        case .unidentified: document.compiled(for: .unidentified).pinsPrograms
        }
    }
}
