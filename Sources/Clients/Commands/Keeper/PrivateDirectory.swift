import Glibc

/// A directory that only its owner can enter.
enum PrivateDirectory {
    /// Makes the directory, and those above it, where they are missing; refuses one that others can enter.
    static func make(_ path: String) throws {
        for end in path.indices.dropFirst() where path[end] == "/" { unsafe mkdir(String(path[..<end]), 0o700) }
        unsafe mkdir(path, 0o700)
        var facts = stat()
        guard unsafe lstat(path, &facts) == 0 else { throw CommandFailure(errno: errno, "\(path) cannot be made") }
        guard facts.st_mode & S_IFMT == S_IFDIR, facts.st_uid == geteuid() else {
            throw CommandFailure("\(path) is not a directory of your own", hint: "move it away, and try again", code: "directory.not-own")
        }
        guard facts.st_mode & 0o077 == 0 else {
            throw CommandFailure("\(path) can be reached by other users", hint: "chmod 700 \(path)", code: "directory.loose")
        }
    }
}
