import Glibc

/// The two descriptors over which a host and this process exchange messages.
package struct StdioPipe: Sendable {
    package let input: Int32
    package let output: Int32

    package init(input: Int32, output: Int32) {
        self.input = input
        self.output = output
    }

    /// Takes the process's standard streams for the protocol alone, once, before anything else runs.
    ///
    /// Afterwards descriptor 0 reads nothing and descriptor 1 is standard error: a stray line cannot break the host, and no child inherits the pipe.
    package static func takeOverStandardStreams() throws(StdioError) -> StdioPipe {
        // A closed standard error would give its number to the next file that is opened.
        if fcntl(2, F_GETFD) == -1 { _ = unsafe open("/dev/null", O_WRONLY) }
        let input = fcntl(0, F_DUPFD_CLOEXEC, 3)
        guard input >= 0 else { throw .closed(0) }
        let output = fcntl(1, F_DUPFD_CLOEXEC, 3)
        guard output >= 0 else { throw .closed(1) }
        let nothing = unsafe open("/dev/null", O_RDONLY | O_CLOEXEC)
        guard nothing >= 0, dup2(nothing, 0) == 0, dup2(2, 1) == 1 else { throw .failed(errno) }
        close(nothing)
        // A handler, not SIG_IGN: what this process starts gets the default back.
        _ = signal(SIGPIPE) { _ in }
        return StdioPipe(input: input, output: output)
    }

    /// Reads what is there, at most 64 KiB; empty at the end.
    func read() -> [UInt8] {
        let capacity = 64 << 10
        return unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
            var result = 0
            repeat { result = unsafe Glibc.read(input, buffer.baseAddress, capacity) } while result < 0 && errno == EINTR
            count = max(0, result)
        }
    }

    /// Writes all of it; false when the other end is gone.
    func write(_ bytes: [UInt8]) -> Bool {
        var written = 0
        while written < bytes.count {
            let result = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(output, $0.baseAddress?.advanced(by: written), bytes.count - written) }
            if result < 0, errno == EINTR { continue }
            guard result > 0 else { return false }
            written += result
        }
        return true
    }
}

/// Why the standard streams cannot carry the protocol.
package enum StdioError: Error, Sendable, Equatable {
    /// The host gave no such descriptor.
    case closed(Int32)
    case failed(Int32)
}
