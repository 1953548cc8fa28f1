import CProcess
import Dispatch
import Glibc
import Model
import PlaintextDoor
import Synchronization

/// A text that is offered as a named pipe and can be read a number of times.
///
/// Each reading has a pipe of its own: as soon as a reader has come, the name is taken away or leads to the next pipe, so that a second one does not get a
/// part of what was meant for the first.
///
/// A reader is waited for in the kernel, in an `open` that blocks a thread of the pipe's own. A watch (inotify) would tell of a reader only when its own
/// `open` has returned, which waits for ours. The pipe is held without being open (O_PATH): whatever is put in its name's place is never opened.
final class SessionPipe: Sendable {
    private let name: String
    private let directory: Int32
    private let reads: Int
    private let text: SecretValue
    /// What `stop` writes to, so that a reader who stands still is waited for no longer.
    private let alarm: (heard: Int32, rung: Int32)
    private let state: Mutex<State>

    private struct State {
        /// The pipe that is offered now; -1 when there is none.
        var pipe: Int32
        var isStopped = false
        var hasLeft = false
        /// Both ends of the pipe that was stopped, held until nobody waits for its other end any more.
        var ends: Int32 = -1
    }

    /// How long a reader may leave what it came for, in milliseconds.
    private static let patience: Int32 = 5000

    /// Makes the first pipe; a name that is there is refused. The directory is the caller's, who keeps it open.
    init(_ name: String, in directory: Int32, reads: Int, text: SecretValue) throws(SessionFileError) {
        self.name = name
        self.reads = reads
        self.text = text
        self.directory = fcntl(directory, F_DUPFD_CLOEXEC, 0)
        var ends: [Int32] = [-1, -1]
        let hasAlarm = unsafe tacit_pipe(&ends) == 0
        alarm = (ends[0], ends[1])
        let pipe = self.directory >= 0 && hasAlarm ? unsafe tacit_make_named_pipe(self.directory, name) : -1
        state = Mutex(State(pipe: pipe))
        guard pipe >= 0 else { throw .notWritten }
    }

    deinit {
        let (pipe, ends) = state.withLock { ($0.pipe, $0.ends) }
        for descriptor in [directory, alarm.heard, alarm.rung, pipe, ends] where descriptor >= 0 { close(descriptor) }
    }

    /// Serves readers on a thread of its own until the last has come, or until it is stopped; then, unless it was stopped, tells so.
    func serve(ended: @escaping @Sendable () -> Void) {
        DispatchQueue(label: "tacit.session-pipe").async {
            for turn in 1...self.reads {
                guard let descriptor = self.reader() else { break }
                self.take(awayAfter: turn)
                self.write(to: descriptor)
                close(descriptor)
            }
            if !self.leave() { ended() }
        }
    }

    /// Nobody can open it any more once this returns, and who waits for it finds nothing in it.
    func stop() {
        state.withLock { state in
            guard !state.isStopped else { return }
            state.isStopped = true
            SessionFiles.take(name, awayFrom: state.pipe, in: directory)
            // Lets go who waits for the other end, readers and our own thread. Until that has left, nobody begins to wait again.
            if state.pipe >= 0, !state.hasLeft { state.ends = unsafe open(Self.path(of: state.pipe), O_RDWR | O_NONBLOCK | O_CLOEXEC) }
            unsafe Glibc.write(alarm.rung, [0], 1)
        }
    }

    /// The serving thread waits for nothing any more; whether that is because it was stopped.
    private func leave() -> Bool {
        state.withLock { state in
            state.hasLeft = true
            if state.ends >= 0 { close(state.ends) }
            state.ends = -1
            return state.isStopped
        }
    }

    private static func path(of descriptor: Int32) -> String { "/proc/self/fd/\(descriptor)" }

    /// The writing end, as soon as somebody reads; nil once it is stopped, or has no pipe to offer.
    private func reader() -> Int32? {
        while case let (pipe, isStopped) = state.withLock({ ($0.pipe, $0.isStopped) }), !isStopped, pipe >= 0 {
            let descriptor = unsafe open(Self.path(of: pipe), O_WRONLY | O_CLOEXEC)
            guard descriptor >= 0 else {
                if errno == EINTR { continue }
                return nil
            }
            if !state.withLock(\.isStopped), fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0 { return descriptor }
            close(descriptor)
            return nil
        }
        return nil
    }

    /// Takes the name from the pipe that has its reader, and gives it to the next one.
    private func take(awayAfter turn: Int) {
        state.withLock { state in
            guard !state.isStopped else { return }
            SessionFiles.take(name, awayFrom: state.pipe, in: directory)
            close(state.pipe)
            state.pipe = turn < reads ? unsafe tacit_make_named_pipe(directory, name) : -1
        }
    }

    private func write(to descriptor: Int32) {
        text.withPlaintext(PlaintextDoor()) { bytes in
            unsafe bytes.withUnsafeBytes { buffer in
                var done = 0
                while done < buffer.count, isReady(descriptor) {
                    let count = unsafe Glibc.write(descriptor, buffer.baseAddress.map { unsafe $0 + done }, buffer.count - done)
                    if count < 0, errno == EINTR || errno == EAGAIN { continue }
                    guard count > 0 else { return }
                    done += count
                }
            }
        }
    }

    /// Waits until more can be written; false when it was stopped, the reader went away, or it took nothing for too long.
    private func isReady(_ descriptor: Int32) -> Bool {
        var waited = [
            pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0), pollfd(fd: alarm.heard, events: Int16(POLLIN), revents: 0),
        ]
        var ready: Int32
        repeat { ready = unsafe poll(&waited, 2, Self.patience) } while ready < 0 && errno == EINTR
        return ready > 0 && waited[1].revents == 0 && waited[0].revents & Int16(POLLERR) == 0
    }
}
