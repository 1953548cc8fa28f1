import Brokering
import HTTPTypes
import Model
import NIOCore
import Secrets
import Synchronization

/// One request of a program: judged, asked about, sent with values in the place of tokens, and answered with tokens in the place of values.
struct DoorRequest: Sendable {
    let door: Door
    let origin: Brokering.Origin
    let guardian: HeadGuard
    let head: AskedHead
    let client: DoorConnection.Client

    /// A request that may leave, by the question that was asked about it.
    struct Allowed: Sendable {
        let asked: AskedRequest
        let ask: AskID
        let leave: RequestLeave
    }

    private var broker: BrokerParts { door.broker }

    /// Says whether another request may follow on the connection.
    func serve(_ parts: inout RequestParts) async throws -> Bool {
        let tokens = door.tokens.session
        var exchange = broker.exchange(tokens, mayStandInBody: door.mayStandInBody(to: origin), takesUnpacked: true)
        let body = RequestBody(broker.opener)
        let wish: RequestWish
        switch try await question(&exchange, body, &parts) {
        case .ask(let asked): wish = asked
        case .stop(let stop):
            await note(stop)
            return try await refuse(.stopped(stop))
        case .wait, .pass: return false
        }
        let first: Allowed
        switch try await answer(to: wish, &exchange, body, &parts) {
        case .allow(let allowed): first = allowed
        case .refuse(let failure, let denial): return try await refuse(failure, denial)
        case .nobody: return false
        }
        let again = exchange
        do {
            return try await sent(&exchange, body, wish, first, &parts, renewing: first.leave.isRenewable ? renewal(of: first) : nil)
        } catch let renewed as RenewedRequest {
            // Nothing has to come from the program: what was read of it is sent again, and once only.
            exchange = again
            return try await sent(&exchange, body, wish, renewed.allowed, &parts, renewing: nil)
        }
    }

    /// Asks the keeper for the credential that is good now, of a request that was sent with one that is not.
    private func renewal(of allowed: Allowed) -> Renewal {
        let (link, door) = (broker.link, door.id)
        return {
            var asked = allowed.asked
            asked.rejected = allowed.leave.entry
            let (ask, answer) = await link.ask(asked, for: door)
            guard case .allow(let leave) = answer else { return nil }
            return Allowed(asked: asked, ask: ask, leave: leave)
        }
    }

    /// Sends an allowed request and passes its reply on; says whether another may follow.
    private func sent(
        _ exchange: inout RequestExchange, _ body: RequestBody, _ wish: RequestWish, _ allowed: Allowed, _ parts: inout RequestParts,
        renewing renew: Renewal?
    ) async throws -> Bool {
        let (ask, tally) = (allowed.ask, RequestTally(allowed.ask, of: broker))
        tally.allow(allowed.leave.allowance)
        do {
            let mayFollow = try await send(&exchange, body, wish, allowed, &parts, tally, renewing: renew)
            broker.link.tell(.outcome(ask, tally.outcome("done")))
            return mayFollow && head.keepsAlive
        } catch let renewed as RenewedRequest {
            broker.link.tell(.outcome(ask, tally.outcome("done")))
            throw renewed
        } catch {
            let failure = error as? BrokerFailure ?? .cut
            if case .stopped(let stop) = failure, stop.misusedGrant != nil { await note(stop) }
            broker.link.tell(.outcome(ask, tally.outcome(failure.code)))
            // What was begun cannot be taken back: that the connection ends tells that it is not whole.
            if !tally.hasBegun { _ = try await refuse(failure) }
            return false
        }
    }

    private func note(_ stop: ExchangeStop) async {
        if case .egress = stop {
            let name = origin.host.description
            let isShown = EgressWatch.name(in: Array(name.utf8), broker.values.needles.needles) == nil
            let asked = AskedRequest(
                scheme: origin.scheme.rawValue, host: isShown ? name : "…", port: Int(origin.port), method: head.received.method, path: "/", uses: [])
            return await broker.link.send(.egress(door.id, asked.withoutTarget))
        }
        guard let grant = stop.misusedGrant else { return }
        await broker.link.send(.misuse(door.id, grant, code: stop.code))
    }

    private func refuse(_ failure: BrokerFailure, _ denial: RequestDenial? = nil) async throws -> Bool {
        try await client.writer.refuse(failure, denial, to: head)
        return head.keepsAlive
    }

