import Brokering
import NIOCore
import NIOHTTP1

/// Speaks HTTP/1.1 with a program, over the library's reading of it.
final class PlainDoorWire: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = AskedPart
    typealias OutboundIn = AnswerPart
    typealias OutboundOut = HTTPServerResponsePart

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part: AskedPart =
            switch unwrapInboundIn(data) {
            case .head(let head): .head(AskedHead(head))
            case .body(let bytes): .body(bytes)
            case .end(let fields): .end((fields ?? [:]).map { ReceivedHead.Field($0.name, Array($0.value.utf8)) })
            }
        context.fireChannelRead(wrapInboundOut(part))
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let part: HTTPServerResponsePart =
            switch unwrapOutboundIn(data) {
            case .goOn: .head(HTTPResponseHead(version: .http1_1, status: .continue))
            case .head(let head): .head(HTTPResponseHead(head))
            case .body(let bytes): .body(.byteBuffer(bytes))
            case .end(let fields): .end(fields.isEmpty ? nil : HTTPHeaders(fields.map { ($0.name, $0.value) }))
            }
        context.write(wrapOutboundOut(part), promise: promise)
    }
}

extension AskedHead {
    init(_ head: HTTPRequestHead) {
        let isOld = head.version.major == 1 && head.version.minor == 0 || head.version.major == 0
        self.init(
            received: ReceivedHead(
                version: isOld ? .http1_0 : .http1_1, method: head.method.rawValue, target: Array(head.uri.utf8),
                fields: head.headers.map { ReceivedHead.Field($0.name, Array($0.value.utf8)) }),
            // Behind an upgrade that nobody makes nothing is read as HTTP any more; and before version 1.1 the end of the connection is that of the answer.
            keepsAlive: head.isKeepAlive && !isOld && head.headers["upgrade"].isEmpty)
    }
}

extension HTTPResponseHead {
    fileprivate init(_ head: AnswerHead) {
        var headers = HTTPHeaders()
        headers.reserveCapacity(head.fields.count + 1)
        for field in head.fields { headers.add(name: field.name, value: field.value) }
        switch head.body {
        case .none: break
        case .length(let count): headers.add(name: "Content-Length", value: "\(count)")
        case .streamed where head.version == .http1_0: headers.add(name: "Connection", value: "close")
        case .streamed: headers.add(name: "Transfer-Encoding", value: "chunked")
        }
        self.init(version: .http1_1, status: HTTPResponseStatus(statusCode: head.status), headers: headers)
    }
}
