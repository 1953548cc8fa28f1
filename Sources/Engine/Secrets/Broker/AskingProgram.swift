import Synchronization

/// The program whose request is judged. It may go away while a person is asked.
package final class AskingProgram: Sendable {
    private struct State {
        var hasLeft = false
        var wake: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    package init() {}

    /// Whether somebody still waits for the answer.
    var isThere: Bool { state.withLock { !$0.hasLeft } }

    /// Nobody waits any more. Whoever judges is woken.
    package func leave() {
        let wake = state.withLock { state in
            state.hasLeft = true
            return state.wake
        }
        wake?()
    }

    /// Wakes whoever judges once the program leaves; at once where it has.
    package func whenItLeaves(_ wake: @escaping @Sendable () -> Void) {
        let hasLeft = state.withLock { state in
            state.wake = wake
            return state.hasLeft
        }
        if hasLeft { wake() }
    }
}
