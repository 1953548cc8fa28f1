import Auditing
import Model
import Synchronization

/// Lets the first of identical denials through at once and the rest as one counted entry, so that a loop cannot fill the log.
final class DenialLog: Sendable {
    private let coalescer = Mutex(DenialCoalescer())

    /// The entries that are due now: this one, a counted one, or none.
    func take(_ entry: AuditEntry) -> [AuditEntry] { coalescer.withLock { $0.take(entry) } }

    /// The counts whose time has come.
    func due(_ now: ClockReading) -> [AuditEntry] { coalescer.withLock { $0.due(at: now.bootTime) } }

    /// What is still counted; for lock.
    func flush() -> [AuditEntry] { coalescer.withLock { $0.flush() } }
}
