import Model
import Policies
import Synchronization

/// The policy in force, decoded once, and for each agent and scope picked apart once.
final class PolicyBook: Sendable {
    private struct State {
        var version: Int64 = 0
        var document = PolicyDocument.empty
        var views: [ViewKey: ScopeView] = [:]
        /// Why what is stored is not in force.
        var refusal: PolicyError?
    }

    private struct ViewKey: Hashable {
        var identity: AgentIdentity
        var scope: Scope
    }

    private let state = Mutex(State())
    /// More are not kept: whoever asks about ever new scopes gets no room by it.
    private static let mostViews = 256

    var document: PolicyDocument { state.withLock { $0.document } }
    var version: Int64 { state.withLock { $0.version } }

    func replace(_ document: PolicyDocument, version: Int64) { state.withLock { $0 = State(version: version, document: document) } }

    /// Takes note of one that was stored by another version of Tacit and is refused by this one, whose list of public suffixes, say, is newer: it allows nothing,
    /// and whoever opens the vault is told.
    func refuse(version: Int64, for reason: PolicyError) { state.withLock { $0 = State(version: version, refusal: reason) } }

    /// What a person is told while the stored policy is refused.
    var warning: String? {
        state.withLock { $0.refusal }.map {
            "agents are refused everything: the stored policy is none to this version of Tacit (\($0.code) at \($0.path)); see `tacit policy show`, change it with `tacit policy edit`"
        }
    }

    /// What the policy lets the asker see in a scope; nil for a person, whom it does not govern.
    func view(for asker: Asker, in scope: Scope) -> ScopeView? {
        guard let identity = asker.identity else { return nil }
        let key = ViewKey(identity: identity, scope: scope)
        return state.withLock { state in
            if let known = state.views[key] { return known }
            if state.views.count >= Self.mostViews { state.views = [:] }
            let view = state.document.compiled(for: identity).scoped(to: scope)
            state.views[key] = view
            return view
        }
    }

    /// Whether a policy about the asker wants it frozen when it misuses a fake token; never of a person.
    func freezesOnMisuse(_ asker: Asker) -> Bool {
        guard let identity = asker.identity else { return false }
        return document.policies.contains { $0.onMisuse == .freeze && $0.applies(to: identity) }
    }

    /// Whether a rule about the asker's programs pins their content, so that it has to be known.
    func pinsPrograms(of asker: Asker) -> Bool {
        asker.identity.map { document.compiled(for: $0).pinsPrograms } ?? false
    }
}

extension Asker {
    /// As whom the policy governs it; nil for a person, whom it does not.
    fileprivate var identity: AgentIdentity? {
        switch standing {
        case .person: nil
        case .agent(_, let name): .agent(name)
        case .unidentified: .unidentified
        }
    }
}
