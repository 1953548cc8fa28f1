import Glibc

/// Where a backup goes: a file that appears whole under its name or not at all, or standard output.
///
/// It is written beside its place, under the name with `.part` behind it, and moved there once it is whole and flushed. What is left of a backup that was killed has
/// that name, is sealed, and is overwritten by the next one.
final class BackupFile {
    let isStream: Bool
    private let path: String
    private let part: String
    private let isForced: Bool
    private var descriptor: Int32 = -1

    init(_ path: String, isForced: Bool, _ context: CommandContext) throws {
        isStream = path == "-"
        (self.path, part, self.isForced) = (path, "\(path).part", isForced)
        guard !isStream else {
            guard isatty(context.output) == 0 else {
                throw CommandFailure.usage("a backup is not for a terminal", hint: "name a file, or send it on with a pipe")
            }
            descriptor = context.output
            return
        }
        var facts = stat()
        if !isForced, unsafe lstat(path, &facts) == 0 { throw Self.exists }
        // What hinders it is told before anybody is asked. Nothing is left there meanwhile: a signal may end the command at a prompt.
        try begin()
        abandon()
    }

    deinit { abandon() }

    /// Makes the file under its name of the meantime.
    private func begin() throws {
        descriptor = unsafe open(part, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard descriptor >= 0 else {
            let isMissing = errno == ENOENT || errno == ENOTDIR
            throw CommandFailure(
                errno: errno, isMissing ? "there is no directory for \(path)" : "\(part) cannot be made",
                hint: isMissing ? "make it first, or name a file in one that is there" : "name a file in a directory of your own")
        }
        do { try take() } catch {
            // It is somebody else's.
            close(descriptor)
            descriptor = -1
            throw error
        }
    }

    private func abandon() {
        guard !isStream, descriptor >= 0 else { return }
        unsafe unlink(part)
        close(descriptor)
        descriptor = -1
    }

    /// Makes sure that nobody else writes it, or reads it.
    private func take() throws {
        var facts = stat()
        guard unsafe fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG, facts.st_uid == geteuid(), facts.st_nlink == 1 else {
            throw CommandFailure("\(part) is not a file of your own", hint: "remove it, and try again", code: "backup.file")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw CommandFailure(
                "another backup is being written to \(path)", hint: "wait until it has ended, or name another file", code: "backup.busy")
        }
        // Whoever held it before may have put it into its place.
        var named = stat()
        guard unsafe lstat(part, &named) == 0, named.st_ino == facts.st_ino, named.st_dev == facts.st_dev else {
            throw CommandFailure("\(part) was taken away", hint: "try again", code: "backup.busy")
        }
        guard fchmod(descriptor, 0o600) == 0, ftruncate(descriptor, 0) == 0 else { throw CommandFailure(errno: errno, "\(part) cannot be written") }
    }

    func write(_ bytes: [UInt8]) throws {
        if descriptor < 0 { try begin() }
        guard Console.write(bytes, to: descriptor) else {
            throw CommandFailure(
                errno: errno, "the backup cannot be written", hint: "nothing was left there; name a place with more room, and try again")
        }
    }

    /// Flushes it and puts it into its place.
    func finish() throws {
        guard !isStream else { return }
        guard fsync(descriptor) == 0 else {
            throw CommandFailure(errno: errno, "the backup cannot be flushed", hint: "nothing was left there; try again")
        }
        if isForced { try move() } else { try place() }
        close(descriptor)
        descriptor = -1
        try flushDirectory()
    }

    /// Never over what is there: it may have come meanwhile.
    private func place() throws {
        if unsafe link(part, path) == 0 {
            unsafe unlink(part)
            return
        }
        guard errno != EEXIST else { throw Self.exists }
        var facts = stat()
        // A file system without links, as those of USB sticks.
        guard unsafe lstat(path, &facts) != 0 else { throw Self.exists }
        try move()
    }

    private func move() throws {
        guard unsafe rename(part, path) == 0 else { throw CommandFailure(errno: errno, "the backup cannot be put into its place") }
    }

    private func flushDirectory() throws {
        let directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        let opened = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard opened >= 0 else { return }
        defer { close(opened) }
        // Some file systems cannot flush a directory; the file itself is flushed.
        guard fsync(opened) == 0 || errno == EINVAL else { throw CommandFailure(errno: errno, "the backup's name cannot be flushed") }
    }

    private static let exists = CommandFailure(
        "something is there already under the name of the backup", hint: "name another file, or take its place with `--force`", code: "backup.exists")
}
