import Model
import Synchronization

/// Whether agents are frozen: while they are, each of them is refused everything. A row keeps it over a lock.
final class AgentFreeze: Sendable {
    private let state = Mutex<Timestamp?>(nil)

    /// Since when; nil while they are not.
    var since: Timestamp? { state.withLock { $0 } }

    /// Freezes, unless they are frozen already; since when they are.
    @discardableResult
    func begin(at now: Timestamp) -> Timestamp {
        state.withLock { since in
            since = since ?? now
            return since ?? now
        }
    }

    func end() { state.withLock { $0 = nil } }
}
