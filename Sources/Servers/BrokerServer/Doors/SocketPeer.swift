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

    /// Fails for another user. The mode of the socket's file keeps others out as well, as long as nobody changes it.
    static func check(_ channel: any Channel, against listener: Int32) -> EventLoopFuture<Void> {
        var facts = stat()
        guard unsafe fstat(listener, &facts) == 0, let socket = channel as? any SocketOptionProvider else {
            return channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
        }
        let owner = facts.st_uid
        let asked: EventLoopFuture<Credentials> = socket.unsafeGetSocketOption(
            level: NIOBSDSocket.OptionLevel.socket, name: .init(rawValue: SO_PEERCRED))
        return asked.flatMapThrowing { peer in guard peer.user == owner else { throw ChannelError.operationUnsupported } }
    }
}

extension Optional {
    /// What is made of a value, where there is one.
    func asyncMap<Result>(_ body: (Wrapped) async throws -> Result) async rethrows -> Result? {
        guard case .some(let value) = self else { return nil }
        return try await body(value)
    }
}
