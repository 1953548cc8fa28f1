import Brokering
import NIOCore
import NIOHTTP2
import Synchronization

/// The requests of one tunnel: one after the other, or those of streams beside each other.
struct DoorConnection: Sendable {
    let door: Door
    /// Nil on a connection whose requests each say where they go.
    let tunnel: Brokering.Origin?
    /// Whom the handshake in the tunnel was for; nil where that was not said.
    let serverName: String?

    /// Where answers go.
    struct Client: Sendable {
        let writer: NIOAsyncChannelOutboundWriter<AnswerPart>
        /// Its tasks run there, and its requests leave from there where they can.
        let loop: any EventLoop
        let ended: ClientEnd
        /// When nobody reads an answer any more.
        let gone: EventLoopFuture<Void>
        /// Ends the connection, or the stream, whatever is read of it.
        let close: @Sendable () -> Void
    }

    /// Serves until the program, or what it said, ends the connection.
    func serve(_ requests: WaitingRequests) async {
        guard let channel = requests.take() else { return }
        let raw = channel.channel
        try? await channel.executeThenClose { inbound, outbound in
            let client = Client(writer: outbound, loop: raw.eventLoop, ended: ClientEnd(raw.closeFuture), gone: raw.closeFuture) {
                raw.close(promise: nil)
            }
            var parts = RequestParts(inbound)
            while let part = try await parts.next() {
                guard case .head(let head) = part else { return }
                let request: DoorRequest
                do throws(DoorRefusal) { request = try self.request(head, client, at: raw.localAddress?.port) } catch {
                    return try await outbound.refuse(error, to: head)
                }
                guard try await request.serve(&parts), try await parts.skipRest() else { return }
            }
        }
    }

    private func request(_ head: AskedHead, _ client: Client, at port: Int?) throws(DoorRefusal) -> DoorRequest {
        if let tunnel { return self.request(head, client, in: tunnel) }
        guard head.received.target.starts(with: AddressedRequest.prefix.utf8) else { return try absolute(head, client) }
        let addressed = try AddressedRequest(head, at: port, knowing: door.tokens.session)
        return DoorRequest(door: door, origin: addressed.origin, guardian: HeadGuard(tunnel: addressed.origin), head: addressed.head, client: client)
    }

    private func absolute(_ head: AskedHead, _ client: Client) throws(DoorRefusal) -> DoorRequest {
        guard AbsoluteRequest.isOne(head.received) else { throw .notATunnel }
        let request = try AbsoluteRequest(head, knowing: door.credential)
        return DoorRequest(door: door, origin: request.origin, guardian: HeadGuard(tunnel: nil), head: head, client: client)
    }

    private func request(_ head: AskedHead, _ client: Client, in tunnel: Brokering.Origin) -> DoorRequest {
        DoorRequest(door: door, origin: tunnel, guardian: HeadGuard(tunnel: tunnel, serverName: serverName), head: head, client: client)
    }

    /// Serves each stream until the program, or what it said, ends the connection.
    ///
    /// A stream that was reset no longer counts to the protocol; what it began here still does, so that nobody has more begun than may go on at once.
    func serve(_ streams: NIOHTTP2Handler.AsyncStreamMultiplexer<WaitingRequests>, of channel: any Channel) async {
        try? await withThrowingDiscardingTaskGroup { tasks in
            let running = RunningStreams()
            for try await stream in streams.inbound {
                guard running.begin() else { break }
                tasks.addTask {
                    await serve(one: stream)
                    running.end()
                }
            }
            tasks.cancelAll()
            channel.close(promise: nil)
        }
    }

    private func serve(one requests: WaitingRequests) async {
        guard let stream = requests.take() else { return }
        let raw = stream.channel
        try? await stream.executeThenClose { inbound, outbound in
            let client = Client(writer: outbound, loop: raw.eventLoop, ended: ClientEnd(raw.closeFuture), gone: raw.closeFuture) {
                raw.close(promise: nil)
            }
            var parts = RequestParts(inbound)
            guard case .head(let head)? = try await parts.next() else { return }
            guard let tunnel else { return }
            let request = request(head, client, in: tunnel)
            // What waits for the program to take it goes on first: a stream that is closed loses it.
            guard try await request.serve(&parts), try await parts.skipRest() else { return }
            try await raw.closeFuture.get()
        }
    }
}

/// How many streams of a connection have work here.
private final class RunningStreams: Sendable {
    private let count = Mutex(0)

    func begin() -> Bool {
        count.withLock { count in
            count += 1
            return count <= NIOHTTP2Handler.Configuration.mostStreams * 2
        }
    }

    func end() { count.withLock { $0 -= 1 } }
}

/// What comes of the requests of one connection, part by part.
struct RequestParts {
    private var iterator: NIOAsyncChannelInboundStream<AskedPart>.AsyncIterator
    private var isInside = false
    /// How much of a body that nobody wants is read, so that its sender hears why.
    private static let mostSkipped = 1 << 20

    init(_ parts: NIOAsyncChannelInboundStream<AskedPart>) { iterator = parts.makeAsyncIterator() }

    /// Nil at the end of the connection.
    mutating func next() async throws -> AskedPart? {
        let part = try await iterator.next(isolation: #isolation)
        switch part {
        case .head: isInside = true
        case .end, nil: isInside = false
        case .body, .over: break
        }
        return part
    }

    /// Reads what is left of a request; says whether that was all of it.
    mutating func skipRest() async throws -> Bool {
        var skipped = 0
        while isInside, skipped <= Self.mostSkipped, let part = try await next() {
            if case .body(let bytes) = part { skipped += bytes.readableBytes }
        }
        return !isInside
    }
}
