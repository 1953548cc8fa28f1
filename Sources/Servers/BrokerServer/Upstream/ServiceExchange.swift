import NIOCore
import Secrets
import Synchronization

/// One request and its reply between a task and the connection: parts wait here until they are taken, and when too many wait, nothing is read.
final class ServiceExchange: Sendable {
    /// What is to be taken next.
    enum Event: Sendable {
        case part(ReplyPart)
        /// Nothing came for the time that was asked for.
        case pause
    }

    /// How much may wait before nothing is read any more, and how little before it is read on.
    private static let amounts = (most: 256 << 10, least: 64 << 10)
    /// What a part costs besides its bytes.
    private static let partCost = 128

    private struct State {
        var parts = CircularBuffer<ReplyPart>()
        var amount = 0
        var end: (any Error)?
        var hasEnded = false
        var isReadHeld = false
        var taker: CheckedContinuation<Event, any Error>?
        /// When the wait is a pause; nil for one that may last.
        var pause: NIODeadline?
        /// Whether a timer runs: there is one at a time, which looks when it is due again.
        var isTimed = false
        var writer: CheckedContinuation<Void, Never>?

        mutating func takeWriter() -> CheckedContinuation<Void, Never>? {
            defer { writer = nil }
            return writer
        }
    }

    private let state = Mutex(State())
    private let channel: any Channel
    /// Whether the connection served another request before.
    let isReused: Bool

    init(on channel: any Channel, isReused: Bool) { (self.channel, self.isReused) = (channel, isReused) }

    // From the connection

    func push(_ part: ReplyPart) {
        let (taker, writer) = state.withLock { state -> (CheckedContinuation<Event, any Error>?, CheckedContinuation<Void, Never>?) in
            guard state.end == nil else { return (nil, nil) }
            var writer: CheckedContinuation<Void, Never>?
            if case .end = part {
                state.hasEnded = true
                writer = state.takeWriter()
            }
            guard let taker = state.taker else {
                state.parts.append(part)
                state.amount += Self.cost(of: part)
                return (nil, writer)
            }
            state.taker = nil
            return (taker, writer)
        }
        taker?.resume(returning: .part(part))
        writer?.resume()
    }

    func fail(_ error: any Error) {
        let (taker, writer) = state.withLock { state -> (CheckedContinuation<Event, any Error>?, CheckedContinuation<Void, Never>?) in
            guard state.end == nil, !state.hasEnded else { return (nil, nil) }
            state.end = error
            defer { state.taker = nil }
            return (state.taker, state.takeWriter())
        }
        taker?.resume(throwing: error)
        writer?.resume()
    }

    func becameWritable() { state.withLock { $0.takeWriter() }?.resume() }

    /// Whether the connection may be read on; if not, it is when there is room.
    func mayRead() -> Bool {
        state.withLock { state in
            state.isReadHeld = state.amount > Self.amounts.most
            return !state.isReadHeld
        }
    }

    private static func cost(of part: ReplyPart) -> Int {
        if case .body(let bytes) = part { partCost + bytes.readableBytes } else { partCost }
    }

    // From the task

    /// What is there already.
    func ready() -> ReplyPart? {
        let (part, reads) = state.withLock { state -> (ReplyPart?, Bool) in
            guard let part = state.parts.popFirst() else { return (nil, false) }
            state.amount -= Self.cost(of: part)
            guard state.isReadHeld, state.amount <= Self.amounts.least else { return (part, false) }
            state.isReadHeld = false
            return (part, true)
        }
        if reads { channel.read() }
        return part
    }

    /// The next part, or that none came for a time.
    func next(within time: TimeAmount? = nil) async throws -> Event {
        if let part = ready() { return .part(part) }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { wait($0, time) }
        } onCancel: {
            fail(CancellationError())
        }
    }

    private func wait(_ taker: CheckedContinuation<Event, any Error>, _ time: TimeAmount?) {
        let pause = time.map { NIODeadline.now() + $0 }
        let (now, isToBeTimed) = state.withLock { state -> (Result<Event, any Error>?, Bool) in
            if let part = state.parts.popFirst() {
                state.amount -= Self.cost(of: part)
                return (.success(.part(part)), false)
            }
            if let end = state.end { return (.failure(end), false) }
            guard !state.hasEnded else { return (.failure(BrokerFailure.cut), false) }
            (state.taker, state.pause) = (taker, pause)
            guard pause != nil, !state.isTimed else { return (nil, false) }
            state.isTimed = true
            return (nil, true)
        }
        if let now { taker.resume(with: now) }
        if isToBeTimed, let pause { look(at: pause) }
    }

    private func look(at time: NIODeadline) {
        channel.eventLoop.scheduleTask(deadline: time) { [self] in
            let (taker, next) = state.withLock { state -> (CheckedContinuation<Event, any Error>?, NIODeadline?) in
                guard state.taker != nil, let pause = state.pause else {
                    state.isTimed = false
                    return (nil, nil)
                }
                guard pause <= .now() else { return (nil, pause) }
                state.isTimed = false
                defer { state.taker = nil }
                return (state.taker, nil)
            }
            taker?.resume(returning: .pause)
            if let next { look(at: next) }
        }
    }

    /// Returns once the connection takes more, or will never.
    func waitToWrite() async {
        await withCheckedContinuation { writer in
            let waits = state.withLock { state in
                guard state.end == nil, !state.hasEnded else { return false }
                state.writer = writer
                return true
            }
            if !waits { return writer.resume() }
            if channel.isWritable { becameWritable() }
        }
    }

    /// Whether nothing of the request is wanted any more.
    var isOver: Bool { state.withLock { $0.hasEnded || $0.end != nil } }
    /// Why it ended before its end.
    var failure: (any Error)? { state.withLock(\.end) }
    /// Whether the reply came to its end.
    var hasEnded: Bool { state.withLock(\.hasEnded) }
}
