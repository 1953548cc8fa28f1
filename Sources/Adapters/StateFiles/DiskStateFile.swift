import Glibc
import Model
import Storage
import Synchronization

/// A state file on disk, 0600 in a directory of 0700. Writers within the process take turns.
package final class DiskStateFile: StateFile {
    /// How a write treats a loss of power.
    package enum Durability: Sendable {
        /// Written beside the old file, flushed, then renamed over it.
        case flushed
        /// Written in place, without waiting for the disk: it survives the death of the process, and loses at most the last updates with the power.
        case lazy
    }

    /// The largest state file that is read: 8 MiB.
    package static let maximumByteCount = 8 << 20

    private let path: String
    private let durability: Durability
    private let turn = Mutex<Int32>(-1)

    package init(path: String, durability: Durability) {
        self.path = path
        self.durability = durability
    }

    deinit {
        let descriptor = turn.withLock { $0 }
        if descriptor >= 0 { close(descriptor) }
    }

    package func load() throws -> [UInt8]? {
        try turn.withLock { _ in
            // Whatever is no file is found out, not waited for.
            let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
            guard descriptor >= 0 else {
                if errno == ENOENT { return nil }
                throw StateFileError.unreadable(path: path)
            }
            defer { close(descriptor) }
            _ = try checked(descriptor)
            return try readAll(descriptor)
        }
    }

    package func store(_ bytes: [UInt8]) throws {
        try turn.withLock { held in
            switch durability {
            case .flushed: try replace(bytes)
            case .lazy: try overwrite(bytes, &held)
            }
        }
    }

    package func append(_ bytes: [UInt8]) throws {
        try turn.withLock { _ in
            let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
            guard descriptor >= 0 else { throw StateFileError.unwritable(path: path) }
            defer { close(descriptor) }
            let before = try checked(descriptor).st_size
            // An appended record comes whole or not at all: what the disk took of it is cut off again, so that the next one does not join it.
            let count = unsafe bytes.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
            guard count == bytes.count, fsync(descriptor) == 0, before > 0 || flushDirectory() else {
                ftruncate(descriptor, before)
                throw StateFileError.unwritable(path: path)
            }
        }
    }

    private func readAll(_ descriptor: Int32) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var slice = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = unsafe read(descriptor, &slice, slice.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0, bytes.count + count <= Self.maximumByteCount else { throw StateFileError.unreadable(path: path) }
            if count == 0 { return bytes }
            bytes += slice[..<count]
        }
    }

    private func replace(_ bytes: [UInt8]) throws {
        let beside = path + ".new"
        unsafe unlink(beside)
        let descriptor = unsafe open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw StateFileError.unwritable(path: path) }
        defer { close(descriptor) }
        guard writeAll(bytes, to: descriptor, at: 0), fsync(descriptor) == 0, unsafe rename(beside, path) == 0 else {
            unsafe unlink(beside)
            throw StateFileError.unwritable(path: path)
        }
        guard flushDirectory() else { throw StateFileError.unwritable(path: path) }
    }

    /// Makes a new name last: it belongs to the directory.
    private func flushDirectory() -> Bool {
        let parent = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = unsafe open(parent, O_RDONLY | O_CLOEXEC | O_DIRECTORY)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return fsync(descriptor) == 0
    }

    /// The bytes are written in one call at the start of the file, with their length before them in what the caller encodes.
    private func overwrite(_ bytes: [UInt8], _ held: inout Int32) throws {
        if held >= 0, !isInPlace(held) {
            close(held)
            held = -1
        }
        if held < 0 {
            let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
            guard descriptor >= 0 else { throw StateFileError.unwritable(path: path) }
            do { _ = try checked(descriptor) } catch {
                close(descriptor)
                throw error
            }
            held = descriptor
        }
        guard writeAll(bytes, to: held, at: 0), ftruncate(held, bytes.count) == 0 else { throw StateFileError.unwritable(path: path) }
    }

    /// Whether an open file is the one at the path: into one that was moved or removed everything would be written in vain.
    private func isInPlace(_ descriptor: Int32) -> Bool {
        var (open, found) = (stat(), stat())
        return unsafe fstat(descriptor, &open) == 0 && lstat(path, &found) == 0 && open.st_dev == found.st_dev && open.st_ino == found.st_ino
    }

    private func writeAll(_ bytes: [UInt8], to descriptor: Int32, at offset: Int) -> Bool {
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe pwrite(descriptor, $0.baseAddress.map { unsafe $0 + done }, bytes.count - done, offset + done)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            done += count
        }
        return true
    }

    /// The facts of an open file that is the user's alone.
    private func checked(_ descriptor: Int32) throws -> stat {
        var facts = stat()
        guard unsafe fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { throw StateFileError.unreadable(path: path) }
        guard facts.st_uid == geteuid(), facts.st_mode & 0o077 == 0 else { throw StateFileError.loose(path: path) }
        return facts
    }
}

/// Why a state file could not be used.
package enum StateFileError: Diagnosable, Equatable {
    case unreadable(path: String)
    case unwritable(path: String)
    case loose(path: String)

    package var code: String { "state.unusable" }

    package var message: String {
        switch self {
        case .unreadable(let path): "\(path) could not be read"
        case .unwritable(let path): "\(path) could not be written"
        case .loose(let path): "\(path) is not yours alone"
        }
    }

    package var hint: String? {
        switch self {
        case .unreadable, .unwritable: "check the disk's space and the directory's permissions"
        case .loose(let path): "chmod 600 \(path), and make sure that you own it"
        }
    }
}
