import BrokerServer
import Brokering
import Crypto
import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A service of WebSockets over TLS that answers, greets and replies as a test has it.
final class SocketService: Sendable {
    struct Script: Sendable {
        /// The answer to a request, by its head: agrees unless told otherwise.
        var answer: @Sendable (_ head: String) -> String = { SocketService.agreement(to: $0) }
        /// What is sent as soon as it has agreed, to the credential that came.
        var greeting: @Sendable (_ credential: String) -> [UInt8] = { _ in [] }
        /// What is sent for each thing that comes; the end of a connection for a close frame.
        var reply: @Sendable (FrameReader.Event) -> [UInt8] = { SocketService.echo($0) }
        var closesByItself = true
    }

    let port: Int
    let authorities: String
    private let channel: any Channel
    private let record: Record

    final class Record: Sendable {
        private let state = Mutex((heads: [String](), events: [FrameReader.Event](), refusals: [FrameRefusal]()))
        let connections = ConnectionCount()
        let ended = AsyncStream<Void>.makeStream()

        var heads: [String] { state.withLock(\.heads) }
        var events: [FrameReader.Event] { state.withLock(\.events) }
        var refusals: [FrameRefusal] { state.withLock(\.refusals) }
        func add(_ head: String) { state.withLock { $0.heads.append(head) } }
        func add(_ events: [FrameReader.Event]) { state.withLock { $0.events += events } }
        func add(_ refusal: FrameRefusal) { state.withLock { $0.refusals.append(refusal) } }
    }

    init(_ script: Script) async throws {
        let authority = try SessionAuthority(validity: Validity(from: Date(), lasting: 3600))
        authorities = try authority.rootPEM()
        let (context, record) = (try authority.context(for: .name("localhost")), Record())
        self.record = record
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    record.connections.add()
                    try channel.pipeline.syncOperations.addHandlers(NIOSSLServerHandler(context: context), SocketHandler(script, record))
                }
            }.bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
    }

    var heads: [String] { record.heads }
    /// What came in frames, each message in one piece.
    var events: [FrameReader.Event] { record.events }
    /// Whether something came that no program may send.
    var refusals: [FrameRefusal] { record.refusals }
    var connectionCount: Int { record.connections.value }

    /// Returns once so many connections have ended.
    func ends(_ count: Int = 1) async {
        var left = count
        for await _ in record.ended.stream {
            left -= 1
            if left == 0 { return }
        }
    }

    func end() async throws { try await channel.close() }

    static func field(_ name: String, of head: String) -> String {
        let line = head.components(separatedBy: "\r\n").first { $0.lowercased().hasPrefix(name + ": ") } ?? ""
        return String(line.dropFirst(name.count + 2))
    }

    static func agreement(to head: String, accept: String? = nil, _ more: String = "") -> String {
        let digest = Insecure.SHA1.hash(data: Data((field("sec-websocket-key", of: head) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8))
        let accept = accept ?? Data(digest).base64EncodedString()
        return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: \(accept)\r\n\(more)\r\n"
    }

    static func echo(_ event: FrameReader.Event) -> [UInt8] {
        switch event {
        case .message(let kind, let payload, _): frame(kind, payload)
        case .control(.ping, let payload): frame(.pong, payload)
        case .control(.close, _): Frame.close(1000, mask: nil)
        case .control: []
        }
    }

    static func frame(_ kind: FrameKind, _ payload: some Collection<UInt8>, isLast: Bool = true) -> [UInt8] {
        var bytes: [UInt8] = []
        Frame.write(kind, isLast: isLast, payload, mask: nil, into: &bytes)
        return bytes
    }
}

private final class SocketHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let script: SocketService.Script
    private let record: SocketService.Record
    private var head = ""
    private var reader = FrameReader(of: .program)
    private var message: [UInt8] = []
    private var isOpen = false

    init(_ script: SocketService.Script, _ record: SocketService.Record) { (self.script, self.record) = (script, record) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = Array(buffer: unwrapInboundIn(data))
        guard !isOpen else { return read(bytes, context) }
        head += String(decoding: bytes, as: UTF8.self)
        guard head.hasSuffix("\r\n\r\n") else { return }
        record.add(head)
        isOpen = true
        let answer = Array(script.answer(head).utf8)
        write(answer + script.greeting(SocketService.field("authorization", of: head)), context)
    }

    private func read(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
        var events: [FrameReader.Event] = []
        do throws(FrameRefusal) { try reader.read(bytes, into: &events) } catch { record.add(error) }
        for event in events {
            var whole = event
            if case .message(let kind, let piece, let isLast) = event {
                message += piece
                guard isLast else { continue }
                whole = .message(kind, message, isLast: true)
                message = []
            }
            record.add([whole])
            write(script.reply(whole), context)
            if case .control(.close, _) = whole, script.closesByItself { context.close(promise: nil) }
        }
    }

    private func write(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
        if !bytes.isEmpty { context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) { record.ended.continuation.yield() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
