import Storage
import Synchronization

extension OpenVault {
    /// Clears the raw files of what was deleted or replaced; whether that succeeded.
    ///
    /// Where it fails, as on a full disk or beside a long backup, a person is told until it is done: it is tried again at each upkeep. What holds the vault's
    /// file and a former key or password could use what is left, and nobody else.
    @discardableResult func eraseTraces() async -> Bool {
        do {
            try await store.eraseFreed()
            traces.set(false)
            return true
        } catch {
            traces.set(true)
            return false
        }
    }

    /// Tries again where the last time failed.
    func eraseLeftTraces() async { if traces.isSet { await eraseTraces() } }
}

/// Whether something that was deleted or replaced may still be in the raw files.
final class TraceMark: Sendable {
    private let state = Mutex(false)
    var isSet: Bool { state.withLock { $0 } }
    func set(_ value: Bool) { state.withLock { $0 = value } }

    /// What a person should know of it.
    var warning: String? {
        guard isSet else { return nil }
        return "what was deleted or replaced can still be found in the vault's raw files: it goes once the disk has room and no backup reads any more"
    }
}
