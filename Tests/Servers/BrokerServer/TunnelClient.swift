import Brokering
import Foundation
import Model
import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOPosix
import NIOSSL
import Secrets

/// A program that speaks HTTP/2 through a door, and says whatever a test has it say.
struct TunnelClient: Sendable {
    let channel: any Channel
    private let streams: NIOHTTP2Handler.StreamMultiplexer

    struct Reply: Sendable {
        var fields: [(name: String, value: String)] = []
        var body: [UInt8] = []
        var trailers: [(name: String, value: String)] = []
        /// Whether the stream ended as a reply does.
        var isWhole = false

        var status: String? { self[":status"] }
        subscript(_ name: String) -> String? { fields.first { $0.name == name }?.value }
        var text: String { String(decoding: body, as: UTF8.self) }
    }

    init(_ scene: DoorScene) async throws {
        let root = try NIOSSLCertificate.fromPEMBytes(Array(scene.door.authority.utf8))
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates(root)
        configuration.applicationProtocols = ["h2"]
        let context = try NIOSSLContext(configuration: configuration)
        let target = "localhost:\(scene.service.port)"
        let credential = Data("tacit:\(scene.credential)".utf8).base64EncodedString()
        let opened = MultiThreadedEventLoopGroup.singleton.any().makePromise(of: NIOHTTP2Handler.StreamMultiplexer.self)
        channel = try await ClientBootstrap(group: opened.futureResult.eventLoop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        TunnelOpening("CONNECT \(target) HTTP/1.1\r\nHost: \(target)\r\nProxy-Authorization: Basic \(credential)\r\n\r\n", opened) {
                            try Self.speak(channel, context)
                        })
                }
            }
            .connect(host: "127.0.0.1", port: scene.door.port).get()
        streams = try await opened.futureResult.get()
    }

    private static func speak(_ channel: any Channel, _ context: NIOSSLContext) throws -> NIOHTTP2Handler.StreamMultiplexer {
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(NIOSSLClientHandler(context: context, serverHostname: "localhost"))
        var connection = NIOHTTP2Handler.ConnectionConfiguration()
        (connection.headerBlockValidation, connection.contentLengthValidation) = (.disabled, .disabled)
        return try pipeline.configureHTTP2Pipeline(mode: .client, connectionConfiguration: connection, streamConfiguration: .init()) { stream in
            stream.eventLoop.makeSucceededVoidFuture()
        }
    }

    /// Sends a request in frames of its pieces; what came of it by the time that its stream ended.
    func ask(_ head: HPACKHeaders, pieces: [String] = [], trailers: HPACKHeaders? = nil) async throws -> Reply {
        let reply = channel.eventLoop.makePromise(of: Reply.self)
        let stream = try await streams.createStreamChannel { stream in
            stream.eventLoop.makeCompletedFuture { try stream.pipeline.syncOperations.addHandler(ReplyCollector(reply)) }
        }.get()
        stream.write(HTTP2Frame.FramePayload.headers(.init(headers: head, endStream: pieces.isEmpty && trailers == nil)), promise: nil)
        for (index, piece) in pieces.enumerated() {
            let isLast = index == pieces.count - 1 && trailers == nil
            stream.write(HTTP2Frame.FramePayload.data(.init(data: .byteBuffer(ByteBuffer(string: piece)), endStream: isLast)), promise: nil)
        }
        if let trailers { stream.write(HTTP2Frame.FramePayload.headers(.init(headers: trailers, endStream: true)), promise: nil) }
        stream.flush()
        return try await reply.futureResult.get()
    }

    /// Begins a request and takes it back at once.
    func beginAndReset(_ head: HPACKHeaders) {
        streams.createStreamChannel { $0.eventLoop.makeSucceededVoidFuture() }.whenSuccess { stream in
            stream.writeAndFlush(HTTP2Frame.FramePayload.headers(.init(headers: head))).whenComplete { _ in stream.close(promise: nil) }
        }
    }

    func end() async { try? await channel.close() }
}

/// Asks for the tunnel, and has something spoken behind the answer.
final class TunnelOpening<Opened: Sendable>: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let request: String
    private let opened: EventLoopPromise<Opened>
    private let speak: () throws -> Opened
    private var text = ""

    init(_ request: String, _ opened: EventLoopPromise<Opened>, _ speak: @escaping () throws -> Opened) {
        (self.request, self.opened, self.speak) = (request, opened, speak)
    }

    func channelActive(context: ChannelHandlerContext) { context.writeAndFlush(NIOAny(ByteBuffer(string: request)), promise: nil) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        text += String(buffer: unwrapInboundIn(data))
        guard text.hasSuffix("\r\n\r\n") else { return }
        guard text.hasPrefix("HTTP/1.1 200 ") else { return opened.fail(ChannelError.eof) }
        do { opened.succeed(try speak()) } catch { opened.fail(error) }
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { opened.fail(ChannelError.eof) }
}

private final class ReplyCollector: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame.FramePayload

    private let promise: EventLoopPromise<TunnelClient.Reply>
    private var reply = TunnelClient.Reply()

    init(_ promise: EventLoopPromise<TunnelClient.Reply>) { self.promise = promise }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .headers(let frame):
            let fields = frame.headers.map { (name: $0.name, value: $0.value) }
            if reply.fields.isEmpty { reply.fields = fields } else { reply.trailers = fields }
            reply.isWhole = frame.endStream
        case .data(let frame):
            if case .byteBuffer(let bytes) = frame.data { reply.body += Array(bytes.readableBytesView) }
            reply.isWhole = frame.endStream
        default: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { reply.isWhole = false }

    func channelInactive(context: ChannelHandlerContext) { promise.succeed(reply) }
}
