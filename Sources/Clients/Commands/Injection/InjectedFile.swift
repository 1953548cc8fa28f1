import CProcess
import Glibc

/// A file with values: 0600, whole or not at all, and over nothing that is there unless told so.
///
/// It has no name until it is whole (O_TMPFILE), so a command that is killed leaves nothing. Only to stand in another file's place it needs a name of its own
/// for the moment between two system calls; and on a file system without nameless files it has that name while it is written. Signals that end programs
/// wait meanwhile; what a SIGKILL leaves then is removed by the next command with the same path.
struct InjectedFile {
    private let path: String
    private let isReplacing: Bool
    /// Whether it is without a name while it is written, where the file system can do that.
    private let isNameless: Bool

    init(_ path: String, replacing: Bool, nameless: Bool = true) {
        (self.path, isReplacing, isNameless) = (path, replacing, nameless)
    }

    /// Its name while it is not in its place. The same for each command, so that the next finds what one that was killed left.
    var besides: String { "\(directory)/.\(name).tacit-inject" }

    private var name: Substring { path[(path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex)...] }
    private var directory: String { path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "." }

    /// Writes it. `beforePlacing` is called when it is whole, before it has its name.
    func write(_ bytes: [UInt8], beforePlacing: () -> Void = {}) throws {
        // One that lies there from a command that was killed holds values.
        unsafe unlink(besides)
        try EndingSignals.waiting {
            let descriptor = isNameless ? unsafe tacit_open_nameless(directory) : -EOPNOTSUPP
            guard descriptor >= 0 else { return try writeNamed(bytes, beforePlacing) }
            defer { close(descriptor) }
            guard Console.write(bytes, to: descriptor), fsync(descriptor) == 0 else { throw notWritten(errno) }
            beforePlacing()
            if isReplacing {
                try link(descriptor, to: besides)
                try place()
            } else {
                try link(descriptor, to: path)
            }
        }
    }

    /// Where the file system has no nameless files.
    private func writeNamed(_ bytes: [UInt8], _ beforePlacing: () -> Void) throws {
        let file = try OutputFile(isReplacing ? besides : path, or: -1, onExisting: Self.existing)
        try file.write(bytes)
        beforePlacing()
        if isReplacing { try place() }
        try file.finish()
    }

    private func link(_ descriptor: Int32, to path: String) throws {
        let result = unsafe tacit_name_file(descriptor, path)
        let error = -result
        guard error == 0 else { throw CommandFailure(errno: error, "the file cannot be made", hint: error == EEXIST ? Self.existing : nil) }
    }

    /// Whoever reads meanwhile has the old file or the new one, and a link is replaced, not followed.
    private func place() throws {
        guard unsafe rename(besides, path) == 0 else {
            let error = errno
            unsafe unlink(besides)
            throw CommandFailure(errno: error, "the file cannot be put in its place")
        }
    }

    private func notWritten(_ error: Int32) -> CommandFailure { CommandFailure(errno: error, "not everything could be written") }

    private static let existing = "use --force to replace it"
}

/// The signals that end programs and that a person or a system sends.
enum EndingSignals {
    static let numbers = [SIGINT, SIGTERM, SIGHUP]

    static var set: sigset_t {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for number in numbers { unsafe sigaddset(&set, number) }
        return set
    }

    /// Whether one has come, and waits.
    static var isOneWaiting: Bool {
        var pending = sigset_t()
        guard unsafe sigpending(&pending) == 0 else { return false }
        return numbers.contains { unsafe sigismember(&pending, $0) == 1 }
    }

    /// Does something that they do not interrupt: they come afterwards.
    static func waiting<Result>(_ body: () throws -> Result) rethrows -> Result {
        var set = set
        var before = sigset_t()
        unsafe pthread_sigmask(SIG_BLOCK, &set, &before)
        defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
        return try body()
    }
}
