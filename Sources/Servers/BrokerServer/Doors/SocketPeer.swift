import Glibc
import NIOCore
import NIOPosix

/// Who is at the other end of a door's socket at a path: the user who made it, and nobody else.
enum SocketPeer {
    /// SO_PEERCRED's three fields.
    private struct Credentials {
        var process: Int32 = 0
        var user: UInt32 = 0
        var group: UInt32 = 0
    }

    /// Fails for another user than the one who made the listening socket. The mode of its file keeps others out as well, as long as nobody changes it.
    static func check(_ channel: any Channel, against listener: Int32) -> EventLoopFuture<Void> {
        // Of a listening socket it is who began to listen.
        var owner = Credentials()
        var length = socklen_t(MemoryLayout<Credentials>.size)
        guard unsafe getsockopt(listener, SOL_SOCKET, SO_PEERCRED, &owner, &length) == 0, let socket = channel as? any SocketOptionProvider else {
            return channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
        }
        let user = owner.user
        let asked: EventLoopFuture<Credentials> = socket.unsafeGetSocketOption(
            level: NIOBSDSocket.OptionLevel.socket, name: .init(rawValue: SO_PEERCRED))
        return asked.flatMapThrowing { peer in guard peer.user == user else { throw ChannelError.operationUnsupported } }
    }
}

extension Optional {
    /// What is made of a value, where there is one.
    func asyncMap<Result>(_ body: (Wrapped) async throws -> Result) async rethrows -> Result? {
        guard case .some(let value) = self else { return nil }
        return try await body(value)
    }
}
