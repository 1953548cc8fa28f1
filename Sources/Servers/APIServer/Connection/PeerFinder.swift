import Glibc
package import Model
import NIOCore
import NIOPosix

/// Asks the kernel who is at the other end of a Unix socket.
package struct PeerFinder: Sendable {
    /// Describes a process by its id, user and a pidfd that it closes.
    private let describe: @Sendable (_ process: Int32, _ user: UInt32, _ pinned: Int32) -> Peer?

    package init(describe: @escaping @Sendable (_ process: Int32, _ user: UInt32, _ pinned: Int32) -> Peer?) { self.describe = describe }

    /// For those in a sandbox, who are known by their socket: nothing is looked up by the number of a process that is another one's elsewhere.
    static let withoutLook = PeerFinder { process, user, pinned in
        if pinned >= 0 { close(pinned) }
        return Peer(
            userID: user, userName: "\(user)", process: process, executable: "[sandbox]", isOwnProgram: false, session: nil, place: .hidden)
    }

    /// SO_PEERCRED's three fields.
    private struct Credentials {
        var process: Int32 = 0
        var user: UInt32 = 0
        var group: UInt32 = 0
    }

    func peer(of channel: any Channel) async throws -> Peer? {
        guard let socket = channel as? any SocketOptionProvider else { return nil }
        let level = NIOBSDSocket.OptionLevel.socket
        let credentials: Credentials = try await socket.unsafeGetSocketOption(level: level, name: .init(rawValue: 17)).get()
        // SO_PEERPIDFD, Linux 6.5
        let pinned: Int32 = try await socket.unsafeGetSocketOption(level: level, name: .init(rawValue: 77)).get()
        return describe(credentials.process, credentials.user, pinned)
    }
}
