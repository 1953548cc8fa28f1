import Hummingbird
import NIOCore
import NIOHTTP1
import Synchronization

/// Closes a connection on which a request has begun and does not come whole in time.
///
/// A connection on which nothing has begun may be silent: a person thinks, an editor is open.
final class RequestDeadline: Sendable {
    /// How long a request may take from its first byte to its last.
    static let limit = TimeAmount.seconds(60)

    private enum State {
        case silent
        case running(Scheduled<Void>)
        /// The request is whole and its answer is made.
        case met
        /// There is none any more: the connection carries a run, or is closed.
        case lifted
    }

    private let state = Mutex(State.silent)
    private let limit: TimeAmount

    init(limit: TimeAmount) { self.limit = limit }

    /// Bytes came.
    func bytesCame(on channel: any Channel) {
        state.withLock { state in
            guard case .silent = state else { return }
            state = .running(channel.eventLoop.scheduleTask(in: limit) { channel.close(promise: nil) })
        }
    }

    /// The request came whole.
    func met() { end(.met) }

    /// The answer is made: the next request may begin.
    func answered() { end(.silent) }

    /// The connection is beyond deadlines from now on.
    func lift() { end(.lifted) }

    private func end(_ next: State) {
        state.withLock { state in
            switch state {
            case .lifted: return
            case .running(let scheduled): scheduled.cancel()
            case .silent, .met: break
            }
            state = next
        }
    }
}

/// Stands first in a connection's pipeline and sees its bytes; enters the connection in the book.
final class ConnectionWatch: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let deadline: RequestDeadline

    init(deadline: RequestDeadline) { self.deadline = deadline }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        deadline.bytesCame(on: context.channel)
        context.fireChannelRead(data)
    }
}

/// Enters each connection in the book and puts its watch before the HTTP decoder, its guard behind it.
final class ConnectionEntry: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    private let connections: ConnectionBook

    private let requestLimit: TimeAmount

    init(_ connections: ConnectionBook, requestLimit: TimeAmount) {
        self.connections = connections
        self.requestLimit = requestLimit
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let deadline = RequestDeadline(limit: requestLimit)
        connections.opened(context.channel, deadline)
        do {
            let pipeline = context.pipeline.syncOperations
            try pipeline.addHandler(ConnectionWatch(deadline: deadline), position: .first)
            try pipeline.addHandler(TargetGuard(), position: .after(pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)))
        } catch {
            context.close(promise: nil)
        }
    }
}

/// A request's body that tells when its last byte was read.
struct WatchedBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let base: RequestBody
    let deadline: RequestDeadline

    struct AsyncIterator: AsyncIteratorProtocol {
        var base: RequestBody.AsyncIterator
        let deadline: RequestDeadline

        @concurrent mutating func next() async throws -> ByteBuffer? {
            let part = try await base.next()
            if part == nil { deadline.met() }
            return part
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(base: base.makeAsyncIterator(), deadline: deadline) }
}
