import Glibc

/// The file of this program, as it was when the process started.
struct ProgramFile: Sendable {
    private let path: String
    private let identity: Identity?

    private struct Identity: Equatable {
        var device: UInt64
        var inode: UInt64

        init?(_ path: String) {
            var facts = stat()
            guard unsafe stat(path, &facts) == 0 else { return nil }
            (device, inode) = (UInt64(facts.st_dev), UInt64(facts.st_ino))
        }
    }

    init() {
        path = Host.executable()
        identity = Identity("/proc/self/exe")
    }

    /// Whether another file, or none, lies where the program was started from.
    var isReplaced: Bool { Identity(path) != identity }
}
