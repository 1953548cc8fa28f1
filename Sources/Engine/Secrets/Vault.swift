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
        /// Makes a store beside the vault's place, for a vault that is being restored.
        package var stagedStore: @Sendable () async throws -> any StagedStore
        /// Refuses places of the vault, and of what is kept beside it, that are not the user's alone: asked before each unlock.
        package var checkPlaces: @Sendable () throws -> Void
        /// Whether there is a store to open.
        package var storeExists: @Sendable () -> Bool
        package var passwordHash: any PasswordHash
        package var clock: MachineClock
        package var random: RandomBytes
        /// Remembers, outside the vault file, how far the log had come.
        package var memory: any StateFile
        /// Where acts wait to be audited while the vault is locked.
        package var pending: any StateFile
        /// Remembers wrong passwords.
        package var backoff: any StateFile
        /// Keeps the last signed checkpoint outside the vault file.
        package var checkpoint: any StateFile
        /// Room on the disk that is kept for what a person does to end something.
        package var reserve: any SpaceReserve
        /// How the keeper itself appears in the log.
        package var keeper: Origin
        /// The user whom the keeper serves; the one that it is, unless it is a user of its own.
        package var person: UInt32
        /// Starts the keyless spawner before keys exist, and stops it.
        package var runners: any RunnerSupply
        /// Makes session files and removes them.
        package var files: any SessionFileSupply
        /// Starts brokers, which make agents' requests.
        package var brokers: any BrokerSupply
        /// Serves whole agents in their sandboxes.
        package var confinedDoors: any ConfinedDoorSupply
        /// How the keeper's process is protected; nil when nobody looked.
        package var hardening: @Sendable () -> Hardening?
        /// How long a call is held for a person's decision before it is told to come back: hosts give up on a call after a minute.
        package var holdTime: Duration

        package init(
            openStore: @escaping @Sendable (_ create: Bool) async throws -> any VaultStore, storeExists: @escaping @Sendable () -> Bool,
            passwordHash: any PasswordHash, clock: MachineClock, random: RandomBytes = .system, memory: any StateFile, pending: any StateFile,
            backoff: any StateFile, checkpoint: any StateFile, reserve: any SpaceReserve = NoReserve(), keeper: Origin, person: UInt32? = nil,
            runners: any RunnerSupply,
            files: any SessionFileSupply = NoSessionFiles(), brokers: any BrokerSupply = NoBrokers(),
            confinedDoors: any ConfinedDoorSupply = NoConfinedDoors(),
            stagedStore: @escaping @Sendable () async throws -> any StagedStore = { throw StoreError.failed("there is no place to restore to") },
            hardening: @escaping @Sendable () -> Hardening? = { nil }, checkPlaces: @escaping @Sendable () throws -> Void = {},
            holdTime: Duration = .seconds(40)
        ) {
            self.openStore = openStore
            self.storeExists = storeExists
            self.stagedStore = stagedStore
            self.passwordHash = passwordHash
            self.clock = clock
            self.random = random
            self.memory = memory
            self.pending = pending
            self.backoff = backoff
            self.checkpoint = checkpoint
            self.reserve = reserve
            self.keeper = keeper
            self.person = person ?? keeper.userID
            self.runners = runners
            self.files = files
            self.brokers = brokers
            self.confinedDoors = confinedDoors
            self.hardening = hardening
            self.checkPlaces = checkPlaces
            self.holdTime = holdTime
        }
    }

    let foundation: Foundation
    let lasting: Lasting
    let backoff: BackoffBook
    private let state = Mutex(State())
    /// One lock, unlock, creation or checked password at a time; `passGate` is the way through.
    let gate = Gate()

    private struct State {
        var store: (any VaultStore)?
        var open: OpenVault?
        /// Why the vault is locked, where its file was taken from under it.
        var loss: StoreError?
        /// Whether room was given up to open the store: once it is closed, all of that is taken back.
        var isRoomGiven = false
    }

    package init(_ foundation: Foundation) {
        self.foundation = foundation
        backoff = BackoffBook(foundation.backoff, clock: foundation.clock)
        lasting = Lasting(sessions: SessionBook(), ongoing: OngoingActs(), pending: PendingBook(foundation.pending))
    }

    var sessions: SessionBook { lasting.sessions }
    package var runs: RunRegistry { lasting.runs }

    /// The unlocked vault. An asker who comes while it is locked is written to the pending list; a person's coming starts the idle lock anew, unless a
    /// program only waits for them (`isWaiting`).
    package func opened(for asker: Asker, isWaiting: Bool = false) throws -> OpenVault {
        let now = foundation.clock.steady()
        // One in a sandbox of which nobody could be asked whether it is registered stays outside, also when the vault was opened meanwhile.
        if let open = current, !sessions.isIdle(now: now), !asker.isConfined || asker.agent != nil {
            if case .person = asker.standing, !isWaiting { sessions.personActed(now: now) }
            return open
        }
        guard foundation.storeExists() else {
            if let loss { throw loss }
            throw EngineError.noVault
        }
        try noteLocked(.vaultUnlock, by: asker, code: "vault.locked")
        throw EngineError.locked
    }

    package var isUnlocked: Bool { current != nil }

    var current: OpenVault? { state.withLock { $0.open } }

    func replaceOpen(_ open: OpenVault?) {
        state.withLock { state in
            state.open = open
            if open != nil { state.loss = nil }
        }
        if open != nil { foundation.reserve.fill() }
    }

    /// Why the vault is locked, where its file was moved, removed or replaced; nil again once one is open.
    var loss: StoreError? { state.withLock { $0.loss } }

    /// The store that is open, if one is.
    var storeAtHand: (any VaultStore)? { state.withLock { $0.store } }

    /// Gives up the store, and remembers why where that was not meant.
    func takeStore(losing loss: StoreError? = nil) -> (any VaultStore)? {
        state.withLock { state in
            if let loss { state.loss = loss }
            defer { state.store = nil }
            return state.store
        }
    }

    /// The store, which is opened where it is not; whoever asks is in the gate, behind which it is closed again unless the vault is unlocked.
    func store(create: Bool = false) async throws -> any VaultStore {
        if let store = state.withLock({ $0.store }) { return store }
        guard create || foundation.storeExists() else { throw EngineError.noVault }
        let store = try await openedStore(create)
        state.withLock { $0.store = store }
        return store
    }

    /// Opens it, with room from the reserve where the disk has none: a person who locks on a full disk comes in again.
    private func openedStore(_ create: Bool) async throws -> any VaultStore {
        defer { if state.withLock({ $0.isRoomGiven }) { foundation.reserve.takeBack() } }
        while true {
            do { return try await foundation.openStore(create) } catch StoreError.full {
                guard foundation.reserve.giveUp() else { throw StoreError.full }
                state.withLock { $0.isRoomGiven = true }
            }
        }
    }

    /// Takes back what the store that is closed now had of the reserve: whoever comes to a locked vault again and again does not use it up.
    func takeBackRoom() {
        let isGiven = state.withLock { state in
            defer { state.isRoomGiven = false }
            return state.isRoomGiven
        }
        if isGiven { foundation.reserve.takeBack() }
    }

    /// Writes down that someone came while the vault was locked. When the list is full the act is refused.
    func noteLocked(_ action: AuditAction, by asker: Asker, code: String) throws {
        var entry = AuditEntry(Act(action, .none, .person), asker: asker, subjects: [], clock: foundation.clock)
        entry.decision = .deny(code: code)
        try lasting.pending.append(entry)
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
        guard isTaken else {
            isTaken = true
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    private func leave() {
        if waiting.isEmpty { isTaken = false } else { waiting.removeFirst().resume() }
    }
}
