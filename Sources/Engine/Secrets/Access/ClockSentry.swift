import Auditing
import Model
import Synchronization

/// Watches the machine's clock for all that depends on it: entries, expiry and what `status` warns of.
final class ClockSentry: Sendable {
    private let clock: MachineClock
    private let state: Mutex<State>

    private struct State {
        var watch: ClockWatch
        var newest: ClockReading?

        /// Judges a reading. Only the newest moves the watch: entries of several askers come a little out of order, and the small steps would add up.
        mutating func judge(_ reading: ClockReading) -> ClockWatch.Verdict {
            var watch = watch
            let verdict = watch.observe(reading)
            if let newest, newest.bootID == reading.bootID, newest.bootTime > reading.bootTime { return verdict }
            self.watch = watch
            newest = reading
            return verdict
        }
    }

    init(_ clock: MachineClock, resuming watch: ClockWatch) {
        self.clock = clock
        state = Mutex(State(watch: watch))
    }

    /// Marks an entry whose clock shows an earlier time than it can be. What waited while the vault was locked was judged, if at all, back then.
    func mark(_ entry: inout AuditEntry) {
        guard entry.clockFloor == nil, !entry.detail.contains(.whileLocked) else { return }
        if case .wentBack(let floor) = state.withLock({ $0.judge(entry.clock) }) { entry.clockFloor = floor }
    }

    /// The time that expiry goes by.
    func expiryTime() -> Timestamp { state.withLock { $0.watch.effectiveNow(clock.reading()) } }

    /// The time since boot, which nobody sets.
    func steady() -> Timestamp { clock.steady() }

    /// The time it must be at least, while the clock shows an earlier one.
    func floor() -> Timestamp? {
        guard case .wentBack(let floor) = state.withLock({ $0.judge(clock.reading()) }) else { return nil }
        return floor
    }

    /// Believes the clock while `body` writes down that a person said so; when that fails, nothing was accepted.
    func accepting(_ body: () async throws -> Void) async throws {
        let before = state.withLock { state in
            let before = state
            let reading = clock.reading()
            state.watch.accept(reading)
            state.newest = reading
            return before
        }
        do { try await body() } catch {
            state.withLock { $0 = before }
            throw error
        }
    }
}
