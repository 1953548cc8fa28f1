import NIOCore
import NIOHTTP1

/// Lets only targets pass that are a path. Out of `http://host/path` the codec behind would make a path of its own, without what follows a `#`: what is
/// judged would not be what was sent.
final class TargetGuard: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = unwrapInboundIn(data), !head.uri.hasPrefix("/") else { return context.fireChannelRead(data) }
        // No route's path: it is answered as one that does not exist.
        head.uri = "*"
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }
}
