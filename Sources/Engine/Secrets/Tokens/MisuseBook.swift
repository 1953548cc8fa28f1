package import Model
import Synchronization

/// A fake token that was shown where it is not good, as a person is told of it.
package struct MisuseView: Sendable, Equatable {
    package var agent: String
    /// A stable word for what was wrong.
    package var code: String
    package var firstAt: Timestamp
    package var count: Int
    /// Whether the agent was frozen for it.
    package var isFrozen: Bool
}

/// The misuses of one unlock. The log has each of them; here is what a person is told without asking.
final class MisuseBook: Sendable {
    /// Of more than so many kinds the oldest are told no more.
    private static let mostKept = 32

    private let state = Mutex<(total: Int, last: Timestamp?, kept: [MisuseView])>((0, nil, []))

    /// Takes one; says whether a person is to be told of it now: others of its kind are counted.
    func note(_ agent: String, _ code: String, at now: Timestamp, isFrozen: Bool) -> Bool {
        state.withLock { state in
            (state.total, state.last) = (state.total + 1, now)
            if let index = state.kept.firstIndex(where: { $0.agent == agent && $0.code == code && $0.isFrozen == isFrozen }) {
                state.kept[index].count += 1
                return false
            }
            state.kept.append(MisuseView(agent: agent, code: code, firstAt: now, count: 1, isFrozen: isFrozen))
            if state.kept.count > Self.mostKept { state.kept.removeFirst() }
            return true
        }
    }

    var views: [MisuseView] { state.withLock { $0.kept } }

    /// What whoever looks at the vault's state is told; nil while there was none. It names nobody.
    var warning: String? {
        state.withLock { state in
            state.last.map {
                (state.total == 1
                    ? "a fake token was shown where it is not good, at \($0.seconds)"
                    : "fake tokens were shown where they are not good, \(state.total) times, last at \($0.seconds)")
                    + ": see `tacit approvals` and `tacit audit list`"
            }
        }
    }
}
