import Storage
import Synchronization
import TestKit

/// What lies at a vault's place, as somebody moves it there and away. A store that is closed is there for the next one who opens it.
final class MovablePlace: Sendable {
    private struct State {
        var isEmptied = false
        var other: InMemoryStore?
        /// The other vault that lay there before the first was put back.
        var former: InMemoryStore?
        var known: [ObjectIdentifier: any VaultStore] = [:]
    }

    private let state = Mutex(State())

    /// Takes away what lies there, and puts another vault there if there is one.
    func move(in other: InMemoryStore? = nil) { state.withLock { ($0.isEmptied, $0.other) = (true, other) } }

    /// Puts back what lay there first.
    func moveBack() { state.withLock { ($0.isEmptied, $0.former, $0.other) = (false, $0.other, nil) } }

    /// Whether there is something; `isUsual` says whether there was at first.
    func leads(to isUsual: Bool, published: InMemoryStore?) -> Bool {
        state.withLock { $0.isEmptied ? ($0.other ?? published) != nil : isUsual || published != nil }
    }

    /// Why a store that was opened here is not the one that lies here.
    func displacement(of opened: InMemoryStore) -> StoreError? {
        state.withLock { state in
            guard state.isEmptied ? state.other !== opened : state.former === opened else { return nil }
            return .moved(path: "/vault/vault.db", isReplaced: !state.isEmptied || state.other != nil)
        }
    }

    /// The store that lies there, behind the same one each time.
    func opened(_ usual: InMemoryStore, published: InMemoryStore?, _ wrapping: @Sendable (InMemoryStore) -> any VaultStore) async -> any VaultStore {
        let store = state.withLock { state in
            // What is made where nothing is, is a new one.
            if state.isEmptied, state.other == nil { state.other = published ?? InMemoryStore() }
            return state.other ?? published ?? usual
        }
        await store.outliveClosing()
        return state.withLock { state in
            let wrapped = state.known[ObjectIdentifier(store)] ?? wrapping(store)
            state.known[ObjectIdentifier(store)] = wrapped
            return wrapped
        }
    }
}
