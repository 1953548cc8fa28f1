import Glibc
import Model
import Storage

/// The directory of a vault, checked: ours alone, as are the files in it, and under no directory that others can write.
struct VaultDirectory {
    let path: String

    var database: String { path + "/vault.db" }
    var lock: String { path + "/vault.lock" }

    /// Checks a directory; with `create`, makes it and what is missing above it, open to nobody else.
    init(path given: String, create: Bool) throws(StoreError) {
        let (parent, name) = try Self.split(given)
        if create { try Self.makeMissing(parent) }
        guard let resolved = Self.resolved(parent) else { throw .absent(path: given) }
        path = (resolved == "/" ? "" : resolved) + "/" + name
        if create { try Self.make(path) }
        guard let status = try FileStatus(path) else { throw .absent(path: path) }
        guard status.isDirectory else { throw .misplaced(path: path, thing: "directory", fix: Self.wayOut(path, status)) }
        try status.requirePrivate(path, mode: 0o700)
        try Self.checkAbove(resolved)
        for file in Self.files { try checkFile(path + "/" + file) }
        if create { return }
        guard try FileStatus(database) != nil else { throw .absent(path: path) }
    }

    /// Checks a directory of which nothing more is known, such as that of the state: ours alone, and no link.
    static func requirePrivate(_ path: String) throws(StoreError) {
        guard let status = try FileStatus(path) else { return }
        guard status.isDirectory else {
            throw .misplaced(path: path, thing: "directory", fix: "put the directory itself there: a link is not followed")
        }
        try status.requirePrivate(path, mode: 0o700)
    }

    /// Every file that SQLite or the lock may leave here.
    static let files = ["vault.db", "vault.db-wal", "vault.db-shm", "vault.db-journal", "vault.lock"]

    /// Makes the empty database file, before SQLite does with whatever mode the process happens to have.
    func makeDatabase() throws(StoreError) {
        if try FileStatus(database) != nil { return }
        let descriptor = unsafe Glibc.open(database, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system("vault.db could not be made") }
        defer { Glibc.close(descriptor) }
        guard fchmod(descriptor, 0o600) == 0 else { throw .system("the mode of vault.db could not be set") }
    }

    /// Refuses a log that somebody left when they took its database away: SQLite would play it into the next one.
    func requireNoStrayLog() throws(StoreError) {
        guard try FileStatus(database) == nil else { return }
        for log in [database + "-wal", database + "-journal"] where try FileStatus(log)?.byteCount ?? 0 > 0 { throw .strayLog(path: log) }
    }

    /// Makes the names in the directory, and its own, durable.
    func flush() throws(StoreError) {
        for directory in [path, path + "/.."] {
            let descriptor = unsafe Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard descriptor >= 0 else { throw .system("the vault's directory could not be opened") }
            defer { Glibc.close(descriptor) }
            guard fsync(descriptor) == 0 else { throw .system("the vault's directory could not be flushed") }
        }
    }

    private func checkFile(_ path: String) throws(StoreError) {
        guard let status = try FileStatus(path) else { return }
        guard status.isFile else { throw .misplaced(path: path, thing: "file", fix: "put the file itself there: a link is not followed") }
        try status.requirePrivate(path, mode: 0o600)
    }
}

extension VaultDirectory {
    private static func split(_ given: String) throws(StoreError) -> (parent: String, name: String) {
        let parts = given.split(separator: "/")
        guard let name = parts.last, name != ".", name != ".." else { throw .failed("a vault needs a directory with a name of its own") }
        let parent = parts.dropLast().joined(separator: "/")
        if given.hasPrefix("/") { return ("/" + parent, String(name)) }
        return (parent.isEmpty ? "." : parent, String(name))
    }

    /// What to do about something that is no directory. A link is not followed: whoever may change it would choose the vault.
    private static func wayOut(_ path: String, _ status: FileStatus) -> String {
        guard status.isLink else { return "move it away, or name another directory with `TACIT_VAULT`" }
        guard let target = resolved(path) else { return "remove the link, which leads nowhere: rm \(quoted(path))" }
        return "name the directory that the link leads to: TACIT_VAULT=\(quoted(target)), for keeper and commands alike"
    }

    private static func resolved(_ path: String) -> String? {
        guard let buffer = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(buffer) }
        return unsafe String(cString: buffer)
    }

    private static func makeMissing(_ path: String) throws(StoreError) {
        var made = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            made += "/" + part
            try make(made)
        }
    }

    /// Makes one directory, unless something of that name exists; what it is, is checked later.
    private static func make(_ path: String) throws(StoreError) {
        if unsafe mkdir(path, 0o700) != 0 {
            guard errno == EEXIST else { throw .system("\(path) could not be made") }
        } else if unsafe chmod(path, 0o700) != 0 {
            throw .system("the mode of \(path) could not be set")
        }
    }

    /// Nobody else may be able to put another directory in this one's place. In a sticky directory (/tmp) they cannot.
    private static func checkAbove(_ resolved: String) throws(StoreError) {
        var path = resolved
        while true {
            guard let status = try FileStatus(path) else { throw .absent(path: path) }
            guard status.owner == 0 || status.owner == geteuid() else { throw .loose(path, fix: "move the vault out of \(quoted(path))") }
            guard status.mode & 0o022 == 0 || status.isSticky else { throw .loose(path, fix: "chmod go-w \(quoted(path))") }
            guard path != "/", let slash = path.lastIndex(of: "/") else { return }
            path = slash == path.startIndex ? "/" : String(path[..<slash])
        }
    }
}

/// What a path is, without following a link at its end.
struct FileStatus {
    let owner: UInt32
    let mode: UInt32
    let identity: FileIdentity
    let byteCount: Int

    /// Nil when there is nothing.
    init?(_ path: String) throws(StoreError) {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else {
            guard errno == ENOENT else { throw .system("the vault's files could not be looked at") }
            return nil
        }
        self.init(status)
    }

    init(_ status: stat) {
        owner = status.st_uid
        mode = status.st_mode
        byteCount = Int(status.st_size)
        identity = FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }

    var isDirectory: Bool { mode & S_IFMT == S_IFDIR }
    var isLink: Bool { mode & S_IFMT == S_IFLNK }
    var isFile: Bool { mode & S_IFMT == S_IFREG }
    var isSticky: Bool { mode & S_ISVTX != 0 }

    /// Refuses what belongs to someone else or has another mode than it must have.
    func requirePrivate(_ path: String, mode wanted: UInt32) throws(StoreError) {
        guard owner == geteuid() else { throw .loose(path, fix: "use it as the user who owns it (uid \(owner)), or chown it") }
        guard mode & 0o7777 == wanted else { throw .loose(path, fix: "chmod \(String(wanted, radix: 8)) \(quoted(path))") }
    }
}

extension StoreError {
    fileprivate static func loose(_ path: String, fix: String) -> StoreError { .loosePermissions(path: path, fix: fix) }

    /// An error of the system, in its words.
    static func system(_ what: String) -> StoreError {
        let number = errno
        switch number {
        case ENOSPC, EDQUOT: return .full
        default:
            guard let words = unsafe strerror(number) else { return .refusedBySystem(what: what, reason: "error \(number)") }
            let reason = unsafe String(cString: words)
            return .refusedBySystem(what: what, reason: reason.prefix(1).lowercased() + reason.dropFirst())
        }
    }
}

/// A path as a shell takes it.
private func quoted(_ path: String) -> String {
    let isPlain = path.utf8.allSatisfy { byte in
        switch UInt8(byte) {
        case 0x2D...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: true
        default: false
        }
    }
    return isPlain ? path : "'" + path.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
}
