import NIOCore
import NIOHTTP2

/// Hears what is said of a whole connection of HTTP/2, and ends it where that is needed: the library tells the other side and goes on.
final class StreamsWatch: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame

    private let retire: () -> Void

    init(whenItGoes retire: @escaping () -> Void) { self.retire = retire }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .goAway = unwrapInboundIn(data).payload { retire() }
    }

    /// What is wrong with one stream ends that; anything else ends all of them.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if !(error is NIOHTTP2Errors.StreamError) { context.close(promise: nil) }
    }
}
