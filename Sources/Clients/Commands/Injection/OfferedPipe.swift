import CProcess
import Dispatch
import Glibc
import Synchronization

/// Offers bytes as a named pipe, 0600, that can be read a number of times. Each reading has a pipe of its own: once a reader has come, the name is taken
/// away or leads to the next pipe, so that a second reader does not get a part of what was meant for the first.
struct OfferedPipe {
    let path: String
    let bytes: WipedBytes

    /// How long a reader may leave what it came for, in milliseconds.
    private static let patience: Int32 = 5000

    /// Serves readers until the last has come; a signal that ends programs takes the pipe away first, and its number is returned.
    func serve(reads: Int) throws -> Int32? {
        try EndingSignals.waiting {
            var ending = EndingSignals.set
            let signals = unsafe tacit_signal_descriptor(&ending)
            guard signals >= 0 else { throw CommandFailure(errno: -signals, "signals cannot be received") }
            defer { close(signals) }
            return try serve(reads, until: signals)
        }
    }

    private func serve(_ reads: Int, until signals: Int32) throws -> Int32? {
        signal(SIGPIPE, SIG_IGN)
        var pipe = try NamedPipe(at: path)
        for turn in 1...reads {
            guard let descriptor = try pipe.reader(until: signals) else {
                pipe.takeAway()
                return tacit_next_signal(signals)
            }
            defer { close(descriptor) }
            pipe.unname()
            if turn < reads { pipe = try NamedPipe(at: path) }
            write(to: descriptor, until: signals)
            let number = tacit_next_signal(signals)
            guard number == 0 else {
                pipe.takeAway()
                return number
            }
        }
        return nil
    }

    /// Writes to a reader, until it has everything or goes away, or takes nothing for too long, or a signal has come.
    private func write(to descriptor: Int32, until signals: Int32) {
        unsafe bytes.bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                var waited = [pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0), pollfd(fd: signals, events: Int16(POLLIN), revents: 0)]
                let ready = unsafe poll(&waited, 2, Self.patience)
                if ready < 0, errno == EINTR { continue }
                guard ready > 0, waited[1].revents == 0, waited[0].revents & Int16(POLLERR) == 0 else { return }
                let count = unsafe Glibc.write(descriptor, buffer.baseAddress.map { unsafe $0 + done }, buffer.count - done)
                if count < 0, errno == EINTR || errno == EAGAIN { continue }
                guard count > 0 else { return }
                done += count
            }
        }
    }
}

/// A named pipe that was made here, held without being open (O_PATH): whatever is put in its name's place is never opened.
///
/// A reader is waited for in the kernel, in an `open` that blocks a thread of its own; beside it signals are waited for, and what becomes of the name.
private final class NamedPipe: Sendable {
    private let path: String
    private let pipe: Int32
    /// What the waiting thread writes to when it has left.
    private let told: (heard: Int32, rung: Int32)
    /// The writing end that the thread has got, or what kept it from that, as a negative number of an error.
    private let got = Mutex<Int32>(-1)

    init(at path: String) throws {
        self.path = path
        pipe = unsafe tacit_make_named_pipe(AT_FDCWD, path)
        let error = -pipe
        guard pipe >= 0 else {
            throw CommandFailure(errno: error, "the pipe cannot be made", hint: error == EEXIST ? "remove what is there, or name another path" : nil)
        }
        var ends: [Int32] = [-1, -1]
        let hasEnds = unsafe tacit_pipe(&ends) == 0
        told = (ends[0], ends[1])
        guard hasEnds else {
            takeAway()
            throw CommandFailure(errno: errno, "the pipe cannot be offered")
        }
    }

    deinit { for descriptor in [pipe, told.heard, told.rung] where descriptor >= 0 { close(descriptor) } }

    /// The writing end, as soon as somebody reads; nil when a signal came before. Fails when somebody takes the name away.
    func reader(until signals: Int32) throws -> Int32? {
        let watch = unsafe tacit_watch_name(path)
        defer { if watch >= 0 { close(watch) } }
        DispatchQueue(label: "tacit.offered-pipe").async { self.waitForReader() }
        while true {
            var waited = [told.heard, signals, watch].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            let ready = isNamed ? unsafe poll(&waited, 3, -1) : 0
            if ready < 0, errno == EINTR { continue }
            if ready > 0, waited[1].revents != 0 {
                letGo()
                return nil
            }
            if ready > 0, waited[0].revents != 0 { return try writingEnd() }
            if watch >= 0 { tacit_forget_events(watch) }
            guard ready > 0, isNamed else {
                letGo()
                throw CommandFailure("the pipe was taken away, or something else was put in its place", code: "inject.replaced")
            }
        }
    }

    /// Takes the name away, where it is still this pipe's.
    func unname() { if isNamed { unsafe unlink(path) } }

    /// As `unname`; who waits for it finds nothing in it.
    func takeAway() {
        let ends = unsafe open(Self.path(of: pipe), O_RDWR | O_NONBLOCK | O_CLOEXEC)
        unname()
        if ends >= 0 { close(ends) }
    }

    private var isNamed: Bool {
        var (own, named) = (stat(), stat())
        return unsafe fstat(pipe, &own) == 0 && lstat(path, &named) == 0 && own.st_ino == named.st_ino && own.st_dev == named.st_dev
    }

    private static func path(of descriptor: Int32) -> String { "/proc/self/fd/\(descriptor)" }

    private func waitForReader() {
        var descriptor: Int32
        repeat { descriptor = unsafe open(Self.path(of: pipe), O_WRONLY | O_CLOEXEC) } while descriptor < 0 && errno == EINTR
        let result = descriptor >= 0 && fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0 ? descriptor : -errno
        got.withLock { $0 = result }
        unsafe Glibc.write(told.rung, [0], 1)
    }

    private func writingEnd() throws -> Int32 {
        let descriptor = got.withLock { $0 }
        guard descriptor >= 0 else { throw CommandFailure(errno: -descriptor, "the pipe cannot be written to") }
        return descriptor
    }

    /// Lets the thread go that waits for a reader, by being one until it has left.
    private func letGo() {
        let ends = unsafe open(Self.path(of: pipe), O_RDWR | O_NONBLOCK | O_CLOEXEC)
        defer { if ends >= 0 { close(ends) } }
        var waited = [pollfd(fd: told.heard, events: Int16(POLLIN), revents: 0)]
        while ends >= 0, unsafe poll(&waited, 1, -1) < 0, errno == EINTR {}
        let descriptor = got.withLock { $0 }
        if descriptor >= 0 { close(descriptor) }
    }
}
