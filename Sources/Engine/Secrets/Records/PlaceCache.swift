import Model
import Synchronization

/// Which project and environment a scope names. Safe to keep: one keeper holds the vault, and every rename or removal empties it.
final class PlaceCache: Sendable {
    private let state = Mutex(State())

    private struct State {
        var known: [Scope: Place] = [:]
        /// Counts the times it was emptied: what was read before one of them is not kept after it.
        var round = 0
    }

    var round: Int { state.withLock { $0.round } }

    func place(for scope: Scope) -> Place? { state.withLock { $0.known[scope] } }

    /// Keeps a place that was read in this round.
    func keep(_ place: Place, round: Int) { state.withLock { if $0.round == round { $0.known[place.scope] = place } } }

    func clear() {
        state.withLock {
            $0.known = [:]
            $0.round += 1
        }
    }
}
