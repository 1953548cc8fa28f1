import Glibc

/// One of the caller's output streams: takes what the command printed and writes it as fast as it is read, without ever holding up the loop.
struct OutputSink {
    private enum Manner {
        /// Never waits: opened anew for this process alone, or a file.
        case direct
        case socket
        /// Shared with others, who must not find it changed: written in pieces for which a ready pipe has room.
        case careful
    }

    let descriptor: Int32
    private let manner: Manner
    private var pending: [UInt8] = []
    private var written = 0
    /// Why it takes nothing more; 0 while it does.
    private(set) var error: Int32 = 0

    init(_ stream: Int32) {
        switch Stream.facts(stream) {
        case S_IFIFO, S_IFCHR:
            let own = unsafe open("/proc/self/fd/\(stream)", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
            (descriptor, manner) = own >= 0 ? (own, .direct) : (stream, .careful)
        case S_IFSOCK: (descriptor, manner) = (stream, .socket)
        default: (descriptor, manner) = (stream, .direct)
        }
    }

    /// How much waits to be written.
    var backlog: Int { pending.count - written }

    /// Takes bytes, and writes what can be written now.
    mutating func take(_ bytes: [UInt8]) {
        guard error == 0 else { return }
        if backlog == 0 { (pending, written) = (bytes, 0) } else { pending += bytes }
        write()
    }

    /// Writes what can be written now.
    mutating func write() {
        while error == 0, backlog > 0 {
            let length = manner == .careful ? min(backlog, Int(PIPE_BUF)) : backlog
            let count = unsafe pending.withUnsafeBytes { buffer in
                let start = unsafe buffer.baseAddress.map { unsafe $0 + written }
                return manner == .socket
                    ? unsafe send(descriptor, start, length, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
                    : unsafe Glibc.write(descriptor, start, length)
            }
            if count < 0 {
                if errno == EAGAIN || errno == EINTR { return }
                (error, pending, written) = (errno, [], 0)
                return
            }
            written += count
            if manner == .careful { return }
        }
    }
}
