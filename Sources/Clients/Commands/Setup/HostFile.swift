import Glibc

/// A file of a host's, read and replaced as a whole.
struct HostFile {
    /// The largest that is read: hosts keep their history in some of them.
    private static let limit = 64 << 20

    /// Where it really lies, links followed.
    let path: String

    /// Refuses a path that a link leads out of the folders that it may lie in.
    init(_ path: String, within folders: [String], naming whole: String = "your home directory") throws {
        self.path = try Self.resolved(path)
        let places = folders.map { Self.real($0) ?? $0 }
        guard places.contains(where: { self.path.hasPrefix("\($0)/") }) else {
            throw CommandFailure(
                "\(path) is a link to a place outside \(whole); nothing was changed",
                hint: "`tacit setup print` prints what to put there by hand", status: .usage, code: "setup.link")
        }
    }

    /// The file's bytes; nil when there is none.
    func content() throws -> [UInt8]? {
        var facts = stat()
        guard unsafe stat(path, &facts) == 0 else { return nil }
        // A pipe would keep the command waiting for whoever put it there.
        guard [S_IFREG, S_IFDIR].contains(facts.st_mode & S_IFMT) else {
            throw CommandFailure("\(path) is no file; nothing was changed", status: .usage, code: "setup.no-file")
        }
        return try Input.readFile(path, limit: Self.limit, naming: path)
    }

    /// Replaces the file at once, if it still is what `edit` was made from. The old one is kept beside it; returns where.
    func write(_ edit: HostEdit) throws -> String? {
        if edit.isEnd { return try end(edit) }
        try makeDirectory()
        let mode = try edit.before.map { _ in try self.mode() } ?? 0o600
        let backup = try edit.before.map { before in
            let backup = "\(path).before-tacit"
            unsafe unlink(backup)
            try Self.write(before, to: backup, mode: 0o600)
            return backup
        }
        let fresh = "\(path).tacit-\(getpid())"
        unsafe unlink(fresh)
        try Self.write(edit.after, to: fresh, mode: mode)
        do {
            guard try content() == edit.before else { throw changedMeanwhile }
            guard unsafe rename(fresh, path) == 0 else { throw CommandFailure(errno: errno, "\(path) cannot be replaced") }
        } catch {
            unsafe unlink(fresh)
            throw error
        }
        return backup
    }

    /// Takes away a file that has nothing but what Tacit wrote.
    private func end(_ edit: HostEdit) throws -> String? {
        _ = try mode()
        guard try content() == edit.before else { throw changedMeanwhile }
        guard unsafe unlink(path) == 0 else { throw CommandFailure(errno: errno, "\(path) cannot be removed") }
        return nil
    }

    private var changedMeanwhile: CommandFailure {
        CommandFailure(
            "\(path) was changed by another program meanwhile; it was left as it is", hint: "run the command again", code: "setup.changed")
    }

    private func mode() throws -> mode_t {
        var facts = stat()
        guard unsafe stat(path, &facts) == 0 else { throw CommandFailure(errno: errno, "\(path) cannot be read") }
        guard facts.st_uid == geteuid() else { throw CommandFailure("\(path) belongs to another user; nothing was changed", code: "setup.not-own") }
        return facts.st_mode & 0o777
    }

    private func makeDirectory() throws {
        for end in path.indices.dropFirst() where path[end] == "/" {
            let directory = String(path[..<end])
            if unsafe mkdir(directory, 0o700) != 0, errno != EEXIST { throw CommandFailure(errno: errno, "\(directory) cannot be made") }
        }
    }

    private static func write(_ bytes: [UInt8], to path: String, mode: mode_t) throws {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw CommandFailure(errno: errno, "\(path) cannot be made") }
        defer { close(descriptor) }
        guard Console.write(bytes, to: descriptor), fchmod(descriptor, mode) == 0, fsync(descriptor) == 0 else {
            let error = errno
            unsafe unlink(path)
            throw CommandFailure(errno: error, "\(path) cannot be written")
        }
    }

    /// The path with every link of it followed, as far as it is there.
    private static func resolved(_ path: String) throws -> String {
        if let real = real(path) { return real }
        var facts = stat()
        if unsafe lstat(path, &facts) == 0 {
            throw CommandFailure("\(path) is a link to nothing", hint: "remove it", status: .usage, code: "setup.link")
        }
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return path }
        return try resolved(String(path[..<slash])) + path[slash...]
    }

    private static func real(_ path: String) -> String? {
        guard let text = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(text) }
        return unsafe String(cString: text)
    }
}
