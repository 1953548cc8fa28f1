import Auditing
import Model
import Storage
import Synchronization

/// The wrong passwords so far, kept in a file beside the vault's other state: neither a lock nor the end of the keeper makes them forgotten.
final class BackoffBook: Sendable {
    private let file: any StateFile
    private let clock: MachineClock
    private let state = Mutex(State())

    private struct State {
        /// Nil until the file was read.
        var backoff: PasswordBackoff?
        /// Nobody knows how often a password was wrong.
        var isGuessed = false
        /// The file could not be put right either: it is looked at again, as a person may mend it.
        var isOutOfReach = false
    }

    init(_ file: any StateFile, clock: MachineClock) {
        self.file = file
        self.clock = clock
    }

    /// Refuses a try that comes too early.
    func check() throws(EngineError) {
        let (wait, isGuessed) = state.withLock { state in
            let now = clock.reading()
            return (known(&state, now).wait(now: now), state.isGuessed)
        }
        guard let wait else { return }
        let (seconds, rest) = wait.components
        throw .backedOff(seconds: Int(seconds) + (rest > 0 ? 1 : 0), triesUnknown: isGuessed)
    }

    /// Counts a try as failed before it is made, so that ending the keeper meanwhile does not make it one that never was. Returns what was before.
    ///
    /// Throws when it cannot be written down: then the try is not to be made.
    func begin() throws -> PasswordBackoff {
        try state.withLock { state in
            let now = clock.reading()
            let before = known(&state, now)
            var next = before
            next.failed(now: now)
            try file.store(next.encoded)
            state.backoff = next
            return before
        }
    }

    /// The try was no try of a password: something else went wrong.
    func withdraw(to before: PasswordBackoff) { keep(before) }

    /// The password was right.
    func succeeded() {
        state.withLock { $0.isGuessed = false }
        keep(PasswordBackoff(now: clock.reading()))
    }

    /// When this is not written, more tries are counted than there were.
    private func keep(_ backoff: PasswordBackoff) {
        state.withLock { state in
            state.backoff = backoff
            try? file.store(backoff.encoded)
        }
    }

    private func known(_ state: inout State, _ now: ClockReading) -> PasswordBackoff {
        if let backoff = state.backoff, !state.isOutOfReach { return backoff }
        if let read = read(now) {
            state = State(backoff: read)
        } else if state.backoff == nil {
            state = State(backoff: .strictest(now: now), isGuessed: true)
        }
        let backoff = state.backoff ?? .strictest(now: now)
        // A wait that begins here goes on after the next start, instead of beginning again.
        do { if backoff.failures > 0 { try file.store(backoff.encoded) } } catch { state.isOutOfReach = state.isGuessed }
        return backoff
    }

    /// What the file says; nil when that cannot be known. A file that is not there says that there was nothing wrong yet.
    private func read(_ now: ClockReading) -> PasswordBackoff? {
        do {
            guard let bytes = try file.load() else { return PasswordBackoff(now: now) }
            return PasswordBackoff(decoding: bytes, now: now)
        } catch { return nil }
    }
}
