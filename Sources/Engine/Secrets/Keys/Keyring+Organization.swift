import Auditing
import Envelopes
import Model
import Storage
import Synchronization

/// The generations of the organization key that are at hand.
struct OrganizationState: Sendable {
    fileprivate(set) var keys: OrganizationKeys
    /// Those that were in force earlier since the unlock: what was read under one of them is still opened with it, until the lock.
    fileprivate var earlier: [OrganizationKeys] = []
    /// What stays of all former ones, and the keys of the log; nil until it was read.
    fileprivate var former: (epochs: FormerEpochs, log: LogKeys)?
    fileprivate var isTurning = false
    fileprivate var waiting: [CheckedContinuation<Void, Never>] = []

    /// Of a first key there are no former ones.
    init(_ keys: OrganizationKeys, of organization: OrganizationID) throws {
        self.keys = keys
        guard keys.generation == 1 else { return }
        let epochs = try FormerEpochs()
        former = (epochs, try LogKeys(keys.audit(organization), after: epochs))
    }
}

extension Keyring {
    /// The organization key in force, with what comes from it.
    var keys: OrganizationKeys { organizationState.withLock { $0.keys } }

    /// The organization key of a generation that a row names.
    func keys(_ generation: Int64) throws(EngineError) -> OrganizationKeys {
        let found = organizationState.withLock { state in ([state.keys] + state.earlier).first { $0.generation == generation } }
        guard let found else { throw .unreadable }
        return found
    }

    /// The epochs that are over.
    func formerEpochs() throws(EngineError) -> FormerEpochs {
        guard let former = organizationState.withLock({ $0.former }) else { throw .unreadable }
        return former.epochs
    }

    /// Takes up what the vault says of former epochs.
    func adopt(_ epochs: [Epoch]) throws {
        let former = try FormerEpochs(epochs, before: keys.generation)
        let log = try LogKeys(keys.audit(organization), after: former)
        organizationState.withLock { $0.former = (former, log) }
    }

    /// The keys of the audit log.
    func logKeys() throws(EngineError) -> LogKeys {
        guard let former = organizationState.withLock({ $0.former }) else { throw .unreadable }
        return former.log
    }

    /// What is remembered outside the vault file.
    func headMemory(_ file: any StateFile) throws -> HeadMemory {
        HeadMemory(file: file, keys: [keys.memory] + (try formerEpochs().memories), organization: organization)
    }
}

extension Keyring {
    /// Says that another organization key is about to be stored. Whoever finds nothing under the one in force, or what does not fit to it, waits for how that ends.
    func beginTurn() { organizationState.withLock { $0.isTurning = true } }

    /// Says that none was stored.
    func endTurn() { endTurn { _ in } }

    /// Takes up the keys that hold from here on.
    func endTurn(to keys: OrganizationKeys, after former: FormerEpochs, log: LogKeys) {
        endTurn { state in
            state.earlier.append(state.keys)
            (state.keys, state.former) = (keys, (former, log))
        }
    }

    private func endTurn(_ change: (inout OrganizationState) -> Void) {
        let waiting = organizationState.withLock { state in
            change(&state)
            defer { (state.isTurning, state.waiting) = (false, []) }
            return state.waiting
        }
        for one in waiting { one.resume() }
    }

    /// Reads with the key in force, and again where another one took its place meanwhile: what is not found, or does not fit, says nothing then.
    func steadily<Found>(_ read: (OrganizationKeys) async throws -> Found?) async throws -> Found? {
        while true {
            let keys = keys
            do {
                if let found = try await read(keys) { return found }
                if await isSettled(keys) { return nil }
            } catch { if await isSettled(keys) { throw error } }
        }
    }

    /// Whether these are the keys in force, and no others are on their way. Where some are, it waits for them.
    private func isSettled(_ keys: OrganizationKeys) async -> Bool {
        let isTurning = organizationState.withLock { $0.isTurning }
        guard isTurning else { return self.keys === keys }
        await withCheckedContinuation { continuation in
            let isOver = organizationState.withLock { state in
                if state.isTurning { state.waiting.append(continuation) }
                return !state.isTurning
            }
            if isOver { continuation.resume() }
        }
        return false
    }
}
