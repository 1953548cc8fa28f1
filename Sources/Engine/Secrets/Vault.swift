import Auditing
package import Envelopes
package import Model
package import Storage
import Synchronization

/// A vault on this machine, locked or not. The keeper's door asks it for everything.
package final class Vault: Sendable {
    /// What the vault stands on; the program puts it together.
    package struct Foundation: Sendable {
        /// Opens the store; `true` makes it.
        package var openStore: @Sendable (_ create: Bool) async throws -> any VaultStore
        /// Whether there is a store to open.
        package var storeExists: @Sendable () -> Bool
        package var passwordHash: any PasswordHash
        package var clock: MachineClock
        package var random: RandomBytes
        /// Remembers, outside the vault file, how far the log had come.
        package var memory: any StateFile
        /// Where acts wait to be audited while the vault is locked.
        package var pending: any StateFile
        /// How the keeper itself appears in the log.
        package var keeper: Origin
        /// Starts the keyless spawner before keys exist, and stops it.
        package var runners: any RunnerSupply

        package init(
            openStore: @escaping @Sendable (_ create: Bool) async throws -> any VaultStore, storeExists: @escaping @Sendable () -> Bool,
            passwordHash: any PasswordHash, clock: MachineClock, random: RandomBytes = .system, memory: any StateFile,
            pending: any StateFile, keeper: Origin, runners: any RunnerSupply
        ) {
            self.openStore = openStore
            self.storeExists = storeExists
            self.passwordHash = passwordHash
            self.clock = clock
            self.random = random
            self.memory = memory
            self.pending = pending
            self.keeper = keeper
            self.runners = runners
        }
    }

    let foundation: Foundation
    let sessions = SessionBook()
    package let runs = RunRegistry()
    private let state = Mutex(State())
    /// What waits to be audited, as it lies in its file; nil until it was read.
    let pending = Mutex<PendingList?>(nil)
    /// One lock, unlock or creation at a time.
    let gate = Gate()

    private struct State {
        var store: (any VaultStore)?
        var open: OpenVault?
        var backoff = PasswordBackoff()
    }

    package init(_ foundation: Foundation) { self.foundation = foundation }

    /// The unlocked vault. An asker who comes while it is locked is written to the pending list.
    package func opened(for asker: Asker) throws -> OpenVault {
        if let open = state.withLock({ $0.open }) { return open }
        guard foundation.storeExists() else { throw EngineError.noVault }
        try noteLocked(asker)
        throw EngineError.locked
    }

    package var isUnlocked: Bool { state.withLock { $0.open != nil } }

    var current: OpenVault? { state.withLock { $0.open } }

    func replaceOpen(_ open: OpenVault?) { state.withLock { $0.open = open } }

    func withBackoff<Result>(_ body: (inout PasswordBackoff) -> Result) -> Result { state.withLock { body(&$0.backoff) } }

    /// The store, opened once and kept as long as the keeper lives: it holds sealed bytes only.
    func store(create: Bool = false) async throws -> any VaultStore {
        if let store = state.withLock({ $0.store }) { return store }
        guard create || foundation.storeExists() else { throw EngineError.noVault }
        let store = try await foundation.openStore(create)
        state.withLock { $0.store = store }
        return store
    }
}

/// Lets one task through at a time, in order of arrival.
actor Gate {
    private var isTaken = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    nonisolated func pass<Result: Sendable>(_ body: @Sendable () async throws -> Result) async throws -> Result {
        await enter()
        do {
            let result = try await body()
            await leave()
            return result
        } catch {
            await leave()
            throw error
        }
    }

    private func enter() async {
        guard isTaken else { return isTaken = true }
        await withCheckedContinuation { waiting.append($0) }
    }

    private func leave() {
        if waiting.isEmpty { isTaken = false } else { waiting.removeFirst().resume() }
    }
}
