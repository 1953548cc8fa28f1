import Model
import Synchronization

/// The brokers that keep the tokens of agents' own open, one for each agent, until its last token is over. All of them end with the lock.
final class AgentDoors: Sendable {
    private struct Entry {
        let broker: BrokerBook.Own
        /// When each of its tokens ends, by the time that expiry goes by.
        var ends: [GrantID: Timestamp] = [:]
    }

    /// The most live tokens of one agent's own.
    static let tokensPerAgent = 16

    private let state = Mutex<[SessionHolder: Entry]>([:])
    private let books = Mutex<[SessionHolder: AnswerLabels]>([:])

    private let gates = Mutex<[SessionHolder: Gate]>([:])

    /// One door of an agent is opened at a time, so that two of its tokens share a broker. A broker that does not answer keeps no other agent waiting.
    func gate(of holder: SessionHolder) -> Gate {
        gates.withLock { gates in
            let gate = gates[holder] ?? Gate()
            gates[holder] = gate
            return gate
        }
    }

    /// Which secrets an agent's replies may answer about, whichever of its doors they come through.
    func labels(of holder: SessionHolder) -> AnswerLabels {
        books.withLock { books in
            let labels = books[holder] ?? AnswerLabels()
            books[holder] = labels
            return labels
        }
    }

    /// The broker of an agent that runs; nil where one is to be started. Throws where it would have too many tokens with `count` more.
    func broker(of holder: SessionHolder, adding count: Int = 1, at now: Timestamp) throws -> BrokerBook.Own? {
        try state.withLock { state in
            guard var entry = state[holder], entry.broker.broker.isRunning else {
                try Self.check(count)
                return nil
            }
            entry.ends = entry.ends.filter { $0.value > now }
            try Self.check(entry.ends.count + count)
            state[holder] = entry
            return entry.broker
        }
    }

    private static func check(_ count: Int) throws {
        guard count <= tokensPerAgent else {
            throw EngineError.invalid(
                "you can have \(tokensPerAgent) live tokens, and would have \(count)",
                hint: "use those that you have, or end them with session_sleep {\"what\":\"tokens\"}")
        }
    }

    func add(_ tokens: [GrantID], until end: Timestamp, to broker: BrokerBook.Own, of holder: SessionHolder) {
        state.withLock { state in
            var entry = state[holder].flatMap { $0.broker === broker ? $0 : nil } ?? Entry(broker: broker)
            for token in tokens { entry.ends[token] = end }
            state[holder] = entry
        }
    }

    /// Forgets tokens that nobody was given, and lets go of a broker that has no other.
    func remove(_ tokens: [GrantID], of holder: SessionHolder) {
        let gone = state.withLock { state -> Entry? in
            for token in tokens { state[holder]?.ends[token] = nil }
            return state[holder]?.ends.isEmpty == true ? state.removeValue(forKey: holder) : nil
        }
        gone?.broker.end()
    }

    /// Lets go of the brokers whose tokens are all over, and of those that are meant; the tokens that were still live.
    @discardableResult
    func end(at now: Timestamp, of isMeant: (SessionHolder) -> Bool = { _ in false }) -> [GrantID] {
        let gone = state.withLock { state in
            let gone = state.filter { holder, entry in
                isMeant(holder) || !entry.broker.broker.isRunning || entry.ends.values.allSatisfy { $0 <= now }
            }
            for holder in gone.keys { state[holder] = nil }
            return gone
        }
        for entry in gone.values { entry.broker.end() }
        return gone.values.flatMap { entry in entry.ends.filter { $0.value > now }.map(\.key) }
    }
}
