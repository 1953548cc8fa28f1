import CProcess
import Glibc
import Model
import PlaintextDoor
import Synchronization

/// Session files in a directory of their own, 0700, each 0600 and made anew, or pipes that are offered there.
///
/// The directory is opened once, and everything is named from its descriptor: a link that is put in its place leads nowhere.
package final class SessionFiles: Sendable {
    private let path: String
    private let directory: Int32
    /// Whether it lies in memory and never on a disk.
    package let isInMemory: Bool
    private let state = Mutex<[String: Made]>([:])

    /// A file that is held open until it is removed, so that what is overwritten is what was written, wherever its name went.
    private enum Made {
        case file(name: String, descriptor: Int32)
        case pipe(SessionPipe)
    }

    /// Opens the directory, or makes it, and removes what an earlier keeper left there.
    package init(directory path: String) throws(SessionFileError) {
        self.path = path
        if unsafe mkdir(path, 0o700) != 0, errno != EEXIST { throw .noDirectory(path) }
        directory = unsafe open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard directory >= 0 else { throw .noDirectory(path) }
        var facts = stat()
        guard unsafe fstat(directory, &facts) == 0, facts.st_uid == geteuid(), facts.st_mode & 0o077 == 0 else {
            close(directory)
            throw .loose(path)
        }
        isInMemory = tacit_is_in_memory(directory) == 1
        removeLeftovers()
    }

    deinit {
        for id in state.withLock({ Array($0.keys) }) { remove(id) }
        close(directory)
    }

    /// Writes a file that was not there before, 0600; returns its path. What fails leaves nothing.
    package func make(_ id: String, _ format: SessionFileText.Format, _ items: [SessionFileText.Item]) throws(SessionFileError) -> String {
        let text = try Self.text(format, items)
        let name = Self.name(id, format)
        let descriptor = unsafe openat(directory, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .notWritten }
        guard fchmod(descriptor, 0o600) == 0, Self.write(text, to: descriptor) else {
            Self.overwrite(descriptor)
            close(descriptor)
            unsafe unlinkat(directory, name, 0)
            throw .notWritten
        }
        state.withLock { $0[id] = .file(name: name, descriptor: descriptor) }
        return "\(path)/\(name)"
    }

    /// Offers the text as a pipe that can be read `reads` times; `ended` is called after the last.
    package func offer(
        _ id: String, _ format: SessionFileText.Format, _ items: [SessionFileText.Item], reads: Int, ended: @escaping @Sendable () -> Void
    ) throws(SessionFileError) -> String {
        let text = try Self.text(format, items)
        let name = Self.name(id, format)
        let pipe = try SessionPipe(name, in: directory, reads: reads, text: text)
        state.withLock { $0[id] = .pipe(pipe) }
        pipe.serve { [weak self] in
            _ = self?.state.withLock { $0.removeValue(forKey: id) }
            ended()
        }
        return "\(path)/\(name)"
    }

    /// Overwrites and removes a file; ends a pipe.
    package func remove(_ id: String) {
        switch state.withLock({ $0.removeValue(forKey: id) }) {
        case .file(let name, let descriptor):
            unsafe unlinkat(directory, name, 0)
            Self.overwrite(descriptor)
            close(descriptor)
        case .pipe(let pipe): pipe.stop()
        case nil: break
        }
    }

    private static func text(_ format: SessionFileText.Format, _ items: [SessionFileText.Item]) throws(SessionFileError) -> SecretValue {
        for item in items { do throws(InjectionError) { try InjectionPlan.check(item.variable) } catch { throw .variable(error) } }
        return try SessionFileText.make(items, as: format)
    }

    private static func name(_ id: String, _ format: SessionFileText.Format) -> String { id + (format == .dotenv ? ".env" : ".json") }

    private static func write(_ text: SecretValue, to descriptor: Int32) -> Bool {
        text.withPlaintext(PlaintextDoor()) { bytes in
            unsafe bytes.withUnsafeBytes { buffer in
                var done = 0
                while done < buffer.count {
                    let count = unsafe Glibc.write(descriptor, buffer.baseAddress.map { unsafe $0 + done }, buffer.count - done)
                    if count < 0, errno == EINTR { continue }
                    guard count > 0 else { return false }
                    done += count
                }
                return true
            }
        }
    }

    /// Writes zeros over what is there: another name that somebody gave the file shows nothing either.
    private static func overwrite(_ descriptor: Int32) {
        var facts = stat()
        guard unsafe fstat(descriptor, &facts) == 0 else { return }
        let zeros = [UInt8](repeating: 0, count: 64 << 10)
        var done = 0
        while done < Int(facts.st_size) {
            let count = unsafe pwrite(descriptor, zeros, min(zeros.count, Int(facts.st_size) - done), done)
            guard count > 0 else { break }
            done += count
        }
        ftruncate(descriptor, 0)
    }

    /// A keeper that was killed could not remove its files: the next one does. What is no file of ours is taken out of the way unread.
    private func removeLeftovers() {
        let copy = fcntl(directory, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0, let list = unsafe fdopendir(copy) else { return }
        defer { unsafe closedir(list) }
        unsafe rewinddir(list)
        while let entry = unsafe readdir(list) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            guard name != ".", name != ".." else { continue }
            let descriptor = unsafe openat(directory, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
            if descriptor >= 0 {
                var facts = stat()
                if unsafe fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG, facts.st_uid == geteuid() { Self.overwrite(descriptor) }
                close(descriptor)
            }
            unsafe unlinkat(directory, name, 0)
        }
    }
}
