import Brokering
import Model
import NIOCore
import Redaction
import Secrets

/// Makes one request that the keeper wants made: asks, sends, and reads the reply.
struct ErrandRun: Sendable {
    let id: WorkID
    let errand: Errand
    let broker: BrokerParts
    /// Where it runs, and where its connection does.
    let loop: any EventLoop

    /// The reply, or why there is none. The outcome is told before.
    func run() async -> ControlMessage {
        do throws(BrokerFailure) { return .reply(id, try await perform()) } catch { return .failure(id, error) }
    }

    private func perform() async throws(BrokerFailure) -> ErrandReply {
        var exchange = broker.exchange(SessionTokens(errand.tokens), mayStandInBody: errand.mayStandInBody)
        let wish = try wish(&exchange)
        let (ask, answer) = await broker.link.ask(wish.asked, for: id)
        guard case .allow(let leave) = answer else { throw .refused }
        let tally = RequestTally(ask, of: broker)
        tally.allow(leave.allowance)
        do throws(BrokerFailure) {
            var reply = try await send(&exchange, wish, leave, ReplySealer(leave, of: ask, broker), tally)
            if await !tally.mayLeave() { reply = ErrandReply(status: reply.status, fields: [], body: [], withheld: .fuse) }
            broker.link.tell(.outcome(ask, tally.outcome("done")))
            return reply
        } catch {
            _ = await tally.mayLeave()
            broker.link.tell(.outcome(ask, tally.outcome(error.code)))
            throw error
        }
    }

    /// Lets the exchange judge head and body, up to its question.
    private func wish(_ exchange: inout RequestExchange) throws(BrokerFailure) -> RequestWish {
        var step = exchange.receive(errand.head, judgedBy: HeadGuard(tunnel: errand.origin), allowsEncodedSlash: errand.allowsEncodedSlash)
        if step == .wait, !errand.body.isEmpty { step = exchange.receive(errand.body) }
        if step == .wait { step = exchange.receiveEnd() }
        switch step {
        case .ask(let wish): return wish
        case .stop(let stop): throw .stopped(stop)
        case .wait, .pass: throw .stopped(.unreadableBody)
        }
    }

    private func send(
        _ exchange: inout RequestExchange, _ wish: RequestWish, _ leave: RequestLeave, _ sealer: ReplySealer?, _ tally: RequestTally
    ) async throws(BrokerFailure) -> ErrandReply {
        broker.values.take(leave.releases, to: errand.origin)
        let released = Dictionary(leave.releases.map { ($0.grant, $0.value) }) { first, _ in first }
        let departure: RequestExchange.Departure
        do throws(ExchangeStop) { departure = try exchange.allow(released) } catch { throw .stopped(error) }
        let body = try body(&exchange, departure, wish)
        let departing = DepartingRequest(wish.request, departure.request, to: errand.origin, framing: departure.framing, body: body)
        try tally.sent(body.count)
        return try await within(errand.timeout) {
            try await broker.upstream.exchange(departing, leave, on: loop) { stream in
                stream.send(departing)
                return try await reply(from: stream.exchange, sealedBy: sealer, tally, passing: leave.passesUnscanned)
            }
        }
    }

    /// What goes on of the body: as it was exchanged, or piece by piece.
    private func body(
        _ exchange: inout RequestExchange, _ departure: RequestExchange.Departure, _ wish: RequestWish
    ) throws(BrokerFailure) -> [UInt8] {
        if let body = departure.body { return body }
        var steps = departure.next
        if wish.request.body != .none { steps += [exchange.receive(errand.body), exchange.receiveEnd()] }
        var body: [UInt8] = []
        for step in steps {
            switch step {
            case .pass(let bytes): body += bytes
            case .stop(let stop): throw .stopped(stop)
            case .wait, .ask: continue
            }
        }
        return body
    }

    private func reply(
        from exchange: ServiceExchange, sealedBy sealer: ReplySealer?, _ tally: RequestTally, passing passesUnscanned: Bool
    ) async throws -> ErrandReply {
        let intake = ErrandIntake(keeping: errand.mostBytes, from: errand.origin, broker, tally, passing: passesUnscanned)
        while true {
            guard case .part(let part) = try await exchange.next() else { continue }
            if case .head(let head) = part, let sealer {
                return try intake.take(try await sealer.whole(head, exchange, tally))
            }
            if let reply = try intake.take(part) { return reply }
        }
    }
}

/// Does something within a time; what it was doing is broken off at its end.
func within<Result: Sendable>(
    _ time: Duration, _ body: @escaping @Sendable () async throws -> Result
) async throws(BrokerFailure) -> Result {
    do {
        return try await withThrowingTaskGroup(of: Result.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await Task.sleep(for: time)
                throw BrokerFailure.timeout
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw BrokerFailure.cut }
            return first
        }
    } catch { throw error as? BrokerFailure ?? .cut }
}
