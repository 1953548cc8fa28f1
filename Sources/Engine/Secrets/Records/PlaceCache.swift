import Model
import Synchronization

/// Which project and environment a scope names. Safe to keep: one keeper holds the vault, and every rename or removal empties it.
final class PlaceCache: Sendable {
    private let known = Mutex<[Scope: Place]>([:])

    func place(for scope: Scope) -> Place? { known.withLock { $0[scope] } }
    func keep(_ place: Place) { known.withLock { $0[place.scope] = place } }
    func clear() { known.withLock { $0 = [:] } }
}
