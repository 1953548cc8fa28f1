import CProcess
import Glibc
package import Model
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

    /// Writes a file that was not there before, 0600, or offers it as a pipe; returns its path. `ended` is called after a pipe's last reading. What fails
    /// leaves nothing.
    package func make(_ draft: SessionFileDraft, ended: @escaping @Sendable () -> Void = {}) throws(SessionFileError) -> String {
        let text = try Self.text(of: draft)
        if let reads = draft.reads { try offer(text, draft, reads, ended) } else { try write(text, draft) }
        return "\(path)/\(draft.fileName)"
    }

    private static func text(of draft: SessionFileDraft) throws(SessionFileError) -> SecretValue {
        if case .certificates = draft.format {
            guard case .text(let authority)? = draft.items.first?.content else { throw .notWritten }
            var bytes = TrustBundle.text(with: authority)
            return SecretValue(moving: &bytes)
        }
        for item in draft.items where !item.content.isText {
            do throws(InjectionError) { try InjectionPlan.check(item.variable) } catch { throw .variable(error) }
        }
        return try SessionFileText.make(draft.items, as: draft.format)
    }

    private func write(_ text: SecretValue, _ draft: SessionFileDraft) throws(SessionFileError) {
        let name = draft.fileName
        let descriptor = unsafe openat(directory, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .notWritten }
        guard fchmod(descriptor, 0o600) == 0, Self.write(text, to: descriptor) else {
            Self.overwrite(descriptor)
            close(descriptor)
            unsafe unlinkat(directory, name, 0)
            throw .notWritten
        }
        state.withLock { $0[draft.id] = .file(name: name, descriptor: descriptor) }
    }

    private func offer(
        _ text: SecretValue, _ draft: SessionFileDraft, _ reads: Int, _ ended: @escaping @Sendable () -> Void
    ) throws(SessionFileError) {
        let pipe = try SessionPipe(draft.fileName, in: directory, reads: reads, text: text)
        let id = draft.id
        state.withLock { $0[id] = .pipe(pipe) }
        pipe.serve { [weak self] in
            _ = self?.state.withLock { $0.removeValue(forKey: id) }
            ended()
        }
    }

    /// Overwrites and removes a file; ends a pipe.
    package func remove(_ id: String) {
        switch state.withLock({ $0.removeValue(forKey: id) }) {
        case .file(let name, let descriptor):
            Self.take(name, awayFrom: descriptor, in: directory)
            Self.overwrite(descriptor)
            close(descriptor)
        case .pipe(let pipe): pipe.stop()
        case nil: break
        }
    }

    /// Takes a name away from what we made. If it leads to something else by now, that is somebody's who wants it.
    static func take(_ name: String, awayFrom descriptor: Int32, in directory: Int32) {
        var (ours, there) = (stat(), stat())
        guard unsafe fstat(descriptor, &ours) == 0, unsafe fstatat(directory, name, &there, AT_SYMLINK_NOFOLLOW) == 0,
            ours.st_dev == there.st_dev, ours.st_ino == there.st_ino
        else { return }
        unsafe unlinkat(directory, name, 0)
    }

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

    /// A keeper that was killed could not remove its files: the next one does. What is not called as they are is somebody else's and stays.
    private func removeLeftovers() {
        let copy = fcntl(directory, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0, let list = unsafe fdopendir(copy) else { return }
        defer { unsafe closedir(list) }
        unsafe rewinddir(list)
        var names: [String] = []
        while let entry = unsafe readdir(list) {
            names.append(unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
        }
        for name in names where SessionFileDraft.isFileName(name) {
            overwriteLeftover(name)
            unsafe unlinkat(directory, name, 0)
        }
    }

    /// Overwrites a regular file of this user's that has no other name. One that has may be a file that somebody put here under one of our names: only the
    /// name is taken away then, and what a session file of ours held stays under the other.
    private func overwriteLeftover(_ name: String) {
        var facts = stat()
        // Nothing else is opened: opening a device is an act.
        guard unsafe fstatat(directory, name, &facts, AT_SYMLINK_NOFOLLOW) == 0, facts.st_mode & S_IFMT == S_IFREG else { return }
        let descriptor = unsafe openat(directory, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        guard unsafe fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG, facts.st_uid == geteuid(), facts.st_nlink == 1 else { return }
        Self.overwrite(descriptor)
    }
}

extension SessionFileDraft.Content {
    /// Whether it is ours, and no secret's: such a variable may be one that programs are steered by.
    fileprivate var isText: Bool { if case .text = self { true } else { false } }
}
