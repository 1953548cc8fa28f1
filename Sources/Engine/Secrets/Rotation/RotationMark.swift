import Synchronization

/// Whether a rotation goes on, for whoever asks how the vault is.
final class RotationMark: Sendable {
    private let isUnderway = Atomic(false)
    private let isEnding = Atomic(false)
    private let moved = Atomic(0)
    private let total = Atomic(0)

    func set(_ value: Bool) { isUnderway.store(value, ordering: .relaxed) }

    /// One that is a single transaction begins.
    func begin(of total: Int) {
        moved.store(0, ordering: .relaxed)
        self.total.store(total, ordering: .relaxed)
    }

    func move(_ count: Int) { moved.add(count, ordering: .relaxed) }
    func end() { total.store(0, ordering: .relaxed) }

    /// Ends such a one as if it had not begun: the vault is about to be locked.
    func stop() { isEnding.store(true, ordering: .relaxed) }
    var isStopped: Bool { isEnding.load(ordering: .relaxed) }

    /// How far such a one is; nil where none goes on.
    var progress: (rows: Int, total: Int)? {
        let total = total.load(ordering: .relaxed)
        return total > 0 ? (min(moved.load(ordering: .relaxed), total), total) : nil
    }

    var warning: String? {
        isUnderway.load(ordering: .relaxed) ? "a rotation of keys is not done: go on with `tacit rotate resume`" : nil
    }
}
