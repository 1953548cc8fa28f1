import CProcess
import Glibc
import Model
import Synchronization

/// The working directory of a run, opened, and the private directories that are made for it and removed after it.
final class RunDirectories {
    /// The working directory's descriptor.
    let working: Int32
    /// What the job named, as it was opened; nil for a private working directory.
    let named: FilePlace?
    /// A private, empty home; nil when the child has the real one.
    let home: String?
    private var base: String?
    /// Holds the lock that tells others of this user that the private directories are somebody's.
    private var hold: Int32
    private let isRemoved = Atomic(false)

    init(for job: RunJob) throws(RunRefusal) {
        let needsBase = job.home == .temporary || (job.directory == nil && job.asker == .agent)
        // Nobody sees a runner end that is the first of a process namespace but root's helper, which looks into no directory.
        if job.caller != nil { Self.removeLeftovers(of: nil) }
        (base, hold) = needsBase ? try Self.makeBase() : (nil, -1)
        home = job.home == .temporary ? base.map { "\($0)/home" } : nil
        let ownWork = base.map { "\($0)/work" }
        for path in [home, ownWork].compactMap(\.self) { unsafe mkdir(path, 0o700) }
        let path = job.directory ?? ownWork ?? "/"
        // Who started this process as another user went there, as the person may, and nobody can lead it elsewhere now.
        let isThere = job.caller != nil && job.directory != nil
        let opened = unsafe tacit_open_directory(isThere ? "." : path)
        guard opened >= 0 else {
            if let base { _ = unsafe tacit_remove_tree(-1, base) }
            throw .noDirectory(path, Errno(code: -opened))
        }
        working = opened
        named = job.directory == nil ? nil : FilePlace(opened)
        guard job.directory != nil, named == nil else { return }
        // Nothing stands for a directory of which nothing can be told.
        if let base { _ = unsafe tacit_remove_tree(-1, base) }
        throw .noDirectory(path, Errno(code: EIO))
    }

    deinit { for descriptor in [working, hold] where descriptor >= 0 { close(descriptor) } }

    /// Removes what was made for the run.
    func remove() {
        guard let base, !isRemoved.exchange(true, ordering: .relaxed) else { return }
        _ = unsafe tacit_remove_tree(-1, base)
    }

    /// Writes a file of the run that its program, and whoever that starts, opens by its path; gives the path.
    func write(_ text: [UInt8], as name: String) throws(RunRefusal) -> String {
        if base == nil {
            let (made, lock) = try Self.makeBase()
            (base, hold) = (made, lock)
        }
        guard let base else { throw .noPrivateDirectory(Errno(code: EIO)) }
        let path = "\(base)/\(name)"
        let opened = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o400)
        guard opened >= 0 else { throw .noFile(Errno(code: errno)) }
        defer { close(opened) }
        var offset = 0
        while offset < text.count {
            let count = unsafe text[offset...].withUnsafeBytes { unsafe Glibc.write(opened, $0.baseAddress, $0.count) }
            guard count > 0 else { throw .noFile(Errno(code: errno)) }
            offset += count
        }
        return path
    }

    /// Where private directories are made, and how their names begin; the id of the runner and six random characters follow.
    private static let parent = "/tmp"
    private static let prefix = "tacit-run-"

    /// Removes what a runner left that was killed: the directories of this user that carry its id; or, without one, those that no runner holds.
    static func removeLeftovers(of runner: Int32?) {
        guard let directory = unsafe opendir(parent) else { return }
        defer { unsafe closedir(directory) }
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            guard let maker = Self.maker(of: name), runner == nil || maker == runner else { continue }
            let path = "\(parent)/\(name)"
            var status = stat()
            guard unsafe lstat(path, &status) == 0, status.st_uid == geteuid() else { continue }
            let lock = runner == nil ? take(path) : -1
            defer { if lock >= 0 { close(lock) } }
            if runner != nil || lock >= 0 { _ = unsafe tacit_remove_tree(-1, path) }
        }
    }

    /// The runner that made a private directory; nil for a name that no runner gives.
    private static func maker(of name: String) -> Int32? {
        let parts = name.dropFirst(prefix.count).split(separator: ".", omittingEmptySubsequences: false)
        guard name.hasPrefix(prefix), parts.count == 2, parts[1].utf8.count == 6 else { return nil }
        return Int32(parts[0])
    }

    /// Makes a directory that only this user can enter, and holds it.
    private static func makeBase() throws(RunRefusal) -> (String, Int32) {
        // Between its making and its lock another runner may take it for a leftover.
        for _ in 0..<100 {
            var letters = Array("\(parent)/\(prefix)\(getpid()).XXXXXX".utf8CString)
            let result = unsafe tacit_make_private_directory(&letters)
            guard result == 0 else { throw .noPrivateDirectory(Errno(code: -result)) }
            let path = String(decoding: letters.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let hold = take(path)
            if hold >= 0 { return (path, hold) }
        }
        throw .noPrivateDirectory(Errno(code: EAGAIN))
    }

    /// Locks a directory that is still there; -1 where somebody else has it or took it away.
    private static func take(_ path: String) -> Int32 {
        let opened = unsafe open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard opened >= 0 else { return -1 }
        var facts = stat()
        if flock(opened, LOCK_EX | LOCK_NB) == 0, unsafe fstat(opened, &facts) == 0, facts.st_nlink > 0 { return opened }
        close(opened)
        return -1
    }
}
