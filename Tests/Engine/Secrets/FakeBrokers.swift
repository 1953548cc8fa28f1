import Brokering
import Model
import Policies
import Synchronization

@testable import Secrets

/// Plays the broker: asks the judge as the real one does, takes what it is given, and answers what the test says.
final class FakeBrokers: BrokerSupply {
    struct Script: Sendable {
        /// What is asked in place of the errand's own request.
        var asks: (@Sendable (AskedRequest) -> AskedRequest)?
        /// Runs before the judge is asked.
        var before: (@Sendable () async throws -> Void)?
        /// Runs once the request was allowed.
        var after: (@Sendable () async throws -> Void)?
        /// Has something of the reply sealed, by the entry of its request.
        var seals: (@Sendable (any RequestJudge, Int64) async -> Void)?
        /// How often the judge is asked.
        var times = 1
        var failure: BrokerFailure?
        /// Runs while one is started, and while a door of it is opened.
        var starting: (@Sendable () async throws -> Void)?
        var opening: (@Sendable () async throws -> Void)?
        /// Whether none comes up until this is no longer so.
        var isHeld = false
        var isUnavailable = false
        var reply = ErrandReply(status: 200, fields: [("content-type", "text/plain")], body: Array("hello".utf8))
        var outcome: RequestOutcome? = RequestOutcome(result: "done", status: 200, bytesSent: 10, bytesReceived: 5, duration: .milliseconds(7))
    }

    private struct State {
        var script = Script()
        var started = 0
        var errands: [Errand] = []
        var leaves: [RequestLeave] = []
        var brokers: [FakeBroker] = []
        var doors: [Door] = []
        var ended: [GrantID] = []
        var consulted = 0
    }

    /// A door that was opened, and who judges what comes in by it.
    struct Door: Sendable {
        var setup: DoorSetup
        var judge: any RequestJudge
    }

    private let state = Mutex(State())

    var started: Int { state.withLock { $0.started } }
    var errands: [Errand] { state.withLock { $0.errands } }
    /// What was released, in order.
    var leaves: [RequestLeave] { state.withLock { $0.leaves } }
    var doors: [Door] { state.withLock { $0.doors } }
    /// How many were told to ask before anything of a reply is seen.
    var consulted: Int { state.withLock { $0.consulted } }
    fileprivate func consult() { state.withLock { $0.consulted += 1 } }

    /// The grants whose requests were ended.
    var ended: [GrantID] { state.withLock { $0.ended } }
    var running: Int { state.withLock { $0.brokers.count(where: \.isRunning) } }
    func play(_ change: (inout Script) -> Void) { state.withLock { change(&$0.script) } }
    func killAll() { for broker in state.withLock({ $0.brokers }) { broker.end() } }

    func start(at place: (any DoorPlace)?) async throws -> any RunningBroker {
        while state.withLock({ $0.script.isHeld }) { await Task.yield() }
        try await state.withLock(\.script).starting?()
        return try state.withLock { state in
            if state.script.isUnavailable { throw BrokerFailure.unavailable }
            state.started += 1
            let broker = FakeBroker(self)
            state.brokers.append(broker)
            return broker
        }
    }

    fileprivate func perform(_ errand: Errand, _ judge: any RequestJudge, _ broker: FakeBroker) async throws -> ErrandReply {
        let script = state.withLock { state in
            state.errands.append(errand)
            return state.script
        }
        try await script.before?()
        guard broker.isRunning else { throw BrokerFailure.unavailable }
        let own = try Self.asked(errand)
        var entry: Int64 = -1
        for _ in 0..<script.times {
            guard case .allow(let leave) = await judge.judge(script.asks?(own) ?? own) else { throw BrokerFailure.refused }
            state.withLock { $0.leaves.append(leave) }
            entry = leave.entry
        }
        try await script.after?()
        guard broker.isRunning else { throw BrokerFailure.unavailable }
        await script.seals?(judge, entry)
        if let outcome = script.outcome { await judge.conclude(outcome, of: entry) }
        if let failure = script.failure { throw failure }
        return script.reply
    }

    fileprivate func open(_ setup: DoorSetup, _ judge: any RequestJudge) async throws -> OpenDoor {
        try await state.withLock(\.script).opening?()
        state.withLock { $0.doors.append(Door(setup: setup, judge: judge)) }
        return OpenDoor(port: 4711, authority: "the run's own")
    }

    fileprivate func end(_ grant: GrantID) { state.withLock { $0.ended.append(grant) } }

    /// Reads the errand as any request is read: the head is judged, tokens are looked for in it.
    private static func asked(_ errand: Errand) throws -> AskedRequest {
        var exchange = RequestExchange(
            SessionTokens(errand.tokens), mayStandInBody: errand.mayStandInBody, clock: { Timestamp(nanoseconds: 0) }, values: { nil })
        let guardian = HeadGuard(tunnel: errand.origin)
        var step = exchange.receive(errand.head, judgedBy: guardian, allowsEncodedSlash: errand.allowsEncodedSlash)
        if case .wait = step {
            if !errand.body.isEmpty { step = exchange.receive(errand.body) }
            step = exchange.receiveEnd()
        }
        switch step {
        case .ask(let wish): return wish.asked
        case .stop(let stop): throw BrokerFailure.stopped(stop)
        case .wait, .pass: throw BrokerFailure.unavailable
        }
    }
}

private final class FakeBroker: RunningBroker {
    private let brokers: FakeBrokers
    private let hasEnded = Flag(false)

    init(_ brokers: FakeBrokers) { self.brokers = brokers }

    var isRunning: Bool { !hasEnded.isSet }
    func end() { hasEnded.set() }
    func endRequests(with grant: GrantID) { brokers.end(grant) }
    func consult() async { brokers.consult() }

    func perform(_ errand: Errand, judgedBy judge: any RequestJudge) async throws -> ErrandReply {
        try await brokers.perform(errand, judge, self)
    }

    func open(_ setup: DoorSetup, judgedBy judge: any RequestJudge) async throws -> OpenDoor { try await brokers.open(setup, judge) }
}
