import Model
import Synchronization

/// The brokers of one unlock: one for each agent that asked for a request, and one for each run with fake tokens. All of them end with it, and with them the values that they hold.
final class BrokerBook: Sendable {
    /// The most requests of one agent at once, and the most brokers of processes without a badge, and of all.
    static let requestsPerHolder = 8
    static let limitWithoutBadge = 8
    static let limit = 32
    /// How long one is kept that makes no request.
    static let patience = Duration.seconds(60)

    /// A broker as one request has it. It is good as long as the broker belongs to its agent.
    struct Loan: Sendable {
        let broker: any RunningBroker
        let holder: SessionHolder
        fileprivate let number: UInt64
    }

    private struct Entry {
        let broker: any RunningBroker
        let number: UInt64
        var requests: Int
        /// Since boot.
        var usedAt: Timestamp
    }

    /// A broker of a run, which ends with the run; it ends with a lock, too, and when nobody holds it any more.
    final class Own: Sendable {
        let broker: any RunningBroker
        private let number: UInt64
        private let book: BrokerBook
        /// Held as long as it listens there.
        private let place: (any DoorPlace)?

        fileprivate init(_ broker: any RunningBroker, _ number: UInt64, in book: BrokerBook, at place: (any DoorPlace)?) {
            (self.broker, self.number, self.book, self.place) = (broker, number, book, place)
        }

        deinit { end() }

        func end() {
            book.forget(number)
            broker.end()
        }
    }

    private struct State {
        /// Those of runs.
        var own: [UInt64: (broker: any RunningBroker, holder: SessionHolder)] = [:]
        var entries: [SessionHolder: Entry] = [:]
        var number: UInt64 = 0
        var isClosed = false
    }

    private let supply: any BrokerSupply
    private let state = Mutex(State())
    /// One is started at a time, so that two requests of an agent share one.
    private let starts = Gate()

    init(_ supply: any BrokerSupply) { self.supply = supply }

    /// Starts one for a run of an agent.
    func start(for holder: SessionHolder, at place: (any DoorPlace)?) async throws -> Own {
        let broker = try await supply.start(at: place)
        let number = state.withLock { state -> UInt64? in
            guard !state.isClosed else { return nil }
            state.number += 1
            state.own[state.number] = (broker, holder)
            return state.number
        }
        guard let number else {
            broker.end()
            throw EngineError.locked
        }
        return Own(broker, number, in: self, at: place)
    }

    /// A place for the broker of a run that has no sandbox.
    func place() -> (any DoorPlace)? { supply.place() }

    private func forget(_ number: UInt64) { state.withLock { $0.own[number] = nil } }

    /// Lends the agent's broker to one request; starts one where there is none, or none that runs any more.
    func lend(to holder: SessionHolder, now: Timestamp) async throws -> Loan {
        if let loan = try taken(by: holder, now) { return loan }
        return try await starts.pass { [self] in
            if let loan = try taken(by: holder, now) { return loan }
            return try enter(try await supply.start(at: nil), for: holder, now)
        }
    }

    /// The broker that runs already; nil where one is to be started.
    private func taken(by holder: SessionHolder, _ now: Timestamp) throws -> Loan? {
        try state.withLock { state in
            guard !state.isClosed else { throw EngineError.locked }
            guard var entry = state.entries[holder], entry.broker.isRunning else {
                try Self.checkRoom(for: holder, in: state)
                return nil
            }
            guard entry.requests < Self.requestsPerHolder else { throw EngineError.tooManyRequests }
            entry.requests += 1
            entry.usedAt = now
            state.entries[holder] = entry
            return Loan(broker: entry.broker, holder: holder, number: entry.number)
        }
    }

    private static func checkRoom(for holder: SessionHolder, in state: State) throws {
        let others = state.entries.filter { $0.key != holder && $0.value.broker.isRunning }.keys
        guard others.count < limit, !holder.isProcess || others.count(where: \.isProcess) < limitWithoutBadge else {
            throw EngineError.tooManyRequests
        }
    }

    private func enter(_ broker: any RunningBroker, for holder: SessionHolder, _ now: Timestamp) throws -> Loan {
        let (old, loan) = state.withLock { state -> (Entry?, Loan?) in
            guard !state.isClosed else { return (nil, nil) }
            state.number += 1
            let old = state.entries.updateValue(Entry(broker: broker, number: state.number, requests: 1, usedAt: now), forKey: holder)
            return (old, Loan(broker: broker, holder: holder, number: state.number))
        }
        old?.broker.end()
        // The vault was locked while it was started.
        guard let loan else {
            broker.end()
            throw EngineError.locked
        }
        return loan
    }

    func giveBack(_ loan: Loan, now: Timestamp) {
        state.withLock { state in
            guard var entry = state.entries[loan.holder], entry.number == loan.number else { return }
            entry.requests -= 1
            entry.usedAt = now
            state.entries[loan.holder] = entry
        }
    }

    /// Whether the broker is still its agent's: no lock, no end of the agent's session came since it was lent.
    func holds(_ loan: Loan) -> Bool { state.withLock { !$0.isClosed && $0.entries[loan.holder]?.number == loan.number } }

    /// Ends what goes on with tokens that are over.
    func endRequests(with grants: some Sequence<GrantID>) {
        let brokers = state.withLock { state in state.own.values.map(\.broker) + state.entries.values.map(\.broker) }
        for grant in grants { for broker in brokers { broker.endRequests(with: grant) } }
    }

    /// Has the brokers of an agent, or with nil those of programs without a badge, ask before anything of a reply is seen. When this returns, they do.
    func consult(for agent: AgentID?) async {
        let brokers = state.withLock { state in
            state.own.values.filter { $0.holder.isOf(agent) }.map(\.broker) + state.entries.filter { $0.key.isOf(agent) }.map(\.value.broker)
        }
        await withDiscardingTaskGroup { group in
            for broker in brokers { group.addTask { await broker.consult() } }
        }
    }

    /// Ends brokers, and says how many; those of runs, too, unless they are spared.
    @discardableResult
    func end(sparingRuns: Bool = false, where isMeant: (SessionHolder) -> Bool) -> Int {
        let own = state.withLock { state in
            let own = state.own.filter { !sparingRuns && isMeant($0.value.holder) }
            for number in own.keys { state.own[number] = nil }
            return own
        }
        for (broker, _) in own.values { broker.end() }
        return own.count + end { holder, _ in isMeant(holder) }
    }

    /// Ends those that made no request for a while, and forgets those that ended by themselves.
    func endIdle(now: Timestamp) {
        end { _, entry in !entry.broker.isRunning || entry.requests == 0 && entry.usedAt.advanced(by: Self.patience) <= now }
    }

    /// Ends every one, and lets no other be started.
    func close() {
        let own = state.withLock { state in
            state.isClosed = true
            defer { state.own = [:] }
            return state.own
        }
        for (broker, _) in own.values { broker.end() }
        end { _ in true }
    }

    var isClosed: Bool { state.withLock { $0.isClosed } }

    @discardableResult
    private func end(_ isMeant: (SessionHolder, Entry) -> Bool) -> Int {
        let ended = state.withLock { state in
            let ended = state.entries.filter { isMeant($0.key, $0.value) }
            for holder in ended.keys { state.entries[holder] = nil }
            return ended
        }
        for entry in ended.values { entry.broker.end() }
        return ended.count
    }
}
