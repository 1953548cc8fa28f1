import Model
import Synchronization

/// Which agents are frozen: while one is, it is refused everything. Rows keep it over a lock.
final class AgentFreeze: Sendable {
    private struct State {
        var all: Timestamp?
        /// One by one; nil stands for programs without a badge.
        var agents: [AgentID?: Timestamp] = [:]
        var isUnstored = false
    }

    private let state = Mutex(State())

    /// Since when all of them are; nil while they are not.
    var since: Timestamp? { state.withLock { $0.all } }

    /// Whether all of them are, and the row that says so could not be stored.
    var isUnstored: Bool { state.withLock { $0.all != nil && $0.isUnstored } }

    /// How many are by themselves.
    var count: Int { state.withLock { $0.agents.count } }

    var isOn: Bool { state.withLock { $0.all != nil || !$0.agents.isEmpty } }

    /// What an agent is answered while it is frozen; nil while it is not.
    func denial(of agent: AgentID?) -> EngineError.Denial? {
        state.withLock { $0.all != nil ? .frozen : $0.agents[agent] != nil ? .frozenAlone : nil }
    }

    /// As above; a person is never frozen.
    func denial(of asker: Asker) -> EngineError.Denial? { asker.isAgent ? denial(of: asker.agent) : nil }

    /// Freezes, unless they are frozen already; since when they are.
    @discardableResult
    func begin(at now: Timestamp) -> Timestamp {
        state.withLock { state in
            state.all = state.all ?? now
            return state.all ?? now
        }
    }

    /// Freezes one; says whether it was not frozen before.
    @discardableResult
    func begin(_ agent: AgentID?, at now: Timestamp) -> Bool {
        state.withLock { state in
            guard state.agents[agent] == nil else { return false }
            state.agents[agent] = now
            return true
        }
    }

    func noteStored(_ isStored: Bool) { state.withLock { $0.isUnstored = !isStored } }

    func end() { state.withLock { $0 = State() } }
}
