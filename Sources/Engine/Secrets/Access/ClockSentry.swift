import Auditing
import Model
import Synchronization

/// Watches the machine's clock for all that depends on it: entries, expiry and what `status` warns of.
final class ClockSentry: Sendable {
    private let clock: MachineClock
    private let watch: Mutex<ClockWatch>

    init(_ clock: MachineClock, resuming watch: ClockWatch) {
        self.clock = clock
        self.watch = Mutex(watch)
    }

    /// Marks an entry whose clock shows an earlier time than it can be.
    func mark(_ entry: inout AuditEntry) {
        if case .wentBack(let floor) = watch.withLock({ $0.observe(entry.clock) }) { entry.clockFloor = floor }
    }

    /// The time that expiry goes by.
    func expiryTime() -> Timestamp { watch.withLock { $0.effectiveNow(clock.reading()) } }

    /// The time it must be at least, while the clock shows an earlier one.
    func floor() -> Timestamp? {
        guard case .wentBack(let floor) = watch.withLock({ $0.observe(clock.reading()) }) else { return nil }
        return floor
    }

    /// A person says that the clock is right.
    func accept() { watch.withLock { $0.accept(clock.reading()) } }
}
