import BrokerServer
import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A service over TLS that answers with exactly the bytes that a test has for it, right or wrong.
final class RawService: Sendable {
    /// What becomes of one request.
    struct Answer: Sendable {
        var text: String
        var closes = false

        init(_ text: String, closes: Bool = false) { (self.text, self.closes) = (text, closes) }
    }

    /// One request that came: on which connection, as its how many-th, and its head.
    struct Request: Sendable {
        var connection: Int
        var index: Int
        var head: String
    }

    let port: Int
    let authorities: String
    private let channel: any Channel
    private let connections = ConnectionCount()
    private let asked: Asked

    init(answering answer: @escaping @Sendable (Request) -> Answer) async throws {
        let authority = try SessionAuthority(validity: Validity(from: Date(), lasting: 3600))
        authorities = try authority.rootPEM()
        let context = try authority.context(for: .name("localhost"))
        let (connections, asked) = (connections, Asked())
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    connections.add()
                    let number = connections.value
                    let handler = RawHandler { head, index in
                        let request = Request(connection: number, index: index, head: head)
                        asked.add(request)
                        return answer(request)
                    }
                    try channel.pipeline.syncOperations.addHandlers(NIOSSLServerHandler(context: context), handler)
                }
            }.bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
        self.asked = asked
    }

    private final class Asked: Sendable {
        private let requests = Mutex<[Request]>([])
        var all: [Request] { requests.withLock { $0 } }
        func add(_ request: Request) { requests.withLock { $0.append(request) } }
    }

    var requests: [Request] { asked.all }
    var connectionCount: Int { connections.value }

    func end() async throws { try await channel.close() }
}

/// Tells requests apart by the end of their heads; bodies are told nothing of.
private final class RawHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let answer: (String, Int) -> RawService.Answer
    private var text = ""
    private var count = 0

    init(_ answer: @escaping (String, Int) -> RawService.Answer) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        text += String(buffer: unwrapInboundIn(data))
        while let end = text.range(of: "\r\n\r\n") {
            let head = String(text[..<end.lowerBound])
            text.removeSubrange(..<end.upperBound)
            if let index = head.range(of: "Content-Length: "), let length = Int(head[index.upperBound...].prefix { $0.isNumber }) {
                text.removeFirst(min(length, text.count))
            }
            count += 1
            let answer = answer(head, count)
            if !answer.text.isEmpty { context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer.text)), promise: nil) }
            if answer.closes { return context.close(promise: nil) }
        }
    }
}
