import Dispatch
import Glibc
import Model
import PlaintextDoor
import Synchronization

/// A text that is offered as a named pipe and can be read a number of times.
///
/// Each reading has a pipe of its own: as soon as a reader has come, the name is taken away or leads to the next pipe, so that a second one does not get a
/// part of what was meant for the first.
final class SessionPipe: Sendable {
    private let name: String
    private let directory: Int32
    private let reads: Int
    private let text: SecretValue
    private let isStopped = Mutex(false)

    /// How often a reader is looked for.
    private static let pause = timespec(tv_sec: 0, tv_nsec: 20_000_000)
    /// How long a reader is waited for at a time, in milliseconds, and how often: a lock waits no longer than one of them for the text to be gone.
    private static let look: Int32 = 20
    private static let looks = 250

    /// Makes the first pipe; a name that is there is refused. The directory is the caller's, who keeps it open.
    init(_ name: String, in directory: Int32, reads: Int, text: SecretValue) throws(SessionFileError) {
        self.name = name
        self.reads = reads
        self.text = text
        self.directory = fcntl(directory, F_DUPFD_CLOEXEC, 0)
        guard self.directory >= 0, unsafe mkfifoat(self.directory, name, 0o600) == 0 else { throw .notWritten }
    }

    deinit { if directory >= 0 { close(directory) } }

    /// Serves readers on a thread of its own until the last has come, or until it is stopped; then tells so.
    func serve(ended: @escaping @Sendable () -> Void) {
        DispatchQueue(label: "tacit.session-pipe").async {
            for turn in 1...self.reads {
                guard let descriptor = self.reader() else { return }
                self.take(awayAfter: turn)
                self.write(to: descriptor)
                close(descriptor)
            }
            ended()
        }
    }

    /// Nobody can open it any more once this returns, and who waits for it finds nothing in it.
    func stop() {
        isStopped.withLock {
            $0 = true
            let end = unsafe openat(directory, name, O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC)
            unsafe unlinkat(directory, name, 0)
            if end >= 0 { close(end) }
        }
    }

    /// The writing end, as soon as somebody reads; nil once it is stopped.
    private func reader() -> Int32? {
        while !isStopped.withLock(\.self) {
            let descriptor = unsafe openat(directory, name, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC)
            if descriptor >= 0 {
                var facts = stat()
                // Whoever put something else in its place gets nothing.
                if unsafe fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFIFO, !isStopped.withLock(\.self) { return descriptor }
                close(descriptor)
                return nil
            }
            guard errno == ENXIO || errno == EINTR else { return nil }
            var pause = Self.pause
            unsafe nanosleep(&pause, nil)
        }
        return nil
    }

    /// Takes the name from the pipe that has its reader, and gives it to the next one.
    private func take(awayAfter turn: Int) {
        isStopped.withLock { isStopped in
            unsafe unlinkat(directory, name, 0)
            if !isStopped, turn < reads { unsafe mkfifoat(directory, name, 0o600) }
        }
    }

    private func write(to descriptor: Int32) {
        text.withPlaintext(PlaintextDoor()) { bytes in
            unsafe bytes.withUnsafeBytes { buffer in
                var (done, idle) = (0, 0)
                while done < buffer.count, idle < Self.looks, !isStopped.withLock(\.self) {
                    var state = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    let ready = unsafe poll(&state, 1, Self.look)
                    if ready == 0 || ready < 0 && errno == EINTR {
                        idle += 1
                        continue
                    }
                    guard ready > 0, state.revents & Int16(POLLERR) == 0 else { return }
                    idle = 0
                    let count = unsafe Glibc.write(descriptor, buffer.baseAddress.map { unsafe $0 + done }, buffer.count - done)
                    if count < 0, errno == EINTR || errno == EAGAIN { continue }
                    guard count > 0 else { return }
                    done += count
                }
            }
        }
    }
}
