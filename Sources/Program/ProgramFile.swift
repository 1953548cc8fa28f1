import Glibc
import KernelPeers
import Model
import Synchronization

/// The file of this program, as it was when the process started.
struct ProgramFile: Sendable {
    private let path: String
    private let identity: FileIdentity?

    init() {
        path = Host.executable()
        identity = FileIdentity.of("/proc/self/exe").file
    }

    /// Whether another file, or none, lies where the program was started from.
    var isReplaced: Bool { FileIdentity.of(path).file != identity }
}

/// The socket's file: bound under a first name, and reached under its own once it is the user's alone.
///
/// The server takes away what it was bound as when it ends. Under the first name nothing lies by then, so that no other keeper's socket is taken away.
final class SocketFile: Sendable {
    let provisional: String
    private let path: String
    /// The group that may connect; nil for none.
    private let group: UInt32?
    private let identity = Mutex<FileIdentity?>(nil)

    init(_ path: String, for person: Account? = nil) { (self.path, provisional, group) = (path, path + "~", person?.groupID) }

    /// Takes away what an earlier keeper left.
    func clear() { for path in [path, provisional] { unsafe unlink(path) } }

    /// Gives the bound socket its name; false when nobody would reach it.
    func publish() -> Bool {
        // The group only opens the way: who may ask is decided by the user at the other end.
        if let group { guard unsafe chown(provisional, .max, group) == 0 else { return false } }
        guard unsafe chmod(provisional, group == nil ? 0o600 : 0o660) == 0, unsafe rename(provisional, path) == 0 else { return false }
        identity.withLock { $0 = FileIdentity.of(path).file }
        return true
    }

    /// Whether another file, or none, lies where the socket was: nobody reaches it any more.
    var isGone: Bool { identity.withLock { $0 != nil && $0 != FileIdentity.of(path).file } }

    /// Takes the socket's file away, and nobody else's.
    func remove() { if !isGone { unsafe unlink(path) } }
}
