import NIOCore
import NIOTLS
import Secrets

/// Tells once whether the handshake succeeded, and has what was agreed on spoken from there.
final class HandshakeWatch: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    private let promise: EventLoopPromise<FreshConnection>
    private let speak: (String?) throws -> FreshConnection
    private let time: TimeAmount
    private var deadline: Scheduled<Void>?

    init(_ promise: EventLoopPromise<FreshConnection>, within time: TimeAmount, thenSpeak speak: @escaping (String?) throws -> FreshConnection) {
        (self.promise, self.time, self.speak) = (promise, time, speak)
    }

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
        if case .handshakeCompleted(let negotiated)? = event as? TLSUserEvent {
            do { promise.succeed(try speak(negotiated)) } catch { promise.fail(error) }
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
