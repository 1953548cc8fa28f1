import BrokerServer
import CPacking
import Foundation
import NIOCore
import NIOHPACK
import NIOHTTP1
import NIOHTTP2
import NIOPosix
import NIOSSL
import Synchronization

/// A service on this machine, with a certificate of its own authority. It answers as its path says, mostly with what it was sent.
final class LocalService: Sendable {
    let port: Int
    /// Its authority, in PEM.
    let authorities: String
    private let channel: any Channel
    private let log: Log
    private let connected: ConnectionCount

    /// What reached it.
    final class Log: Sendable {
        private let requests = Mutex<[Received]>([])
        var all: [Received] { requests.withLock { $0 } }
        func add(_ request: Received) { requests.withLock { $0.append(request) } }

        /// The values that a table of HTTP/2 may keep.
        private let kept = Mutex<[String]>([])
        var keptValues: [String] { kept.withLock { $0 } }
        fileprivate func keep(_ values: [String]) { kept.withLock { $0 += values } }
    }

    struct Received: Sendable {
        var method: String
        var uri: String
        var headers: [(String, String)]
        var body: [UInt8]
        /// Behind the body.
        var trailers: [(String, String)] = []

        subscript(_ name: String) -> String? { headers.first { $0.0.lowercased() == name }?.1 }
    }

    var received: [Received] { log.all }
    var keptValues: [String] { log.keptValues }

    init(named host: InterceptedHost = .name("localhost"), speaking protocols: [String] = ["http/1.1"]) async throws {
        let authority = try SessionAuthority(validity: Validity(from: Date(), lasting: 3600), speaking: protocols)
        authorities = try authority.rootPEM()
        let context = try authority.context(for: host)
        let log = Log()
        self.log = log
        let connected = ConnectionCount()
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    connected.add()
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(NIOSSLServerHandler(context: context))
                    guard protocols.contains("h2") else {
                        try pipeline.configureHTTPServerPipeline(withErrorHandling: false)
                        return try pipeline.addHandler(ServiceHandler(log))
                    }
                    _ = try pipeline.configureHTTP2Pipeline(mode: .server, connectionConfiguration: .init(), streamConfiguration: .init()) { stream in
                        stream.eventLoop.makeCompletedFuture {
                            let handlers: [any ChannelHandler] = [TableWatch(log), HTTP2FramePayloadToHTTP1ServerCodec(), ServiceHandler(log)]
                            try stream.pipeline.syncOperations.addHandlers(handlers)
                        }
                    }
                }
            }.bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
        self.connected = connected
    }

    /// How many connections were made, whether anything came over them or not.
    var connectionCount: Int { connected.value }

    func end() async throws { try await channel.close() }
}

final class ConnectionCount: Sendable {
    private let count = Mutex(0)
    var value: Int { count.withLock { $0 } }
    func add() { count.withLock { $0 += 1 } }
}

/// Looks which fields the other side lets stand in the tables of the connection.
private final class TableWatch: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias InboundOut = HTTP2Frame.FramePayload

    private let log: LocalService.Log

    init(_ log: LocalService.Log) { self.log = log }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .headers(let frame) = unwrapInboundIn(data) {
            log.keep(frame.headers.compactMap { _, value, indexing in indexing == .neverIndexed ? nil : value })
        }
        context.fireChannelRead(data)
    }
}

