import Synchronization

/// Whether a rotation goes on, for whoever asks how the vault is.
final class RotationMark: Sendable {
    private let isUnderway = Atomic(false)

    func set(_ value: Bool) { isUnderway.store(value, ordering: .relaxed) }

    var warning: String? {
        isUnderway.load(ordering: .relaxed) ? "a rotation of keys is not done: go on with `tacit rotate resume`" : nil
    }
}
