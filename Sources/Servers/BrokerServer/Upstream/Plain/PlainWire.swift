import Brokering
import NIOCore
import Secrets

/// Speaks HTTP/1.1 over one connection to a service: one request at a time, and the next one only where nothing about the last was odd.
final class PlainWire: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = RequestPart
    typealias OutboundOut = ByteBuffer

    private struct Exchange {
        let exchange: ServiceExchange
        let departing: DepartingRequest
        var reader: ReplyReader
        var hasSentEnd = false
        var hasReceived = false
        /// How much of a body of known length is still to be sent.
        var bodyLeft: Int64
    }

    private var current: Exchange?
    private var received = ByteBuffer()
    private var isClosing = false
    /// Takes the connection back; given how long the service keeps it.
    private let rest: (TimeAmount?) -> Void

    init(whenItRests rest: @escaping (TimeAmount?) -> Void) { self.rest = rest }

    // The request

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !isClosing else { return fail(promise) }
        switch unwrapOutboundIn(data) {
        case .head(let departing, let exchange):
            guard current == nil else { return fail(promise) }
            let length: Int64 = if case .length(let count) = departing.framing { count } else { 0 }
            current = Exchange(exchange: exchange, departing: departing, reader: ReplyReader(for: departing.judged), bodyLeft: length)
            var head = context.channel.allocator.buffer(capacity: 1024)
            departing.write(to: &head)
            context.write(wrapOutboundOut(head), promise: nil)
            promise?.succeed()
        case .body(let bytes): write(bytes, context, promise)
        case .end(let trailers):
            guard current?.bodyLeft == 0 else { return failAll(context, promise) }
            current?.hasSentEnd = true
            guard current?.departing.framing == .streamed else {
                promise?.succeed()
                return
            }
            var end = ByteBuffer(staticString: "0\r\n")
            end.write(trailers)
            end.writeStaticString("\r\n")
            context.write(wrapOutboundOut(end), promise: promise)
        case .frames(let bytes):
            guard current?.reader.hasOpenedWebSocket == true else { return failAll(context, promise) }
            context.write(wrapOutboundOut(bytes), promise: promise)
        }
    }

    private func write(_ bytes: ByteBuffer, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        let count = Int64(bytes.readableBytes)
        guard let framing = current?.departing.framing, current?.hasSentEnd == false, count > 0 else { return fail(promise) }
        if framing == .streamed {
            context.write(wrapOutboundOut(ByteBuffer(string: String(count, radix: 16) + "\r\n")), promise: nil)
            context.write(wrapOutboundOut(bytes), promise: nil)
            context.write(wrapOutboundOut(ByteBuffer(staticString: "\r\n")), promise: promise)
        } else {
            // A byte more than was announced would begin a request of its own.
            guard let left = current?.bodyLeft, left >= count else { return failAll(context, promise) }
            current?.bodyLeft = left - count
            context.write(wrapOutboundOut(bytes), promise: promise)
        }
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard let abandoned = event as? AbandonedExchange else { return context.triggerUserOutboundEvent(event, promise: promise) }
        // One that is over may have given its place to another.
        if current?.exchange === abandoned.exchange { end(BrokerFailure.cut, context) }
        promise?.succeed()
    }

    private func fail(_ promise: EventLoopPromise<Void>?) { promise?.fail(ChannelError.ioOnClosedChannel) }

    private func failAll(_ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        fail(promise)
        end(BrokerFailure.cut, context)
    }

    // The reply

    func read(context: ChannelHandlerContext) {
        if current?.exchange.mayRead() != false { context.read() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosing else { return }
        // Bytes that nobody asked for would be taken for the next reply.
        guard current != nil else { return close(context) }
        current?.hasReceived = true
        var bytes = unwrapInboundIn(data)
        if received.readableBytes == 0 { received = bytes } else { received.writeBuffer(&bytes) }
        do throws(ReplyRefusal) {
            while let part = try current?.reader.next(in: &received) { take(part, context) }
        } catch { end(BrokerFailure.reply(error), context) }
    }

    private func take(_ part: ReplyPart, _ context: ChannelHandlerContext) {
        guard let exchange = current?.exchange else { return }
        if case .end = part { finish(context) }
        exchange.push(part)
    }

    /// The reply is over; the connection rests where it may be used again.
    private func finish(_ context: ChannelHandlerContext) {
        guard let done = current else { return }
        current = nil
        let stays =
            done.hasSentEnd && done.departing.hasNoBody && done.reader.mayBeFollowed && !done.departing.judged.needsOwnConnection
            && received.readableBytes == 0 && context.channel.isActive
        guard stays else { return close(context) }
        received = ByteBuffer()
        rest(done.reader.keepsFor)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { current?.exchange.becameWritable() }
        context.fireChannelWritabilityChanged()
    }

    // The end

    func channelInactive(context: ChannelHandlerContext) {
        if let part = current?.reader.connectionEnded() { current?.exchange.push(part) }
        end(failureAtEnd, context)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { end(failureAtEnd, context) }

    private var failureAtEnd: any Error {
        guard let current, current.exchange.isReused, !current.hasReceived else { return BrokerFailure.cut }
        return StaleConnection(hasSent: true)
    }

    private func end(_ error: any Error, _ context: ChannelHandlerContext) {
        let ended = current
        current = nil
        ended?.exchange.fail(error)
        close(context)
    }

    private func close(_ context: ChannelHandlerContext) {
        guard !isClosing else { return }
        isClosing = true
        received = ByteBuffer()
        context.close(promise: nil)
    }
}
