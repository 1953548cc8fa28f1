import Brokering
import NIOCore
import NIOHTTP1

/// Speaks HTTP/1.1 with a program, over the library's reading of it.
final class PlainDoorWire: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = AskedPart
    typealias OutboundIn = AnswerPart
    typealias OutboundOut = HTTPServerResponsePart

    /// Whether frames of a WebSocket are spoken from here on.
    private var speaksFrames = false

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
        switch unwrapOutboundIn(data) {
        case .goOn: write(.head(HTTPResponseHead(version: .http1_1, status: .continue)), context, promise)
        case .head(let head):
            write(.head(HTTPResponseHead(head)), context, promise)
            if head.status == 101 { speakFrames(context) }
        case .body(let bytes): write(.body(.byteBuffer(bytes)), context, promise)
        case .end where speaksFrames:
            promise?.succeed()
            context.fireChannelRead(wrapInboundOut(.over(nil)))
            context.fireChannelReadComplete()
        case .end(let fields): write(.end(fields.isEmpty ? nil : HTTPHeaders(fields.map { ($0.name, $0.value) })), context, promise)
        }
    }

    private func write(_ part: HTTPServerResponsePart, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        context.write(wrapOutboundOut(part), promise: promise)
    }

    /// Takes the library's reading and writing of HTTP away. The decoder goes last: what it has read beyond the request came before the answer.
    private func speakFrames(_ context: ChannelHandlerContext) {
        speaksFrames = true
        let pipeline = context.pipeline.syncOperations
        do {
            let decoder = try pipeline.context(handlerType: ByteToMessageHandler<HTTPRequestDecoder>.self)
            let frames = FrameDoorWire { [self] in
                context.fireChannelRead(wrapInboundOut(.over(.early)))
                context.fireChannelReadComplete()
            }
            try pipeline.addHandler(frames, position: .after(decoder.handler))
            pipeline.removeHandler(context: try pipeline.context(handlerType: HTTPResponseEncoder.self), promise: nil)
            pipeline.removeHandler(context: decoder).assumeIsolated().whenComplete { _ in frames.begin() }
        } catch { context.close(promise: nil) }
    }
}

/// Passes the bytes of a WebSocket in the place of HTTP's decoder and encoder.
private final class FrameDoorWire: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = ByteBuffer

    private var hasBegun = false
    private let refuse: () -> Void

    /// - Parameter refuse: says that something had come before the service agreed: it could be meant to be read as another request.
    init(refusingBy refuse: @escaping () -> Void) { self.refuse = refuse }

    func begin() { hasBegun = true }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard hasBegun else { return refuse() }
        context.fireChannelRead(wrapInboundOut(.body(unwrapInboundIn(data))))
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .body(.byteBuffer(let bytes)): context.write(wrapOutboundOut(bytes), promise: promise)
        case .head, .body, .end: promise?.fail(ChannelError.operationUnsupported)
        }
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
