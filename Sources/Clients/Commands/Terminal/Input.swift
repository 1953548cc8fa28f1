import Glibc

/// Reads descriptors and files into buffers that the caller wipes.
enum Input {
    /// Everything up to the end.
    static func readAll(_ descriptor: Int32, limit: Int, naming what: String) throws -> [UInt8] {
        var content: [UInt8] = []
        do {
            while let piece = try read(descriptor, atMost: 64 << 10, naming: what) {
                var piece = piece
                defer { piece.wipe() }
                guard content.count + piece.count <= limit else {
                    throw CommandFailure("\(what) is larger than \(limit >> 20) MiB", status: .usage, code: "input.too-large")
                }
                content.appendWiping(piece)
            }
        } catch {
            content.wipe()
            throw error
        }
        return content
    }

    /// One line without its end, byte by byte, so that what follows stays for the next reader.
    static func readLine(_ descriptor: Int32, limit: Int = 4096, naming what: String) throws -> [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(limit)
        do {
            while let byte = try read(descriptor, atMost: 1, naming: what)?.first, byte != UInt8(ascii: "\n") {
                guard line.count < limit else {
                    throw CommandFailure("\(what) is longer than \(limit) bytes", status: .usage, code: "input.too-large")
                }
                line.append(byte)
            }
        } catch {
            line.wipe()
            throw error
        }
        if line.last == UInt8(ascii: "\r") { line.removeLastWiping(1) }
        return line
    }

    /// A file's bytes.
    static func readFile(_ path: String, limit: Int, naming what: String) throws -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw CommandFailure(errno: errno, "\(what) cannot be read", hint: "check that the path is right and that you may read it")
        }
        defer { close(descriptor) }
        return try readAll(descriptor, limit: limit, naming: what)
    }

    private static func read(_ descriptor: Int32, atMost count: Int, naming what: String) throws -> [UInt8]? {
        var piece = [UInt8](repeating: 0, count: count)
        while true {
            let received = unsafe piece.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if received < 0, errno == EINTR { continue }
            guard received >= 0 else { throw CommandFailure(errno: errno, "\(what) cannot be read") }
            piece.removeLast(count - received)
            return received == 0 ? nil : piece
        }
    }
}
