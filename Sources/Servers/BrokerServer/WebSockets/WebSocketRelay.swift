import Brokering
import NIOCore
import Secrets
import Synchronization

/// A WebSocket between a program and a service that have agreed on one: what either sends is read, searched and written anew.
///
/// It is over when one of them leaves, or breaks a rule. Then both are told by a close frame, unless they said that they end themselves.
struct WebSocketRelay: Sendable {
    let stream: ServiceStream
    let broker: BrokerParts
    let tally: RequestTally
    let client: DoorConnection.Client
    let tokens: HeldTokens
    let origin: Brokering.Origin
    let passesUnscanned: Bool

    /// How long a service may take to answer a program's close frame, and to take what came of a program that has gone.
    private static let patience = TimeAmount.seconds(10)
    /// Codes of RFC 6455 §7.4.1.
    private static let (goingAway, policyViolation): (UInt16, UInt16) = (1001, 1008)

    /// Passes frames until it is over; throws what broke a rule, if anything did.
    func pass(_ parts: inout RequestParts) async throws {
        let end = RelayEnd()
        awaitProgram()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await passFromService(end) }
            await passFromProgram(&parts, end)
            stream.abandon()
            stream.exchange.fail(BrokerFailure.cut)
            // Who does not read is not waited for.
            group.cancelAll()
            await group.waitForAll()
        }
        guard let failure = end.failure else { return }
        if !end.hasToldProgram { try await client.writer.write(.body(ByteBuffer(bytes: Frame.close(Self.policyViolation, failure.code, mask: nil)))) }
        throw failure
    }

    private func passFromService(_ end: RelayEnd) async {
        guard let messages = body(), let controls = body() else { return end.note(.reply(.coding)) }
        var pump = FramePump(messages, controls, tally, client.writer)
        do {
            _ = try await stream.exchange.pass(to: &pump, tally)
            try await pump.finish()
            end.note(nil)
        } catch {
            // That it ends answers a guess, perhaps.
            _ = await tally.mayLeave()
            end.note(error as? BrokerFailure ?? .cut)
        }
        pump.conclude()
        if pump.hasClosed { end.noteProgramTold() }
        // Wakes who waits for the program.
        try? await client.writer.write(.end([]))
    }

    private func body() -> ReplyBody? { ReplyBody(.identity, from: origin, broker.values, broker.opener, passing: passesUnscanned) }

    private func passFromProgram(_ parts: inout RequestParts, _ end: RelayEnd) async {
        var passage = MessagePassage(tokens.session) { .random(in: .min ... .max) }
        do { try await passFromProgram(&parts, &passage, end) } catch { end.note(error as? BrokerFailure ?? .cut) }
        end.note(nil)
        if !passage.hasClosed { stream.sendLast(frame: Frame.close(Self.goingAway, mask: .random(in: .min ... .max))) }
    }

    /// Until the program leaves, or it is over.
    private func passFromProgram(_ parts: inout RequestParts, _ passage: inout MessagePassage, _ end: RelayEnd) async throws {
        var generation = 0
        while let part = try await parts.next() {
            if case .over(let refusal?) = part { throw BrokerFailure.stopped(.frames(refusal)) }
            guard case .body(let bytes) = part else { return }
            if broker.values.generation != generation {
                let held = broker.values.needles
                generation = held.generation
                passage.know(held.needles)
            }
            passage.know(tokens.session)
            var frames: [UInt8] = []
            let stop = passage.pass(Array(buffer: bytes), into: &frames)
            if !frames.isEmpty {
                try tally.sent(frames.count)
                try await stream.send(frames: frames)
            }
            if let stop { throw BrokerFailure.stopped(stop) }
            if passage.hasClosed { awaitAnswer(end) }
        }
    }

    /// That a program has gone is seen where more of it is read, and nothing is as long as the service does not take what came before.
    private func awaitProgram() {
        let (exchange, loop) = (stream.exchange, client.loop)
        client.gone.whenComplete { _ in loop.scheduleTask(in: Self.patience) { exchange.fail(BrokerFailure.cut) } }
    }

    /// A service that does not answer a close frame is not waited for.
    private func awaitAnswer(_ end: RelayEnd) {
        guard end.close() else { return }
        let exchange = stream.exchange
        client.loop.scheduleTask(in: Self.patience) { exchange.fail(BrokerFailure.cut) }
    }
}

/// How a WebSocket ended: the first that ends it says so.
private final class RelayEnd: Sendable {
    private struct State {
        var isOver = false
        var failure: BrokerFailure?
        var isClosing = false
        var hasToldProgram = false
    }

    private let state = Mutex(State())

    var failure: BrokerFailure? { state.withLock(\.failure) }
    /// Whether the program got a close frame.
    var hasToldProgram: Bool { state.withLock(\.hasToldProgram) }

    func noteProgramTold() { state.withLock { $0.hasToldProgram = true } }

    /// Says whether the program closes for the first time. A connection that ends then is no failure.
    func close() -> Bool {
        state.withLock { state in
            defer { state.isClosing = true }
            return !state.isClosing
        }
    }

    func note(_ failure: BrokerFailure?) {
        state.withLock { state in
            guard !state.isOver else { return }
            state.isOver = true
            state.failure = state.isClosing && failure == .cut ? nil : failure
        }
    }
}
