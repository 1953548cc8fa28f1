import Model
import Synchronization

/// One backup, restore or drill at a time: each reads or writes a whole vault.
final class BackupTurn: Sendable {
    private struct State {
        var isTaken = false
        /// When one was begun that nobody was asked for.
        var lastUnasked: Timestamp?
    }

    private let state = Mutex(State())

    var isUnderway: Bool { state.withLock { $0.isTaken } }

    func pass<Result>(_ body: () async throws -> Result) async throws -> Result {
        let isFree = state.withLock { state in
            defer { state.isTaken = true }
            return !state.isTaken
        }
        guard isFree else { throw EngineError.backupBusy }
        defer { state.withLock { $0.isTaken = false } }
        return try await body()
    }

    /// How long the next one that nobody was asked for has to wait; nil where it may begin, and then counts as begun. `now` is time since boot.
    func secondsToWait(at now: Timestamp) -> Int? {
        state.withLock { state in
            let passed = state.lastUnasked.map { now.duration(since: $0) } ?? OpenVault.unaskedInterval
            guard passed < OpenVault.unaskedInterval else {
                state.lastUnasked = now
                return nil
            }
            return max(1, Int((OpenVault.unaskedInterval - passed).components.seconds))
        }
    }

    /// Takes back that one counts as begun since `time`: nothing of it was written.
    func forgetUnasked(begunAt time: Timestamp) { state.withLock { state in if state.lastUnasked == time { state.lastUnasked = nil } } }
}
