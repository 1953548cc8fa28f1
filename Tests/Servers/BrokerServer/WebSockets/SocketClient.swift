import Brokering
import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import Secrets

/// A program that writes bytes into a tunnel, and reads what comes.
final class SocketClient {
    private let channel: any Channel
    private var received: AsyncStream<[UInt8]>.AsyncIterator
    private var rest: [UInt8] = []
    private var reader = FrameReader(of: .service)
    private var events: [FrameReader.Event] = []

    convenience init(_ scene: SocketScene) async throws {
        try await self.init(at: scene.door, showing: scene.credential, to: scene.service.port)
    }

    convenience init(_ scene: DoorScene) async throws {
        try await self.init(at: scene.door, showing: scene.credential, to: scene.service.port)
    }

    private init(at door: OpenDoor, showing credential: String, to port: Int) async throws {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(door.authority.utf8)))
        configuration.applicationProtocols = ["http/1.1"]
        let (context, stream) = (try NIOSSLContext(configuration: configuration), AsyncStream<[UInt8]>.makeStream())
        let opened = MultiThreadedEventLoopGroup.singleton.any().makePromise(of: Void.self)
        let target = "localhost:\(port)"
        let credential = Data("tacit:\(credential)".utf8).base64EncodedString()
        channel = try await ClientBootstrap(group: opened.futureResult.eventLoop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let opening = TunnelOpening(
                        "CONNECT \(target) HTTP/1.1\r\nHost: \(target)\r\nProxy-Authorization: Basic \(credential)\r\n\r\n", opened
                    ) {
                        try channel.pipeline.syncOperations.addHandlers(
                            NIOSSLClientHandler(context: context, serverHostname: "localhost"), ByteCollector(stream.continuation))
                    }
                    try channel.pipeline.syncOperations.addHandler(opening)
                }
            }
            .connect(host: "127.0.0.1", port: door.port).get()
        received = stream.stream.makeAsyncIterator()
        try await opened.futureResult.get()
    }

    func send(_ bytes: [UInt8]) async throws { try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get() }

    func send(_ kind: FrameKind, _ text: String, isLast: Bool = true) async throws { try await send(Self.frame(kind, text.utf8, isLast: isLast)) }

    static func frame(_ kind: FrameKind, _ payload: some Collection<UInt8>, isLast: Bool = true) -> [UInt8] {
        var bytes: [UInt8] = []
        Frame.write(kind, isLast: isLast, payload, mask: .random(in: .min ... .max), into: &bytes)
        return bytes
    }

    /// The head of the answer; empty where the connection ended before.
    func readHead() async -> String {
        while true {
            if let end = rest.firstRange(of: Array("\r\n\r\n".utf8)) {
                defer { rest.removeSubrange(..<end.upperBound) }
                return String(decoding: rest[..<end.upperBound], as: UTF8.self)
            }
            guard let bytes = await received.next(isolation: #isolation) else { return "" }
            rest += bytes
        }
    }

    /// The next message, whole, or control frame; nil once the connection has ended.
    func next() async throws -> FrameReader.Event? {
        var message: [UInt8] = []
        while true {
            while let event = events.first {
                events.removeFirst()
                guard case .message(let kind, let piece, let isLast) = event else { return event }
                message += piece
                if isLast { return .message(kind, message, isLast: true) }
            }
            if rest.isEmpty {
                guard let bytes = await received.next(isolation: #isolation) else { return nil }
                rest = bytes
            }
            defer { rest = [] }
            try reader.read(rest, into: &events)
        }
    }

    func nextText() async throws -> String? {
        guard case .message(.text, let payload, _)? = try await next() else { return nil }
        return String(decoding: payload, as: UTF8.self)
    }

    /// Returns once the other side has ended the connection.
    func ends() async { while await received.next(isolation: #isolation) != nil {} }

    func leave() async throws { try await channel.close() }
}

/// What comes, piece by piece, to its end.
private final class ByteCollector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let continuation: AsyncStream<[UInt8]>.Continuation

    init(_ continuation: AsyncStream<[UInt8]>.Continuation) { self.continuation = continuation }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { continuation.yield(Array(buffer: unwrapInboundIn(data))) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelInactive(context: ChannelHandlerContext) { continuation.finish() }
}
