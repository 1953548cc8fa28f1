import NIOCore

/// One side of two connections on one event loop: what comes in at one goes out at the other, no faster than that takes it.
final class Splice: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let note: (Int) -> Void
    private var other: Splice?
    private var context: ChannelHandlerContext?
    private var wantsToRead = false

    private init(_ note: @escaping (Int) -> Void) { self.note = note }

    /// The sides of program and service, and who counts what goes each way.
    static func pair(sent: @escaping (Int) -> Void, received: @escaping (Int) -> Void) -> (Splice, Splice) {
        let (near, far) = (Splice(sent), Splice(received))
        (near.other, far.other) = (far, near)
        return (near, far)
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { (self.context, other) = (nil, nil) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        note(bytes.readableBytes)
        other?.context.map { $0.write(wrapOutboundOut(bytes), promise: nil) }
    }

    func channelReadComplete(context: ChannelHandlerContext) { other?.context?.flush() }

    func channelInactive(context: ChannelHandlerContext) { other?.context?.close(promise: nil) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // Whoever says no more may still be answered.
        if event as? ChannelEvent == .inputClosed { other?.context?.close(mode: .output, promise: nil) }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) { if context.channel.isWritable { other?.goOn() } }

    func read(context: ChannelHandlerContext) {
        guard other?.context?.channel.isWritable ?? true else {
            wantsToRead = true
            return
        }
        context.read()
    }

    private func goOn() {
        guard wantsToRead else { return }
        wantsToRead = false
        context?.read()
    }
}
