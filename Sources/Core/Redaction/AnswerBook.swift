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

    /// `left` is by the name of a value; what is not named has the usual number. The fields of one secret share the least that one of them has. Nothing leaves
    /// from the start where one has none.
    package init(left: [String: Int] = [:]) {
        let shared = Dictionary(left.map { (Self.secret(of: $0.key), $0.value) }) { min($0, $1) }
        state = Mutex(State(left: shared, isSpent: shared.values.contains { $0 <= 0 }))
    }

    package var isSpent: Bool { state.withLock(\.isSpent) }

    /// Lowers how many answers the value of this name has left; nothing raises it.
    package func limit(_ name: String, to count: Int) {
        state.withLock { state in
            let secret = Self.secret(of: name)
            let left = min(state.left[secret] ?? Self.usualLimit, count)
            state.left[secret] = left
            if left <= 0 { state.isSpent = true }
        }
    }

    /// Lets nothing leave any more: who counts for all runs says so.
    package func spend() { state.withLock { $0.isSpent = true } }

    /// Counts an answer about the value of this name.
    package func take(_ name: String) {
        state.withLock { state in
            let secret = Self.secret(of: name)
            let left = (state.left[secret] ?? Self.usualLimit) - 1
            state.left[secret] = left
            state.new.append(name)
            if left <= 0 { state.isSpent = true }
        }
    }

    /// The name of a value without its field.
    private static func secret(of name: String) -> String { String(name.prefix { $0 != "#" }) }

    /// The answers since this was last asked, each by its name.
    package func takeNew() -> [String] {
        state.withLock { state in
            defer { state.new = [] }
            return state.new
        }
    }
}
