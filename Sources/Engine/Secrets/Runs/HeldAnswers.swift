import Model
import Synchronization

/// Answers to guesses that have not been stored: the vault was locked, or the store failed. They count as long as the keeper lives.
final class HeldAnswers: Sendable {
    /// Answers about one secret to one agent; nil for those without a badge.
    struct Key: Hashable {
        var agent: AgentID?
        var secret: SecretID
    }

    struct Held: Sendable {
        var count: Int
        /// When the last of them was given.
        var at: Timestamp
    }

    private let state = Mutex<[Key: Held]>([:])

    var all: [Key: Held] { state.withLock { $0 } }

    func hold(_ counts: [SecretID: Int], of agent: AgentID?, at now: Timestamp) {
        state.withLock { state in
            for (secret, count) in counts {
                let key = Key(agent: agent, secret: secret)
                let held = state[key]
                state[key] = Held(count: min(FuseRecord.limit, (held?.count ?? 0) + count), at: max(now, held?.at ?? now))
            }
        }
    }

    func hasAny(_ key: Key) -> Bool { state.withLock { $0[key] != nil } }

    /// Forgets what was stored; what came meanwhile stays whole: one too many is better than one too few.
    func forget(_ key: Key, _ stored: Held) {
        state.withLock { state in
            if let held = state[key], held.count == stored.count, held.at == stored.at { state[key] = nil }
        }
    }

    func forget(agent: AgentID?) { state.withLock { state in state = state.filter { $0.key.agent != agent } } }
}
