import Brokering
import CompressedMembers
import NIOCore
import NIOEmbedded
import Secrets
import Testing

@testable import BrokerServer

/// A WebSocket between two sides that are this test, on a clock of its own.
@Suite(.timeLimit(.minutes(1))) struct WebSocketRelayTests {
    private let program = NIOAsyncTestingChannel()
    private let service = NIOAsyncTestingChannel()
    private let written = NIOAsyncChannelOutboundWriter<AnswerPart>.makeTestingWriter()
    private let tally = RequestTally()

    /// A WebSocket over which a program has sent a message to a service that reads nothing.
    private func begun() async throws -> (stream: ServiceStream, passing: Task<Void, any Error>) {
        service.isWritable = false
        let (inbound, source) = NIOAsyncChannelInboundStream<AskedPart>.makeTestingStream()
        let (stream, gone) = (ServiceStream(on: service, isReused: false), program.closeFuture)
        let client = DoorConnection.Client(writer: written.0, loop: program.testingEventLoop, ended: ClientEnd(gone), gone: gone) {}
        let relay = WebSocketRelay(
            stream: stream, broker: BrokerParts(link: KeeperLink(service), values: HeldValues(), upstream: Upstream(), opener: LibraryMembers()),
            tally: tally, client: client, tokens: HeldTokens(DoorSetup(tokens: [:], credential: "", life: .seconds(60))),
            origin: try Origin(url: "https://localhost"), passesUnscanned: false)
        let passing = Task {
            var parts = RequestParts(inbound)
            try await relay.pass(&parts)
        }
        source.yield(.body(ByteBuffer(bytes: SocketClient.frame(.text, "hello".utf8))))
        while tally.outcome("").bytesSent == 0 { await Task.yield() }
        return (stream, passing)
    }

    /// That the program has gone is hidden where it left more unread than its buffers hold.
    @Test func aServiceThatTakesNothingIsNotWaitedForToTheEnd() async throws {
        let (stream, passing) = try await begun()
        await service.testingEventLoop.advanceTime(by: .minutes(9))
        #expect(!stream.exchange.isOver)
        while !stream.exchange.isOver {
            await service.testingEventLoop.advanceTime(by: .minutes(1))
            await Task.yield()
        }
        await #expect(throws: BrokerFailure.timeout) { try await passing.value }
        withExtendedLifetime(written) {}
    }

    @Test func aProgramThatHasGoneEndsItWhereTheServiceDoesNotRead() async throws {
        let (stream, passing) = try await begun()
        let loop = program.testingEventLoop
        await loop.advanceTime(by: .minutes(5))
        #expect(!stream.exchange.isOver)
        // What else it sent stays unread, and so does that it has gone.
        try await program.close()
        await loop.advanceTime(by: .seconds(9))
        #expect(!stream.exchange.isOver)
        await loop.advanceTime(by: .seconds(1))
        #expect(stream.exchange.isOver)
        stream.exchange.fail(BrokerFailure.cut)
        await #expect(throws: BrokerFailure.cut) { try await passing.value }
        withExtendedLifetime(written) {}
    }
}
