import Glibc

/// Breaks a connection off from any thread: whoever waits for its answer stops waiting.
public final class ConnectionBreaker: Sendable {
    /// A descriptor of its own: it stays this connection's when the connection's own is closed and its number given away.
    private let descriptor: Int32

    init(_ socket: UnixConnection) { descriptor = fcntl(socket.descriptor, F_DUPFD_CLOEXEC, 3) }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Breaks the connection off.
    public func breakOff() { if descriptor >= 0 { shutdown(descriptor, Int32(SHUT_RDWR)) } }
}

extension KeeperConnection {
    /// What another thread needs to break this connection off.
    public var breaker: ConnectionBreaker { ConnectionBreaker(socket) }
}
