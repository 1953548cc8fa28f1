import Brokering
import NIOCore
import NIOHTTP1

/// The requests of one tunnel, one after the other.
struct DoorConnection: Sendable {
    let door: Door
    let tunnel: Brokering.Origin

    /// Where answers go.
    struct Client: Sendable {
        let writer: NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>
        /// Its tasks run there, and its requests leave from there where they can.
        let loop: any EventLoop
        /// Ends the connection, whatever is read of it.
        let close: @Sendable () -> Void
    }

    /// Serves until the program, or what it said, ends the connection.
    func serve(_ channel: NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>) async {
        let raw = channel.channel
        try? await channel.executeThenClose { inbound, outbound in
            let client = Client(writer: outbound, loop: raw.eventLoop) { raw.close(promise: nil) }
            var parts = RequestParts(inbound)
            while let part = try await parts.next() {
                guard case .head(let head) = part else { return }
                let request = DoorRequest(door: door, origin: tunnel, guardian: HeadGuard(tunnel: tunnel), head: head, client: client)
                guard try await request.serve(&parts), try await parts.skipRest() else { return }
            }
        }
    }
}

/// What comes of the requests of one connection, part by part.
struct RequestParts {
    private var iterator: NIOAsyncChannelInboundStream<HTTPServerRequestPart>.AsyncIterator
    private var isInside = false
    /// How much of a body that nobody wants is read, so that its sender hears why.
    private static let mostSkipped = 1 << 20

    init(_ parts: NIOAsyncChannelInboundStream<HTTPServerRequestPart>) { iterator = parts.makeAsyncIterator() }

    /// Nil at the end of the connection.
    mutating func next() async throws -> HTTPServerRequestPart? {
        let part = try await iterator.next(isolation: #isolation)
        switch part {
        case .head: isInside = true
        case .end, nil: isInside = false
        case .body: break
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
