import Brokering
import NIOCore

/// Listens which host the handshake in an intercepted tunnel is for. What comes passes at once, as it is.
final class ServerNameWatch: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// No request agrees with it: what is not known to be the tunnel's host is not taken for it.
    private static let unreadable = ""

    /// The name; nil where the handshake says none. Known once the handshake goes on.
    private(set) var name: String? = unreadable
    private var held = ByteBuffer()
    private var hasRead = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // Before it passes: requests may follow in the same piece.
        let isToGo = !hasRead && read(unwrapInboundIn(data))
        context.fireChannelRead(data)
        if isToGo { context.pipeline.syncOperations.removeHandler(self, promise: nil) }
    }

    /// Whether the first message is there.
    private func read(_ bytes: ByteBuffer) -> Bool {
        held.writeImmutableBuffer(bytes)
        switch ClientHello.reading(of: Array(held.readableBytesView), openedHere: true) {
        case .incomplete: return false
        case .wants(let wanted): name = wanted
        case .unreadable: break
        }
        (hasRead, held) = (true, ByteBuffer())
        return true
    }
}
