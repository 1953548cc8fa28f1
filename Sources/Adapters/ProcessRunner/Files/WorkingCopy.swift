import CSandbox
import Glibc

/// A private copy of a working directory whose file system takes no overlay, and what everything in it was like when it was copied.
///
/// It lies in memory, where changes of any run lie. No file system shares its blocks with that one (FICLONE, copy_file_range), and those that share them take an
/// overlay. The caller may read the directory as its user, and holds no value.
struct WorkingCopy {
    /// How much is copied at most.
    struct Limits {
        var bytes: Int64 = 256 << 20
        /// Files, directories and links.
        var files = 30_000
        /// In milliseconds; a keeper waits for a runner for ten seconds.
        var time: Int64 = 8_000
    }

    /// One thing that was copied.
    private struct Entry {
        /// What it was in the working directory.
        let source: stat
        /// What the copy is.
        let inode: ino_t
        let changed: timespec
    }

    private var entries: [String: Entry] = [:]
    private var bytes: Int64 = 0
    private let limits: Limits
    private let deadline: Int64
    /// Whether no time was seen that tells less than a second.
    private var isCoarse = true

    /// Copies what is in a directory. What is not there when the run ends was deleted, so nothing may be missing: files that cannot be read, names that are no
    /// text, and other file systems in it are failures. Pipes, sockets and devices are left out, and never count as deleted.
    init(of source: OpenDirectory, into target: OpenDirectory, within limits: Limits = Limits()) throws(Failure) {
        (self.limits, deadline) = (limits, MonotonicClock.now() + limits.time)
        try copy(source, into: target, [])
        Self.settle()
    }

    private mutating func copy(_ source: OpenDirectory, into target: OpenDirectory, _ above: [String]) throws(Failure) {
        guard above.count < ChangeRelease.maximumDepth else { throw .tooDeep }
        let device = try Self.facts(of: source.descriptor).st_dev
        guard let names = source.allNames else { throw .unreadable }
        for name in names {
            guard let name else { throw .nameless }
            // Gone meanwhile.
            guard let facts = source.facts(name) else { continue }
            guard entries.count < limits.files else { throw .tooManyFiles(limits.files) }
            try checkTime()
            let path = above + [name]
            switch facts.kind {
            case S_IFDIR:
                // A file of an overlay may tell another device than its directory does; a directory tells the file system's.
                guard facts.st_dev == device else { throw .otherFileSystem }
                try copyDirectory(name, facts, source, target, path)
            case S_IFREG: try copyFile(name, source, target, path)
            case S_IFLNK:
                guard let leads = source.target(of: name) else { throw .nameless }
                try Self.check(unsafe symlinkat(leads, target.descriptor, name))
                guard let copied = target.facts(name) else { throw .failed(Errno(code: EIO)) }
                remember(path, facts, copied)
            default: break
            }
        }
    }

    private mutating func copyDirectory(
        _ name: String, _ facts: stat, _ source: OpenDirectory, _ target: OpenDirectory, _ path: [String]
    ) throws(Failure) {
        try Self.check(unsafe mkdirat(target.descriptor, name, 0o700))
        let opened = source.open(name, O_RDONLY | O_DIRECTORY)
        guard opened >= 0 else { throw Failure(-opened) }
        let inner = OpenDirectory(taking: opened)
        guard let copy = target.directory(name) else { throw .failed(Errno(code: EIO)) }
        remember(path, facts, try Self.facts(of: copy.descriptor))
        try self.copy(inner, into: copy, path)
        try finish(copy.descriptor, facts)
    }

