import Model
import Synchronization

/// The answers to guesses of each agent about each secret: one book for all runs and brokers at once, which outlives a lock.
///
/// An answer stands here before it is given. The vault's records follow; what could not be stored, because the vault was locked or the store failed, counts all
/// the same as long as the keeper lives.
final class AnswerLedger: Sendable {
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

    private struct State {
        /// As they were read last, with what was counted since.
        var records: [Key: FuseRecord] = [:]
        /// What has not been stored.
        var held: [Key: Held] = [:]
    }

    /// Who counts answers, or reads what was stored of them, does so alone.
    let turns = Gate()
    private let state = Mutex(State())

    /// What has not been stored.
    var held: [Key: Held] { state.withLock(\.held) }

    func holdsAny(_ key: Key) -> Bool { state.withLock { $0.held[key] != nil } }

    /// How many answers there may still be; nil where nobody read how many there were.
    func left(_ key: Key, at now: Timestamp) -> Int? { state.withLock { $0.records[key]?.left(at: now) } }

    /// Takes what is stored, where nothing is held besides.
    func note(_ record: FuseRecord, for key: Key) { state.withLock { $0.records[key] = record } }

    /// Counts answers; false where there may not be so many.
    func take(_ counts: [SecretID: Int], of agent: AgentID?, at now: Timestamp) -> Bool {
        state.withLock { state in
            var areLeft = true
            for (secret, count) in counts where count > 0 {
                let key = Key(agent: agent, secret: secret)
                var record = state.records[key] ?? FuseRecord(agent: agent)
                if record.left(at: now) < count { areLeft = false }
                record.add(count, at: now)
                state.records[key] = record
                let held = state.held[key]
                state.held[key] = Held(count: min(FuseRecord.limit, (held?.count ?? 0) + count), at: max(now, held?.at ?? now))
            }
            return areLeft
        }
    }

    /// Forgets what was stored; what came meanwhile stays whole: one too many is better than one too few.
    func forget(_ key: Key, _ stored: Held) {
        state.withLock { state in
            if let held = state.held[key], held.count == stored.count, held.at == stored.at { state.held[key] = nil }
        }
    }

    /// Begins anew for an agent, also for those of its runs that go on.
    func reset(_ agent: AgentID?) {
        state.withLock { state in
            state.held = state.held.filter { $0.key.agent != agent }
            for key in state.records.keys where key.agent == agent { state.records[key] = FuseRecord(agent: agent) }
        }
    }
}

extension Lasting {
    /// Counts what is about to be answered about secrets, before it is, and says whether what waits for that may leave: not where one of all the secrets that an
    /// output is searched for has no answer left, whether this output answers one or not. `vault` is nil while it is locked.
    func mayLeave(
        answering counts: [SecretID: Int], about secrets: Set<SecretID>, of agent: AgentID?, in vault: OpenVault?, at now: Timestamp
    ) async -> Bool {
        for secret in secrets where answers.left(.init(agent: agent, secret: secret), at: now) == nil {
            _ = await vault?.answersLeft(about: secret, for: agent)
        }
        let counted = try? await answers.turns.pass { [self] in
            // What is withheld anyway answers nothing.
            guard haveAnswersLeft(secrets, agent, now) else { return false }
            guard !counts.isEmpty else { return true }
            let areLeft = answers.take(counts, of: agent, at: now)
            await vault?.storeAnswers()
            return areLeft && (vault == nil || !counts.keys.contains { answers.holdsAny(.init(agent: agent, secret: $0)) })
        }
        guard counted == true else { return false }
        // With the last answer all that the agent has goes on asking; until it does, nobody sees that answer.
        if !haveAnswersLeft(Set(counts.keys), agent, now) { await vault?.brokers.consult(for: agent) }
        return true
    }

    private func haveAnswersLeft(_ secrets: Set<SecretID>, _ agent: AgentID?, _ now: Timestamp) -> Bool {
        secrets.allSatisfy { (answers.left(.init(agent: agent, secret: $0), at: now) ?? 0) > 0 }
    }
}
