import Brokering
import HTTPTypes
import NIOCore
import NIOHPACK
import NIOHTTP2
import Secrets

/// Speaks HTTP/2 with a service, on the one stream of one request.
final class StreamWire: ChannelDuplexHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias OutboundIn = RequestPart
    typealias OutboundOut = HTTP2Frame.FramePayload

    private var exchange: ServiceExchange?
    private var judged: JudgedRequest?
    private var hasSentEnd = false
    private var hasReceived = false
    private var hasHead = false
    private var hasEnded = false
    private var interimsLeft = ReceivedReply.mostInterims
    /// Whether the service said that it did nothing about the request.
    private var isRefused = false

    // The request

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let departing, let exchange):
            (self.exchange, judged) = (exchange, departing.judged)
            hasSentEnd = departing.hasNoBody
            context.write(wrapOutboundOut(.headers(.init(headers: HPACKHeaders(departing), endStream: hasSentEnd))), promise: nil)
            promise?.succeed()
        case .frames: promise?.fail(ChannelError.operationUnsupported)
        case .body(let bytes): context.write(wrapOutboundOut(.data(.init(data: .byteBuffer(bytes)))), promise: promise)
        case .end(let trailers):
            guard !hasSentEnd else {
                promise?.succeed()
                return
            }
            hasSentEnd = true
            if trailers.isEmpty {
                context.write(wrapOutboundOut(.data(.init(data: .byteBuffer(ByteBuffer()), endStream: true))), promise: promise)
            } else {
                context.write(wrapOutboundOut(.headers(.init(headers: HPACKHeaders(trailers), endStream: true))), promise: promise)
            }
        }
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard event is AbandonedExchange else { return context.triggerUserOutboundEvent(event, promise: promise) }
        end(BrokerFailure.cut, context)
        promise?.succeed()
    }

    // The reply

    func read(context: ChannelHandlerContext) {
        if exchange?.mayRead() != false { context.read() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !hasEnded else { return }
        hasReceived = true
        switch unwrapInboundIn(data) {
        case .headers(let frame) where hasHead: if frame.endStream { finish(frame.headers.fields, context) }
        case .headers(let frame): head(frame, context)
        case .data(let frame):
            guard hasHead, case .byteBuffer(let bytes) = frame.data else { return end(BrokerFailure.reply(.framing), context) }
            if bytes.readableBytes > 0 { exchange?.push(.body(bytes)) }
            if frame.endStream { finish([], context) }
        default: break
        }
    }

    private func head(_ frame: HTTP2Frame.FramePayload.Headers, _ context: ChannelHandlerContext) {
        guard let judged, let status = frame.headers.first(name: ":status").flatMap(Int.init) else {
            return end(BrokerFailure.reply(.status), context)
        }
        let reply = ReceivedReply(isHTTP2: true, status: status, fields: frame.headers.fields, isWhole: frame.endStream)
        switch ReplyGuard.verdict(on: reply, to: judged) {
        case .refused(let refusal): end(BrokerFailure.reply(refusal), context)
        case .interim(let continues):
            guard interimsLeft > 0 else { return end(BrokerFailure.reply(.status), context) }
            interimsLeft -= 1
            exchange?.push(.interim(continues: continues))
        case .accepted(let judged):
            hasHead = true
            exchange?.push(.head(judged))
            if frame.endStream { finish([], context) }
        }
    }

    private func finish(_ trailers: [ReceivedHead.Field], _ context: ChannelHandlerContext) {
        hasEnded = true
        exchange?.push(.end(trailers))
        // Where both sides have ended, the stream has.
        if !hasSentEnd { context.close(promise: nil) }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { exchange?.becameWritable() }
        context.fireChannelWritabilityChanged()
    }

    // The end

    func channelInactive(context: ChannelHandlerContext) {
        if !hasEnded { end(failureAtEnd, context) }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if (error as? NIOHTTP2Errors.StreamClosed)?.errorCode == .refusedStream { isRefused = true }
        if !hasEnded { end(failureAtEnd, context) }
    }

    private var failureAtEnd: any Error {
        guard let exchange, exchange.isReused, !hasReceived else { return BrokerFailure.cut }
        return StaleConnection(hasSent: !isRefused)
    }

    private func end(_ error: any Error, _ context: ChannelHandlerContext) {
        hasEnded = true
        exchange?.fail(error)
        context.close(promise: nil)
    }
}

extension HPACKHeaders {
    /// What stands in many requests and is nobody's secret; nothing else is kept in the tables of either side.
    private static let common: Set<String> = ["accept", "accept-encoding", "content-type", "user-agent"]

    fileprivate init(_ departing: DepartingRequest) {
        self.init()
        reserveCapacity(departing.request.headerFields.count + 6)
        add(name: ":method", value: departing.request.method.rawValue)
        add(name: ":scheme", value: departing.origin.scheme.rawValue)
        add(name: ":authority", value: departing.origin.authority)
        add(name: ":path", value: departing.request.path ?? "/", indexing: .neverIndexed)
        add(departing.request.headerFields, keeping: departing.judged.request.headerFields)
        if case .length(let count) = departing.framing { add(name: "content-length", value: "\(count)") }
        if departing.judged.acceptsTrailers { add(name: "te", value: "trailers") }
    }

    fileprivate init(_ trailers: HTTPFields) {
        self.init()
        add(trailers)
    }

    /// - Parameter harmless: what a program wrote itself; where a value was put in, a common name keeps nothing.
    private mutating func add(_ fields: HTTPFields, keeping harmless: HTTPFields = HTTPFields()) {
        for field in fields {
            let (name, value) = (field.name.canonicalName, unsafe field.withUnsafeBytesOfValue { unsafe String(decoding: $0, as: UTF8.self) })
            let isKept = Self.common.contains(name) && harmless[values: field.name].contains(value)
            add(name: name, value: value, indexing: isKept ? .indexable : .neverIndexed)
        }
    }

    /// All but those that HTTP/2 itself has.
    fileprivate var fields: [ReceivedHead.Field] {
        compactMap { name, value, _ in name.hasPrefix(":") ? nil : ReceivedHead.Field(name, Array(value.utf8)) }
    }
}
