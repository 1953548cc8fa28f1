import Commands
import Glibc

/// Makes sure that one keeper at a time serves a vault. The kernel lets the lock go when the process ends, however it ends.
struct KeeperLock {
    private let descriptor: Int32

    /// Takes the lock, and writes into it where the keeper listens.
    init(path: String, socket: String) throws {
        try PrivateDirectory.make(String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]))
        descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw KeeperError.noDirectory(path) }
        // A command that looks whether there is a keeper holds it for a moment, too.
        var tries = 0
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            tries += 1
            if tries < 20 {
                usleep(5000)
                continue
            }
            defer { close(descriptor) }
            throw KeeperError.running(OtherKeeper.socket(writtenIn: descriptor))
        }
        // What is missing is missed in one message alone.
        let bytes = Array(socket.utf8)
        if ftruncate(descriptor, 0) == 0 { _ = unsafe pwrite(descriptor, bytes, bytes.count, 0) }
    }

    func release() { close(descriptor) }
}

/// Directories that are the user's alone.
enum PrivateDirectory {
    /// Makes a directory, 0700, and those above it that are missing; one that is there must be the user's alone.
    static func make(_ path: String) throws {
        let parent = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
        if !parent.isEmpty, unsafe access(parent, F_OK) != 0 { try make(parent) }
        if unsafe mkdir(path, 0o700) != 0, errno != EEXIST { throw KeeperError.noDirectory(path) }
        try check(path, allowing: 0o700)
    }

    /// Refuses a path that is no directory of this user's, or where others may do more than is allowed.
    static func check(_ path: String, allowing mode: mode_t) throws {
        var facts = stat()
        guard unsafe lstat(path, &facts) == 0 else { throw KeeperError.noDirectory(path) }
        guard facts.st_mode & S_IFMT == S_IFDIR else { throw KeeperError.misplaced(path) }
        guard facts.st_uid == geteuid(), facts.st_mode & 0o777 & ~mode == 0 else { throw KeeperError.loose(path) }
    }
}
