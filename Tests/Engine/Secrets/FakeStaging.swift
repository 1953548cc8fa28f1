import Storage
import Synchronization
import TestKit

/// Stores beside the vault's place, in memory.
final class FakeStaging: Sendable {
    private struct State {
        var isOpen = 0
        var made = 0
        var published: InMemoryStore?
        var wrap: @Sendable (InMemoryStore) -> any VaultStore = { $0 }
        var refusesToPublish = false
    }

    private let state = Mutex(State())

    /// What took the vault's place.
    var published: InMemoryStore? { state.withLock { $0.published } }
    /// How many were made, and how many of them are neither published nor gone.
    var made: Int { state.withLock { $0.made } }
    var isOpen: Int { state.withLock { $0.isOpen } }
    func wrap(_ body: @escaping @Sendable (InMemoryStore) -> any VaultStore) { state.withLock { $0.wrap = body } }
    func refuseToPublish() { state.withLock { $0.refusesToPublish = true } }

    func make() -> any StagedStore {
        state.withLock { state in
            state.isOpen += 1
            state.made += 1
            let memory = InMemoryStore()
            return Staged(store: state.wrap(memory), memory: memory, staging: self)
        }
    }

    private struct Staged: StagedStore {
        let store: any VaultStore
        let memory: InMemoryStore
        let staging: FakeStaging

        func publish() async throws {
            try staging.state.withLock { state in
                if state.refusesToPublish { throw StoreError.full }
                (state.published, state.isOpen) = (memory, state.isOpen - 1)
            }
        }

        func discard() async { staging.state.withLock { $0.isOpen -= 1 } }
    }
}