private final class ServiceHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let log: LocalService.Log
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []

    init(_ log: LocalService.Log) { self.log = log }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            (self.head, body) = (head, [])
            // Before the body has come.
            if head.uri == "/early" { reply(context, status: .partialContent, [("Content-Range", "bytes 0-1/9")], [1, 2]) }
        case .body(let bytes): body += Array(bytes.readableBytesView)
        case .end(let trailers):
            guard let head, head.uri != "/early" else { return }
            var received = LocalService.Received(
                method: head.method.rawValue, uri: head.uri, headers: head.headers.map { ($0.name, $0.value) }, body: body)
            received.trailers = (trailers ?? [:]).map { ($0.name, $0.value) }
            log.add(received)
            answer(head, context)
        }
    }

    private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let credential = head.headers.first(name: "authorization") ?? ""
        switch head.uri {
        case "/echo": reply(context, [("X-Echo", credential), ("Set-Cookie", "a=b")], Array(credential.utf8) + body)
        case "/base64": reply(context, [], Array(Data(credential.utf8).base64EncodedString().utf8))
        case "/gzip": reply(context, [("Content-Encoding", "gzip")], LocalService.gzip(Array("it is \(credential)".utf8)))
        case "/brotli": reply(context, [("Content-Encoding", "br")], LocalService.brotli(Array("it is \(credential)".utf8)))
        case "/brotli-cut": reply(context, [("Content-Encoding", "br")], LocalService.brotli(Array("it is \(credential)".utf8)).dropLast(2))
        case "/brotli-behind":
            let bodies = ["it", credential].map { LocalService.brotli(Array($0.utf8)) }
            reply(context, [("Content-Encoding", "br")], bodies[0] + bodies[1])
        case "/brotli-bomb": reply(context, [("Content-Encoding", "br")], LocalService.brotli([UInt8](repeating: 0x78, count: 12 << 20)))
        case "/split": replyInPieces(context, Array("<\(credential)>".utf8))
        case "/redirect": reply(context, status: .found, [("Location", "https://elsewhere.test/?\(credential)")], [])
        case "/partial": reply(context, status: .partialContent, [("Content-Range", "bytes 0-1/9")], [1, 2])
        case "/trailers":
            context.write(wrapOutboundOut(.head(.init(version: .http1_1, status: .ok, headers: ["Transfer-Encoding": "chunked"]))), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: "body")))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(["X-Check": credential, "X-Amz-Checksum-Crc32": "1"])), promise: nil)
        case "/large": reply(context, [], Array(repeatElement(UInt8(ascii: "x"), count: 100_000)))
        case "/cut":
            write(context, .ok, [("Content-Length", "100")], Array("half".utf8))
            context.close(promise: nil)
        case "/silent": break
        case _ where head.uri.hasPrefix("/hints/"):
            let hint = HTTPResponseHead(version: .http1_1, status: .custom(code: 103, reasonPhrase: "Early Hints"), headers: ["Link": "</a>"])
            for _ in 0..<(Int(head.uri.dropFirst("/hints/".count)) ?? 0) { context.writeAndFlush(wrapOutboundOut(.head(hint)), promise: nil) }
            reply(context, [], Array("hinted".utf8))
        case _ where head.uri.hasPrefix("/taken"): reply(context, status: .unauthorized, [("X-Echo", credential)], [])
        case "/say": say(head, context)
        default: reply(context, [], Array("hello".utf8))
        }
    }

    /// Answers with the request's body, as its `Say-…` fields want it.
    private func say(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        var fields = head.headers.filter { $0.name.lowercased().hasPrefix("say-") }.map { (String($0.name.dropFirst(4)), $0.value) }
        let status = fields.firstIndex { $0.0.lowercased() == "status" }.map { fields.remove(at: $0) }.flatMap { Int($0.1) } ?? 201
        if fields.contains(where: { $0.0.lowercased() == "in-pieces" }) { return replyInPieces(context, body) }
        let packed =
            switch fields.first(where: { $0.0.lowercased() == "content-encoding" })?.1 {
            case nil: body
            case "br": LocalService.brotli(body)
            default: LocalService.gzip(body)
            }
        reply(context, status: HTTPResponseStatus(statusCode: status), fields, packed)
    }

    private func reply(
        _ context: ChannelHandlerContext, status: HTTPResponseStatus = .ok, _ headers: [(String, String)], _ body: [UInt8]
    ) {
        write(context, status, headers + [("Content-Length", "\(body.count)")], body)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    private func write(_ context: ChannelHandlerContext, _ status: HTTPResponseStatus, _ headers: [(String, String)], _ body: [UInt8]) {
        context.write(wrapOutboundOut(.head(.init(version: .http1_1, status: status, headers: HTTPHeaders(headers)))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
    }

    /// Each byte in a chunk of its own, and all in one write: no pause of the machine's is one between them.
    private func replyInPieces(_ context: ChannelHandlerContext, _ body: [UInt8]) {
        let headers = HTTPHeaders([("Transfer-Encoding", "chunked"), ("Content-Type", "application/json")])
        context.write(wrapOutboundOut(.head(.init(version: .http1_1, status: .ok, headers: headers))), promise: nil)
        for byte in body { context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: [byte])))), promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}

extension LocalService {
    /// One member.
    static func gzip(_ bytes: [UInt8]) -> [UInt8] { packed(Int32(packing_gzip), bytes) }
    static func brotli(_ bytes: [UInt8]) -> [UInt8] { packed(Int32(packing_brotli), bytes) }

    private static func packed(_ format: Int32, _ bytes: [UInt8]) -> [UInt8] {
        var room = [UInt8](repeating: 0, count: bytes.count + 100)
        let count = unsafe packing_member(format, 6, bytes, bytes.count, &room, room.count)
        return Array(room[..<count])
    }
}