    /// Lets the exchange judge the head, and as much of the body as it wants, up to its question.
    private func question(_ exchange: inout RequestExchange, _ body: RequestBody, _ parts: inout RequestParts) async throws -> RequestExchange.Step {
        // Whether a path may have an encoded slash is the rule's word, which is asked next.
        try await settled(exchange.receive(head.received, judgedBy: guardian, allowsEncodedSlash: true), &exchange, body, &parts)
    }

    /// Takes of the body what the exchange waits for.
    private func settled(
        _ first: RequestExchange.Step, _ exchange: inout RequestExchange, _ body: RequestBody, _ parts: inout RequestParts
    ) async throws -> RequestExchange.Step {
        var step = first
        if step == .wait, head.waitsToSend { try await client.writer.write(.goOn) }
        while step == .wait {
            guard let part = try await parts.next() else { return .wait }
            step = exchange.receive(part, body)
            // A body that was read whole goes on with its length, and nothing can stand behind it.
            if case .end(let fields) = part { do throws(RefusedTrailers) { _ = try trailers(fields) } catch { return .stop(error.stop) } }
        }
        return step
    }

    /// What is said to a wish.
    private enum Answer {
        case allow(Allowed)
        case refuse(BrokerFailure, RequestDenial?)
        /// The program has gone.
        case nobody
    }

    /// Asks the keeper; where a person is to be asked, or all of it is judged, once more with all of the request.
    private func answer(
        to wish: RequestWish, _ exchange: inout RequestExchange, _ body: RequestBody, _ parts: inout RequestParts
    ) async throws -> Answer {
        var asked = wish.asked
        switch await broker.link.ask(asked, for: door.id) {
        case (let ask, .allow(let leave)): return .allow(Allowed(asked: asked, ask: ask, leave: leave))
        case (_, .refuse(let denial)): return .refuse(.refused, denial)
        case (_, .describe): break
        }
        switch try await settled(exchange.awaitBody(), &exchange, body, &parts) {
        case .stop(let stop): return await stopped(stop)
        case .wait, .pass: return .nobody
        case .ask: do throws(ExchangeStop) { asked.content = try exchange.content() } catch { return await stopped(error) }
        }
        switch await broker.link.ask(asked, for: door.id, leftBy: client.gone) {
        case (let ask, .allow(let leave)): return .allow(Allowed(asked: asked, ask: ask, leave: leave))
        case (_, .refuse(let denial)): return .refuse(.refused, denial)
        case (_, .describe): return .refuse(.refused, nil)
        }
    }

    private func stopped(_ stop: ExchangeStop) async -> Answer {
        await note(stop)
        return .refuse(.stopped(stop), nil)
    }

