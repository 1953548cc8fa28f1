import CProcess
import Glibc

/// Follows a path component by component, as the kernel does, and finds out who could make it lead elsewhere.
struct PathWalk {
    /// The user who must not be able to change anything on the way.
    let user: uid_t
    /// Whether this process is another user: then what it may write says nothing, and whatever is anybody's to write besides its owner is the user's, too.
    var isForAnother: Bool { user != geteuid() }

    private static let maximumLinks = 40

    /// Says whether an absolute path leads to this file, and neither the file nor a directory or link on the way can be changed by the user.
    ///
    /// What lies in a directory that the user can write is the user's choice, and so is everything behind it. So the walk may read names one
    /// after the other: as long as all of them are out of the user's reach, nothing of it can change under its feet.
    func isFixed(_ path: String, to file: OpenedFile) -> Bool {
        guard path.hasPrefix("/"), isOutOfReach("/", Status("/")) else { return false }
        var rest = components(path)[...]
        var place = ""
        var links = 0
        while let name = rest.popFirst() {
            if name == ".." {
                place = String(place[..<(place.lastIndex(of: "/") ?? place.startIndex)])
                continue
            }
            let next = "\(place)/\(name)"
            guard let status = Status(next) else { return false }
            switch status.kind {
            case S_IFLNK:
                links += 1
                guard links <= Self.maximumLinks, let target = Self.target(of: next) else { return false }
                if target.hasPrefix("/") { place = "" }
                rest = components(target) + rest
            case S_IFDIR:
                guard isOutOfReach(next, status) else { return false }
                place = next
            default:
                return rest.isEmpty && status.device == file.device && status.inode == file.inode && isOutOfReach(next, status)
            }
        }
        return false
    }

    /// The owner can change the mode, so it is as good as a leave to write.
    private func isOutOfReach(_ path: String, _ status: Status?) -> Bool {
        guard let status, status.owner != user, status.owner != geteuid() else { return false }
        if isForAnother, status.mode & 0o022 != 0 { return false }
        return unsafe tacit_may_write(path) == 0
    }

    private func components(_ path: String) -> [String] {
        path.split(separator: "/").map(String.init).filter { $0 != "." }
    }

    private static func target(of link: String) -> String? {
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: Int(PATH_MAX)) { buffer, filled in
            guard let start = buffer.baseAddress else { return }
            filled = max(0, unsafe readlink(link, start, buffer.count))
        }
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }

    private struct Status {
        let kind: mode_t
        let mode: mode_t
        let owner: uid_t
        let device: UInt64
        let inode: UInt64

        /// Nil for what is not there.
        init?(_ path: String) {
            var status = stat()
            guard unsafe lstat(path, &status) == 0 else { return nil }
            (kind, mode, owner) = (status.st_mode & S_IFMT, status.st_mode, status.st_uid)
            (device, inode) = (UInt64(status.st_dev), UInt64(status.st_ino))
        }
    }
}
