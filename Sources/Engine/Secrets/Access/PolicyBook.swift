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
}

extension ScopeView {
    /// Everything the agent may do with a secret that it may list.
    func capabilities(for name: SecretName) -> [Capability] {
        Capability.allCases.filter { decision(for: name, capability: $0).isAllowed }
    }
}