    private func send(
        _ exchange: inout RequestExchange, _ body: RequestBody, _ wish: RequestWish, _ allowed: Allowed, _ parts: inout RequestParts,
        _ tally: RequestTally, renewing renew: Renewal?
    ) async throws -> Bool {
        let leave = allowed.leave
        broker.values.take(leave.releases, standingIn: door.tokens.standIns, to: origin)
        let released = Dictionary(leave.releases.map { ($0.grant, $0.value) }) { first, _ in first }
        let departure: RequestExchange.Departure
        do throws(ExchangeStop) { departure = try exchange.allow(released) } catch { throw BrokerFailure.stopped(error) }
        if let signature = departure.signature { broker.values.take(signature: signature) }
        let reply = DoorReply(wish.request, broker, tally, client, by: head.version, passing: leave.passesUnscanned)
        let sealer = ReplySealer(leave, of: allowed.ask, broker, door.tokens)
        let departing = DepartingRequest(wish.request, departure, to: origin)
        if departing.isWhole { try tally.sent(departing.body?.count ?? 0) }
        return try await broker.upstream.exchange(departing, leave, on: client.loop) { stream in
            client.ended.begin(stream.exchange)
            defer { client.ended.finish() }
            try broker.ongoing.begin(stream.exchange, with: Set(released.keys))
            defer { broker.ongoing.finish(stream.exchange) }
            stream.send(departing)
            guard !departing.isWhole else {
                tally.sentAll()
                // With a body it goes again all the same: nothing was done with what came without a credential.
                let mayGoAgain = departing.body != nil || departing.isReplayable
                let kind = try await reply.pass(stream.exchange, sealedBy: sealer, renewing: mayGoAgain ? renew : nil)
                guard kind == .webSocket, try await parts.skipRest() else { return true }
                // From here on a program that goes away ends it as one does that says so.
                client.ended.finish()
                let relay = WebSocketRelay(
                    stream: stream, broker: broker, tally: tally, client: client, tokens: door.tokens, origin: origin,
                    passesUnscanned: leave.passesUnscanned)
                try await relay.pass(&parts)
                return false
            }
            let failed = FirstError()
            return try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    do { _ = try await reply.pass(stream.exchange, sealedBy: sealer) } catch {
                        failed.note(error)
                        await tell(error, tally)
                        throw error
                    }
                }
                do { try await upload(&exchange, body, departure.next, &parts, stream, tally) } catch {
                    // That no more came of the body is for this reason, if there is one.
                    throw (error as? BrokerFailure ?? .cut) == .cut ? failed.error ?? error : error
                }
                try await group.waitForAll()
                return tally.hasSentAll
            }
        }
    }

    /// Tells a program that still sends its body that it has no reply, and lets it send no more. Where the request itself ended, that says why.
    private func tell(_ error: any Error, _ tally: RequestTally) async {
        guard !tally.hasSentAll, !(error is CancellationError) else { return }
        if !tally.hasBegun {
            tally.begin()
            _ = try? await refuse(error as? BrokerFailure ?? .cut)
        }
        client.close()
    }

    /// Sends the body as it comes; a service that does not want it any more answers all the same.
    private func upload(
        _ exchange: inout RequestExchange, _ body: RequestBody, _ first: [RequestExchange.Step], _ parts: inout RequestParts,
        _ stream: ServiceStream, _ tally: RequestTally
    ) async throws {
        var steps = first
        var behind = HTTPFields()
        while true {
            for step in steps {
                if case .stop(let stop) = step { throw BrokerFailure.stopped(stop) }
                guard case .pass(let bytes) = step else { continue }
                try tally.sent(bytes.count)
                do { try await stream.send(bytes) } catch { return }
            }
            if exchange.hasEnded { break }
            guard let part = try await parts.next() else { throw BrokerFailure.cut }
            if case .end(let fields) = part {
                do throws(RefusedTrailers) { behind = try trailers(fields) } catch { throw BrokerFailure.stopped(error.stop) }
            }
            steps = [exchange.receive(part, body)]
        }
        stream.sendEnd(behind)
        tally.sentAll()
    }

    /// The fields behind a body, judged as those before it are. No token has its place there.
    private func trailers(_ fields: [ReceivedHead.Field]) throws(RefusedTrailers) -> HTTPFields {
        if let stray = door.tokens.session.sightings(inTarget: [], fields: fields.map { ($0.name, $0.value) }).first {
            throw RefusedTrailers(stop: .stray(stray.grant))
        }
        let text = fields.flatMap { Array("\n\($0.name): ".utf8) + $0.value }
        if !text.isEmpty, broker.values.generation > 0, let name = EgressWatch.name(in: text, broker.values.needles.needles) {
            throw RefusedTrailers(stop: .egress(Egress(name: name, bytesSent: 0)))
        }
        switch HeadGuard.verdict(onTrailers: fields, overHTTP2: head.isHTTP2) {
        case .accepted(let fields): return fields
        case .refused(let refusal): throw RefusedTrailers(stop: .ambiguous(refusal))
        }
    }
}

extension RequestExchange {
    fileprivate mutating func receive(_ part: AskedPart, _ body: RequestBody) -> Step {
        switch part {
        case .head, .over: return .stop(.unreadableBody)
        case .body(let bytes):
            guard isUnpacked else { return receive(Array(buffer: bytes)) }
            return body.unpacked(Array(buffer: bytes)).map { receive($0) } ?? .stop(.unreadableBody)
        case .end: return isUnpacked && !body.isWhole() ? .stop(.unreadableBody) : receiveEnd()
        }
    }
}

/// Why a reply failed while its request still went on.
private final class FirstError: Sendable {
    private let state = Mutex<(any Error)?>(nil)

    var error: (any Error)? { state.withLock { $0 } }
    func note(_ error: any Error) { state.withLock { $0 = $0 ?? error } }
}

private struct RefusedTrailers: Error { let stop: ExchangeStop }
