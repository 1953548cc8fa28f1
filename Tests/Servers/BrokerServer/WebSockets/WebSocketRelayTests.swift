import Brokering
import CompressedMembers
import NIOCore
import NIOEmbedded
import Secrets
import Testing

@testable import BrokerServer

/// A WebSocket between two sides that are this test, on a clock of its own.
@Suite(.timeLimit(.minutes(1))) struct WebSocketRelayTests {
    @Test func aProgramThatHasGoneEndsItWhereTheServiceDoesNotRead() async throws {
        let (program, service) = (NIOAsyncTestingChannel(), NIOAsyncTestingChannel())
        service.isWritable = false
        let (writer, written) = NIOAsyncChannelOutboundWriter<AnswerPart>.makeTestingWriter()
        let (inbound, source) = NIOAsyncChannelInboundStream<AskedPart>.makeTestingStream()
        let (stream, tally) = (ServiceStream(on: service, isReused: false), RequestTally())
        let (loop, gone) = (program.testingEventLoop, program.closeFuture)
        let relay = WebSocketRelay(
            stream: stream, broker: BrokerParts(link: KeeperLink(service), values: HeldValues(), upstream: Upstream(), opener: LibraryMembers()),
            tally: tally, client: DoorConnection.Client(writer: writer, loop: loop, ended: ClientEnd(gone), gone: gone) {},
            tokens: HeldTokens(DoorSetup(tokens: [:], credential: "", life: .seconds(60))), origin: try Origin(url: "https://localhost"),
            passesUnscanned: false)
        let passing = Task {
            var parts = RequestParts(inbound)
            try await relay.pass(&parts)
        }
        source.yield(.body(ByteBuffer(bytes: SocketClient.frame(.text, "hello".utf8))))
        while tally.outcome("").bytesSent == 0 { await Task.yield() }
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
