import Glibc
import TacitWire

/// The file in which an agent's badge lies: 0600, in a directory that only its owner can enter.
final class BadgeFile {
    let path: String
    private let directory: String
    private let name: String
    private var descriptor: Int32 = -1

    init(agent: String, in paths: LocalPaths) throws {
        directory = paths.agents
        name = try SegmentArgument.checked(agent, "the agent")
        path = "\(paths.agents)/\(name)"
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

    /// The code of the refusal where there is one already.
    static let exists = "badge.exists"

    /// Where a badge lies that had to make room: beside the directory of those that are in force. One that lay there before is replaced.
    private var asidePath: String { "\(directory)-replaced/\(name)" }

    /// Moves the file that is there out of the way, and tells where to.
    func setAside() throws -> String {
        try PrivateDirectory.make("\(directory)-replaced")
        guard unsafe rename(path, asidePath) == 0 else { throw CommandFailure(errno: errno, "\(path) cannot be moved") }
        return asidePath
    }

    /// Moves it back.
    func putBack() { unsafe rename(asidePath, path) }
}
