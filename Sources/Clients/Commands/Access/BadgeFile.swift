import Glibc
import TacitWire

/// The file in which an agent's badge lies: 0600, in a directory that only its owner can enter.
final class BadgeFile {
    let path: String
    private let directory: String
    private var descriptor: Int32 = -1

    init(agent: String, in paths: LocalPaths) throws {
        directory = paths.agents
        path = "\(paths.agents)/\(try SegmentArgument.checked(agent, "the agent"))"
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Makes the empty file; refuses when there is one.
    func open() throws {
        try PrivateDirectory.make(directory)
        descriptor = unsafe Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            if errno == EEXIST {
                throw CommandFailure(
                    "there is a badge of that name already", hint: "revoke that agent first, or remove \(path)", code: "badge.exists")
            }
            throw CommandFailure(errno: errno, "\(path) cannot be written")
        }
    }

    func write(_ badge: String) throws {
        let bytes = Array("\(badge)\n".utf8)
        guard unsafe Glibc.write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0 else {
            throw CommandFailure(errno: errno, "\(path) cannot be written")
        }
    }

    func remove() { unsafe unlink(path) }
}
