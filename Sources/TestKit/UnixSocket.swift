import Glibc

/// Unix sockets of the keepers and services that tests play, and of who speaks to them. Whoever has one made closes it.
package enum UnixSocket {
    /// Listens at a path where nothing lies yet.
    package static func listener(at path: String, backlog: Int32 = 16) throws -> Int32 {
        let listener = try made()
        guard try unsafe withAddress(path, { unsafe bind(listener, $0, $1) }) == 0, listen(listener, backlog) == 0 else {
            throw failure(listener, "nobody can listen")
        }
        return listener
    }

    /// Connects to who listens there.
    package static func connection(to path: String) throws -> Int32 {
        let connection = try made()
        guard try unsafe withAddress(path, { unsafe connect(connection, $0, $1) }) == 0 else { throw failure(connection, "no connection") }
        return connection
    }

    private static func made() throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw TestFailure("no socket (errno \(errno))") }
        return descriptor
    }

    private static func failure(_ descriptor: Int32, _ what: String) -> TestFailure {
        let error = errno
        close(descriptor)
        return TestFailure("\(what) (errno \(error))")
    }

    private static func withAddress(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) throws -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else { throw TestFailure("the path of a socket is too long") }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: Array(path.utf8)) }
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
    }
}
