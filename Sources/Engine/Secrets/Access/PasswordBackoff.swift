import Model

/// Slows guessing down: after 5 wrong passwords 30 s, after 10 five minutes, after 20 thirty minutes between tries.
struct PasswordBackoff: Sendable {
    private(set) var failures = 0
    private var nextTry = Timestamp(nanoseconds: .min)

    /// How long the next try must wait; nil when it may come now.
    func wait(now: Timestamp) -> Duration? { now < nextTry ? nextTry.duration(since: now) : nil }

    mutating func failed(now: Timestamp) {
        failures += 1
        let pause: Duration =
            switch failures {
            case ..<5: .zero
            case ..<10: .seconds(30)
            case ..<20: .seconds(5 * 60)
            default: .seconds(30 * 60)
            }
        nextTry = now.advanced(by: pause)
    }

    mutating func succeeded() { self = PasswordBackoff() }
}
