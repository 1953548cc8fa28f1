import Glibc

/// A directory that only its owner can enter.
enum PrivateDirectory {
    /// Makes the directory, and those above it, where they are missing; refuses one that others can enter. `remedy` is the next step where one cannot be made.
    static func make(_ path: String, or remedy: String = "make it yourself, or let whoever may") throws {
        for end in path.indices.dropFirst() where path[end] == "/" { try step(String(path[..<end]), remedy) }
        try step(path, remedy)
        var facts = stat()
        guard unsafe lstat(path, &facts) == 0 else { throw CommandFailure(errno: errno, "\(path) cannot be made") }
        guard facts.st_mode & S_IFMT == S_IFDIR, facts.st_uid == geteuid() else {
            throw CommandFailure("\(path) is not a directory of your own", hint: "move it away, and try again", code: "directory.not-own")
        }
        guard facts.st_mode & 0o077 == 0 else {
            throw CommandFailure("\(path) can be reached by other users", hint: "chmod 700 \(path)", code: "directory.loose")
        }
    }

    /// Makes one, unless something of that name is there; what it is, is looked at later.
    private static func step(_ path: String, _ remedy: String) throws {
        if unsafe mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        let number = errno
        guard unsafe access(path, F_OK) != 0 else { return }
        throw CommandFailure(errno: number, "\(path) cannot be made", hint: remedy)
    }
}
