import Glibc

/// Where an export goes: a new file, 0600, which is removed again when the export fails, or a descriptor that is there.
final class OutputFile {
    private let path: String?
    private let descriptor: Int32
    private var isFinished = false

    /// `onExisting` is the hint where something is there already.
    init(_ path: String?, or usual: Int32, onExisting: String = "an export never overwrites a file: remove it, or name another") throws {
        self.path = path
        guard let path else {
            descriptor = usual
            return
        }
        descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw CommandFailure(errno: errno, "the file cannot be made", hint: errno == EEXIST ? onExisting : nil)
        }
    }

    deinit {
        // A file that was there before is not this export's to remove.
        guard let path, descriptor >= 0 else { return }
        close(descriptor)
        if !isFinished { unsafe unlink(path) }
    }

    func write(_ bytes: [UInt8]) throws {
        guard Console.write(bytes, to: descriptor) else { throw OutputLoss.failure(errno, "not everything could be written") }
    }

    /// What was written is on the disk; it is removed all the same unless `finish` follows.
    func flush() throws { if path != nil, fsync(descriptor) != 0 { throw CommandFailure(errno: errno, "not everything could be written") } }

    /// What was written stays.
    func finish() throws {
        try flush()
        isFinished = true
    }
}
