import Glibc
import TacitWire

/// A connected Unix stream socket with blocking reads and writes. Used by one thread at a time.
@safe
final class UnixConnection {
    let descriptor: Int32
    private var buffer: [UInt8] = []
    private var position = 0

    /// What it throws runs `deinit`, which closes: a second close could be that of another thread's descriptor.
    init(path: String) throws(ClientError) {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .brokenOff }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard bytes.count < capacity, !bytes.contains(0) else { throw .noKeeper }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw .noKeeper }
        // A password goes to nobody but a keeper of this user: where the socket lies may have been chosen by somebody else's environment.
        let listener = Self.listener(descriptor)
        guard listener == geteuid() || listener == Self.vouchedKeeper(at: path) else { throw .foreignKeeper(user: listener) }
    }

    /// The user who listens at the other end, as the kernel says (SO_PEERCRED: process, user, group).
    private static func listener(_ descriptor: Int32) -> UInt32 {
        var credentials: [UInt32] = [0, .max, .max]
        var length = socklen_t(credentials.count * MemoryLayout<UInt32>.size)
        guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0 else { return .max }
        return credentials[1]
    }

    /// The user whom root made the keeper of this one: the owner of the directory that lies among root's; nil for a socket anywhere else.
    private static func vouchedKeeper(at path: String) -> UInt32? {
        let directory = "\(LocalPaths.systemRuntime)/\(geteuid())"
        guard path == "\(directory)/keeper.sock" else { return nil }
        var (above, place) = (stat(), stat())
        guard unsafe lstat(LocalPaths.systemRuntime, &above) == 0, above.st_uid == 0, above.st_mode & (S_IFMT | 0o022) == S_IFDIR,
            unsafe lstat(directory, &place) == 0, place.st_mode & (S_IFMT | 0o022) == S_IFDIR
        else { return nil }
        return place.st_uid
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        wipeBuffer()
    }

    func write(_ bytes: [UInt8]) throws(ClientError) {
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe send(descriptor, buffer.baseAddress.map { unsafe $0 + done }, bytes.count - done, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .brokenOff }
            done += count
        }
    }

    /// A line without its CRLF.
    func readLine(limit: Int = 64 << 10) throws(ClientError) -> String {
        var line: [UInt8] = []
        while true {
            guard let byte = try readByte(), line.count < limit else { throw .brokenOff }
            if byte == UInt8(ascii: "\n") { break }
            line.append(byte)
        }
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        guard let text = String(validating: line, as: UTF8.self) else { throw .brokenOff }
        return text
    }

    /// The longest content that is read in one piece: 256 MiB.
    static let longestContent = 256 << 20

    /// Exactly `count` bytes.
    func read(_ count: Int) throws(ClientError) -> [UInt8] {
        guard count <= Self.longestContent else { throw .brokenOff }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        while bytes.count < count {
            guard try fill() else { throw .brokenOff }
            let piece = buffer[position..<min(buffer.count, position + count - bytes.count)]
            bytes += piece
            position += piece.count
        }
        return bytes
    }

    /// What is buffered, or has come by now: nil when nothing has, empty at the end of the stream.
    func readNow() throws(ClientError) -> [UInt8]? {
        if !hasBuffered, try fill(flags: Int32(MSG_DONTWAIT)) == .nothing { return nil }
        defer { position = buffer.count }
        return Array(buffer[position...])
    }

    /// Writes what the other end takes now, and says how many bytes that were.
    func writeNow(_ bytes: ArraySlice<UInt8>) throws(ClientError) -> Int {
        let count = unsafe bytes.withUnsafeBytes { unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)) }
        if count < 0, errno == EINTR || errno == EAGAIN { return 0 }
        guard count >= 0 else { throw .brokenOff }
        return count
    }

    /// Whether bytes lie here already, so that waiting for the descriptor would wait too long.
    var hasBuffered: Bool { position < buffer.count }

    private func readByte() throws(ClientError) -> UInt8? {
        guard try fill() else { return nil }
        defer { position += 1 }
        return buffer[position]
    }

    /// Makes sure that a byte is buffered; false at the end of the stream.
    private func fill() throws(ClientError) -> Bool {
        guard position == buffer.count else { return true }
        return try fill(flags: 0) == .bytes
    }

    private enum Filled { case bytes, nothing, end }

    /// Fills the buffer anew with what comes.
    private func fill(flags: Int32) throws(ClientError) -> Filled {
        wipeBuffer()
        buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, flags) }
            if count < 0, errno == EINTR { continue }
            let error = errno
            buffer.removeLast(buffer.count - max(0, count))
            if count < 0, error == EAGAIN { return .nothing }
            guard count >= 0 else { throw .brokenOff }
            return count > 0 ? .bytes : .end
        }
    }

    /// Answers can hold values: what was read is overwritten before the buffer is let go.
    private func wipeBuffer() {
        unsafe buffer.withUnsafeMutableBytes { bytes in
            if let start = bytes.baseAddress { unsafe explicit_bzero(start, bytes.count) }
        }
        buffer = []
        position = 0
    }
}
