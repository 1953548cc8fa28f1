import Brokering
import NIOCore
import NIOHPACK
import NIOHTTP2

/// Speaks HTTP/2 with a program, on one stream.
///
/// A head goes to the guard as it came: what `:authority` says stays beside what a Host field says, so that it is seen where they differ.
final class StreamDoorWire: ChannelDuplexHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias InboundOut = AskedPart
    typealias OutboundIn = AnswerPart
    typealias OutboundOut = HTTP2Frame.FramePayload

    private var hasHead = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .headers(let frame):
            if hasHead {
                context.fireChannelRead(wrapInboundOut(.end(frame.headers.map { ReceivedHead.Field($0.name, Array($0.value.utf8)) })))
            } else {
                hasHead = true
                context.fireChannelRead(wrapInboundOut(.head(AskedHead(frame.headers, isWhole: frame.endStream))))
                if frame.endStream { context.fireChannelRead(wrapInboundOut(.end([]))) }
            }
        case .data(let frame):
            guard case .byteBuffer(let bytes) = frame.data else { return context.close(promise: nil) }
            if bytes.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(.body(bytes))) }
            if frame.endStream { context.fireChannelRead(wrapInboundOut(.end([]))) }
        default: break
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let frame: HTTP2Frame.FramePayload =
            switch unwrapOutboundIn(data) {
            case .goOn: .headers(.init(headers: [":status": "100"]))
            case .head(let head): .headers(.init(headers: HPACKHeaders(head)))
            case .body(let bytes): .data(.init(data: .byteBuffer(bytes)))
            case .end(let fields) where fields.isEmpty: .data(.init(data: .byteBuffer(ByteBuffer()), endStream: true))
            case .end(let fields): .headers(.init(headers: HPACKHeaders(fields.map { ($0.name.lowercased(), $0.value) }), endStream: true))
            }
        context.write(wrapOutboundOut(frame), promise: promise)
    }
}

extension AskedHead {
    /// The library has seen that pseudo-fields stand first, once each, and none is unknown.
    fileprivate init(_ headers: HPACKHeaders, isWhole: Bool) {
        var received = ReceivedHead(version: .http2(isWhole: isWhole), method: "", target: [], fields: [])
        var cookies: [String] = []
        for (name, value, _) in headers {
            switch name {
            case ":method": received.method = value
            case ":path": received.target = Array(value.utf8)
            case ":authority": received.authority = value
            case ":scheme": received.scheme = value
            case ":protocol": received.connectProtocol = value
            // A program may cut its cookies up over HTTP/2 (RFC 9113 §8.2.3); they are one field to everybody else.
            case "cookie": cookies.append(value)
            default: received.fields.append(ReceivedHead.Field(name, Array(value.utf8)))
            }
        }
        if !cookies.isEmpty { received.fields.append(ReceivedHead.Field("cookie", Array(cookies.joined(separator: "; ").utf8))) }
        self.init(received: received, keepsAlive: true)
    }
}

extension HPACKHeaders {
    fileprivate init(_ head: AnswerHead) {
        self.init()
        reserveCapacity(head.fields.count + 2)
        add(name: ":status", value: "\(head.status)")
        for field in head.fields { add(name: field.name.lowercased(), value: field.value) }
        if case .length(let count) = head.body { add(name: "content-length", value: "\(count)") }
    }
}
