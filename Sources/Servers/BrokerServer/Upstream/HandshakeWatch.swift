import NIOCore
import NIOTLS
import Secrets

/// Tells once whether the handshake succeeded.
final class HandshakeWatch: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    private let promise: EventLoopPromise<Void>
    private let time: TimeAmount
    private var deadline: Scheduled<Void>?

    init(_ promise: EventLoopPromise<Void>, within time: TimeAmount) { (self.promise, self.time) = (promise, time) }

    /// A service that takes the connection and says nothing is not waited for.
    func handlerAdded(context: ChannelHandlerContext) {
        let (promise, channel) = (promise, context.channel)
        deadline = context.eventLoop.scheduleTask(in: time) {
            promise.fail(BrokerFailure.unreachable)
            channel.close(promise: nil)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent {
            promise.succeed()
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        promise.fail(BrokerFailure.untrusted)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        promise.fail(BrokerFailure.unreachable)
        context.fireChannelInactive()
    }
}
