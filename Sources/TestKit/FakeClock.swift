package import Model
import Synchronization

/// A clock that stands still until a test moves it. It tells the time of day and is a `Clock`, whose sleepers wake when it is moved past them.
package final class FakeClock: Clock, Sendable {
    private let state: Mutex<State>

    private struct State {
        var wall: Timestamp
        var elapsed: Duration = .zero
        var sleepers: [Sleeper] = []
        var lastSleeper = 0
    }

    private struct Sleeper {
        let number: Int
        let deadline: Instant
        let continuation: CheckedContinuation<Void, any Error>
    }

    /// A moment of the monotonic side of the clock.
    package struct Instant: InstantProtocol {
        let elapsed: Duration

        package func advanced(by duration: Duration) -> Instant { Instant(elapsed: elapsed + duration) }
        package func duration(to other: Instant) -> Duration { other.elapsed - elapsed }
        package static func < (left: Instant, right: Instant) -> Bool { left.elapsed < right.elapsed }
    }

    /// Starts at the given time of day, 2026-11-21T08:00:00Z unless told.
    package init(_ start: Timestamp = Timestamp(nanoseconds: 1_795_248_000_000_000_000)) { state = Mutex(State(wall: start)) }

    /// The time of day as rules take it.
    package var wall: WallClock { WallClock { self.time } }

    package var time: Timestamp { state.withLock { $0.wall } }
    package var now: Instant { state.withLock { Instant(elapsed: $0.elapsed) } }
    package var minimumResolution: Duration { .nanoseconds(1) }

    /// How many tasks sleep on the clock.
    package var sleeperCount: Int { state.withLock { $0.sleepers.count } }

    /// Lets time pass: the time of day and the monotonic side both move, and whoever slept long enough wakes.
    package func advance(by duration: Duration) {
        let woken = state.withLock { state in
            state.wall = state.wall.advanced(by: duration)
            state.elapsed += duration
            let now = Instant(elapsed: state.elapsed)
            let woken = state.sleepers.filter { $0.deadline <= now }
            state.sleepers.removeAll { $0.deadline <= now }
            return woken
        }
        for sleeper in woken { sleeper.continuation.resume() }
    }

    /// Sets the time of day alone, as an administrator would; it may go back.
    package func setWall(_ time: Timestamp) { state.withLock { $0.wall = time } }

    package func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        let number = state.withLock { state in
            state.lastSleeper += 1
            return state.lastSleeper
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isDue = state.withLock { state in
                    guard deadline.elapsed > state.elapsed, !Task.isCancelled else { return true }
                    state.sleepers.append(Sleeper(number: number, deadline: deadline, continuation: continuation))
                    return false
                }
                if isDue { continuation.resume() }
            }
            try Task.checkCancellation()
        } onCancel: {
            wake(number)
        }
    }

    private func wake(_ number: Int) {
        let sleeper = state.withLock { state in
            let sleeper = state.sleepers.first { $0.number == number }
            state.sleepers.removeAll { $0.number == number }
            return sleeper
        }
        sleeper?.continuation.resume(throwing: CancellationError())
    }
}
