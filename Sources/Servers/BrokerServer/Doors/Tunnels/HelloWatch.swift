import Brokering
import NIOCore

/// Holds the beginning of a tunnel until it is the first message of a handshake with the host that was asked for; anything else ends it.
final class HelloWatch: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// What is told of a tunnel that began otherwise.
    static let refusal = "broker.tunnel-name"
    /// How long a program may take to begin.
    private static let patience = TimeAmount.seconds(10)

    private let name: String?
    private let ended: EventLoopPromise<String>
    private var held = ByteBuffer()
    private var hasEnded = false
    private var deadline: Scheduled<Void>?

    /// - Parameter name: the host; nil for one that is an address, whose name no handshake says.
    init(expecting name: String?, _ ended: EventLoopPromise<String>) { (self.name, self.ended) = (name, ended) }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        deadline = context.eventLoop.scheduleTask(in: Self.patience) { channel.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !hasEnded else { return }
        held.writeImmutableBuffer(unwrapInboundIn(data))
        switch ClientHello.reading(of: Array(held.readableBytesView)) {
        case .incomplete: return
        case .wants(let wanted) where wanted == name:
            hasEnded = true
            context.fireChannelRead(wrapInboundOut(held))
            context.fireChannelReadComplete()
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
        case .wants, .unreadable:
            hasEnded = true
            ended.succeed(Self.refusal)
            context.close(promise: nil)
        }
    }
}
