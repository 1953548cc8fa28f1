import Synchronization

/// How often what leaves a run may still say that a guess at one of its values was right. The run's streams and files share it.
///
/// An answer is a placeholder for the beginning of a value at a stream's edge, which was not the whole of it, or a hit on a value that could be guessed. With
/// the last one that a value has left, nothing more leaves the run.
package final class AnswerBook: Sendable {
    /// How many answers about one secret an agent gets in a day, unless told otherwise.
    package static let usualLimit = 3

    private struct State {
        var left: [String: Int]
        var isSpent: Bool
        var new: [String] = []
    }

    private let state: Mutex<State>

    /// `left` is by name; who is not named has the usual number. Nothing leaves from the start where one has none, or all `isSpent`.
    package init(left: [String: Int] = [:], isSpent: Bool = false) {
        state = Mutex(State(left: left, isSpent: isSpent || left.values.contains { $0 <= 0 }))
    }

    package var isSpent: Bool { state.withLock(\.isSpent) }

    /// Counts an answer about the value of this name.
    package func take(_ name: String) {
        state.withLock { state in
            let left = (state.left[name] ?? Self.usualLimit) - 1
            state.left[name] = left
            state.new.append(name)
            if left <= 0 { state.isSpent = true }
        }
    }

    /// The answers since this was last asked, each by its name.
    package func takeNew() -> [String] {
        state.withLock { state in
            defer { state.new = [] }
            return state.new
        }
    }
}
