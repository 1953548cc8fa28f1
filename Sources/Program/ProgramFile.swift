import Glibc
import Synchronization

/// The file of this program, as it was when the process started.
struct ProgramFile: Sendable {
    private let path: String
    private let identity: FileIdentity?

    init() {
        path = Host.executable()
        identity = FileIdentity("/proc/self/exe")
    }

    /// Whether another file, or none, lies where the program was started from.
    var isReplaced: Bool { FileIdentity(path) != identity }
}

/// The socket's file, once it is there.
final class SocketFile: Sendable {
    private let path: String
    private let identity = Mutex<FileIdentity?>(nil)

    init(_ path: String) { self.path = path }

    /// Takes the file that lies there for the socket's.
    func remember() { identity.withLock { $0 = FileIdentity(path) } }

    /// Whether another file, or none, lies where the socket was: nobody reaches it any more.
    var isGone: Bool { identity.withLock { $0 != nil && $0 != FileIdentity(path) } }
}

/// Which file lies at a path.
private struct FileIdentity: Equatable {
    var device: UInt64
    var inode: UInt64

    init?(_ path: String) {
        var facts = stat()
        guard unsafe stat(path, &facts) == 0 else { return nil }
        (device, inode) = (UInt64(facts.st_dev), UInt64(facts.st_ino))
    }
}