    private mutating func copyFile(_ name: String, _ source: OpenDirectory, _ target: OpenDirectory, _ path: [String]) throws(Failure) {
        let from = source.open(name, O_RDONLY)
        if from == -ENOENT { return }
        guard from >= 0 else { throw Failure(-from) }
        defer { close(from) }
        let facts = try Self.facts(of: from)
        guard facts.kind == S_IFREG else { throw .failed(Errno(code: EAGAIN)) }
        let to = target.open(name, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
        guard to >= 0 else { throw .failed(Errno(code: -to)) }
        defer { close(to) }
        try copyContent(from, to, facts.st_size)
        try finish(to, facts)
        remember(path, facts, try Self.facts(of: to))
    }

    /// Reads and writes: not every file system's files can be sent from one to another by the kernel.
    private mutating func copyContent(_ from: Int32, _ to: Int32, _ size: off_t) throws(Failure) {
        guard size <= limits.bytes - bytes else { throw .tooManyBytes(limits.bytes) }
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        while true {
            let count = unsafe read(from, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Failure(errno) }
            if count == 0 { return }
            bytes += Int64(count)
            // It grows.
            guard bytes <= limits.bytes else { throw .tooManyBytes(limits.bytes) }
            try checkTime()
            var written = 0
            while written < count {
                let part = unsafe buffer.withUnsafeBytes { unsafe write(to, $0.baseAddress.map { unsafe $0 + written }, count - written) }
                guard part > 0 || errno == EINTR else { throw .failed(Errno(code: errno)) }
                written += max(0, part)
            }
        }
    }

    private func finish(_ descriptor: Int32, _ facts: stat) throws(Failure) {
        try Self.check(fchmod(descriptor, facts.st_mode & 0o777))
        let times = [facts.st_atim, facts.st_mtim]
        try Self.check(unsafe futimens(descriptor, times))
    }

    private mutating func remember(_ path: [String], _ source: stat, _ copied: stat) {
        if source.st_ctim.tv_nsec != 0 { isCoarse = false }
        entries[Self.key(path)] = Entry(source: source, inode: copied.st_ino, changed: copied.st_ctim)
    }

    private func checkTime() throws(Failure) { if MonotonicClock.now() > deadline { throw .tooSlow(limits.time) } }

    /// Waits until the clock of file systems shows a later moment than anything that was copied: whatever is changed from then on has another time.
    private static func settle() {
        var (now, shown) = (timespec(), timespec())
        unsafe clock_gettime(CLOCK_REALTIME, &now)
        for _ in 0..<100 {
            unsafe clock_gettime(CLOCK_REALTIME_COARSE, &shown)
            if (shown.tv_sec, shown.tv_nsec) > (now.tv_sec, now.tv_nsec) { return }
            usleep(500)
        }
    }

    private static func facts(of descriptor: Int32) throws(Failure) -> stat {
        var facts = stat()
        try check(unsafe fstat(descriptor, &facts))
        return facts
    }

    private static func check(_ result: Int32) throws(Failure) { if result != 0 { throw .failed(Errno(code: errno)) } }

    private static func key(_ path: [String]) -> String { path.joined(separator: "/") }
}

// MARK: - Comparing

extension WorkingCopy {
    /// Whether something was copied under a path.
    func holds(_ path: [String]) -> Bool { entries[Self.key(path)] != nil }

    /// Whether the run left an entry of the copy alone. Of a directory it says that it is the one that was copied.
    func isOriginal(_ path: [String], _ facts: stat) -> Bool {
        guard let entry = entries[Self.key(path)], entry.inode == facts.st_ino, entry.source.kind == facts.kind else { return false }
        return facts.kind == S_IFDIR || facts.st_ctim.isSame(entry.changed)
    }

    /// Whether an entry of the working directory is as it was copied. What was not copied was made by somebody since.
    func isUnchanged(_ path: [String], _ facts: stat) -> Bool {
        guard let then = entries[Self.key(path)]?.source else { return false }
        return then.st_mode == facts.st_mode && then.st_size == facts.st_size && then.st_mtim.isSame(facts.st_mtim)
            && then.st_ctim.isSame(facts.st_ctim)
    }

    /// The moment from which a change counts as one since `start`: where times are rounded down, to two seconds at most (FAT), an earlier one.
    func since(_ start: timespec) -> timespec {
        isCoarse ? timespec(tv_sec: start.tv_sec - 2, tv_nsec: start.tv_nsec) : start
    }
}

extension timespec {
    fileprivate func isSame(_ other: timespec) -> Bool { (tv_sec, tv_nsec) == (other.tv_sec, other.tv_nsec) }
}

// MARK: - Failures

extension WorkingCopy {
    /// Why a directory was not copied.
    enum Failure: Error, Equatable {
        case tooManyBytes(Int64)
        case tooManyFiles(Int)
        case tooDeep
        case unreadable
        case nameless
        case otherFileSystem
        case tooSlow(Int64)
        case failed(Errno)

        /// The refusal of a run in this directory.
        func refusal(of path: String) -> RunRefusal { .notCopied(path, reason, remedy) }

        init(_ error: Int32) { self = error == EACCES || error == EPERM ? .unreadable : .failed(Errno(code: error)) }

        var reason: String {
            switch self {
            case .tooManyBytes(let limit): "its files hold more than \(limit >> 20) MiB"
            case .tooManyFiles(let limit): "it holds more than \(limit) files, directories and links"
            case .tooDeep: "directories in it lie more than \(ChangeRelease.maximumDepth) deep"
            case .unreadable: "something in it cannot be read"
            case .nameless: "a name in it is no text"
            case .otherFileSystem: "another file system is mounted in it"
            case .tooSlow(let limit): "that took longer than \(limit / 1000) seconds"
            case .failed(let error): error.text
            }
        }

        /// What to do.
        var remedy: String {
            let elsewhere = "work on another file system, such as ext4, XFS, Btrfs or tmpfs"
            return switch self {
            case .tooManyBytes, .tooManyFiles, .tooDeep, .tooSlow, .failed: "work in a smaller directory, or \(elsewhere)"
            case .unreadable: "`find . ! -readable` names it; move it elsewhere, or \(elsewhere)"
            case .nameless: "rename it, or \(elsewhere)"
            case .otherFileSystem: "work in a directory in which nothing is mounted, or \(elsewhere)"
            }
        }
    }
}
