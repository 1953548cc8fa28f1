import CProcess
import Glibc

/// Offers bytes as a named pipe, 0600, that can be read a number of times. Each reading has a pipe of its own: once a reader has come, the name is taken
/// away or leads to the next pipe, so that a second reader does not get a part of what was meant for the first.
struct OfferedPipe {
    let path: String
    let bytes: WipedBytes

    /// How often a reader is looked for, and how long one may leave what it came for, in milliseconds.
    private static let pause = 20_000_000
    private static let patience: Int32 = 5000

    /// Serves readers until the last has come; a signal that ends programs takes the pipe away first, and its number is returned.
    func serve(reads: Int) throws -> Int32? {
        try EndingSignals.waiting {
            var ending = EndingSignals.set
            let signals = unsafe tacit_signal_descriptor(&ending)
            guard signals >= 0 else { throw CommandFailure(errno: -signals, "signals cannot be received") }
            defer { close(signals) }
            return try serve(reads, &ending, signals)
        }
    }

    private func serve(_ reads: Int, _ ending: inout sigset_t, _ signals: Int32) throws -> Int32? {
        signal(SIGPIPE, SIG_IGN)
        try make()
        defer { takeAway() }
        for turn in 1...reads {
            var descriptor: Int32 = -1
            while descriptor < 0 {
                if let number = arrived(among: &ending, within: Self.pause) { return number }
                descriptor = try reader()
            }
            defer { close(descriptor) }
            unsafe unlink(path)
            if turn < reads { try make() }
            write(to: descriptor, until: signals)
            if let number = arrived(among: &ending, within: 0) { return number }
        }
        return nil
    }

    /// Who waits for it finds nothing in it.
    private func takeAway() {
        let end = unsafe open(path, O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC)
        unsafe unlink(path)
        if end >= 0 { close(end) }
    }

    private func make() throws {
        guard unsafe mkfifo(path, 0o600) == 0 else {
            throw CommandFailure(errno: errno, "the pipe cannot be made", hint: errno == EEXIST ? "remove what is there, or name another path" : nil)
        }
    }

    /// The signal that has come, or comes within a moment.
    private func arrived(among ending: inout sigset_t, within nanoseconds: Int) -> Int32? {
        var pause = timespec(tv_sec: 0, tv_nsec: nanoseconds)
        let number = unsafe sigtimedwait(&ending, nil, &pause)
        return number > 0 ? number : nil
    }

    /// The writing end, when somebody reads; -1 when nobody does.
    private func reader() throws -> Int32 {
        let descriptor = unsafe open(path, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else {
            guard errno == ENXIO || errno == EINTR else { throw CommandFailure(errno: errno, "the pipe was taken away") }
            return -1
        }
        var facts = stat()
        guard unsafe fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFIFO else {
            close(descriptor)
            throw CommandFailure("something else was put in the pipe's place", code: "inject.replaced")
        }
        return descriptor
    }

    /// Writes to a reader, until it has everything or goes away, takes nothing for too long, or a signal has come.
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
