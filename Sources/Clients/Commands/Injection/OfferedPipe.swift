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
        var ending = sigset_t()
        unsafe sigemptyset(&ending)
        for number in [SIGINT, SIGTERM, SIGHUP] { unsafe sigaddset(&ending, number) }
        var before = sigset_t()
        unsafe pthread_sigmask(SIG_BLOCK, &ending, &before)
        defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
        signal(SIGPIPE, SIG_IGN)
        try make()
        defer { takeAway() }
        for turn in 1...reads {
            var descriptor: Int32 = -1
            while descriptor < 0 {
                if let number = waited(for: &ending) { return number }
                descriptor = try reader()
            }
            defer { close(descriptor) }
            unsafe unlink(path)
            if turn < reads { try make() }
            write(to: descriptor)
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

    /// A moment's wait; the signal that came in it.
    private func waited(for ending: inout sigset_t) -> Int32? {
        var pause = timespec(tv_sec: 0, tv_nsec: Self.pause)
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

    private func write(to descriptor: Int32) {
        unsafe bytes.bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                var state = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                guard unsafe poll(&state, 1, Self.patience) > 0, state.revents & Int16(POLLERR) == 0 else { return }
                let count = unsafe Glibc.write(descriptor, buffer.baseAddress.map { unsafe $0 + done }, buffer.count - done)
                if count < 0, errno == EINTR || errno == EAGAIN { continue }
                guard count > 0 else { return }
                done += count
            }
        }
    }
}
