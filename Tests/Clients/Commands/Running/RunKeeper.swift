import Glibc
import Synchronization
import TacitClient
import TacitWire
import TestKit

@testable import Commands

/// A keeper of the tests for one run: it takes the request and then plays a script of frames.
final class RunKeeper: Sendable {
    /// The run as the script sees it.
    final class Run {
        let request: [UInt8]
        private let connection: Int32
        private var buffer: [UInt8]
        private var decoder = RunFrameDecoder(from: .client)
        private var frames: [RunFrame] = []

        init(_ connection: Int32, _ request: [UInt8], _ buffer: [UInt8]) {
            (self.connection, self.request, self.buffer) = (connection, request, buffer)
        }

        /// Sends frames, in pieces of one chunk each.
        func send(_ frames: RunFrame...) { for frame in frames { raw(frame.encoded) } }

        /// Sends bytes of the frames' stream as one chunk.
        func raw(_ bytes: [UInt8]) {
            RunKeeper.write(Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + [13, 10], to: connection)
        }

        /// The next frame of the client; nil when it is gone.
        func next() -> RunFrame? {
            while frames.isEmpty {
                guard let chunk = RunKeeper.chunk(connection, &buffer) else { return nil }
                decoder.append(chunk)
                while let frame = try? decoder.next() { frames.append(frame) }
            }
            return frames.removeFirst()
        }
    }

    let path: String
    private let listener: Int32

    init(_ path: String, headers: String = "", _ script: @escaping @Sendable (Run) -> Void) throws {
        self.path = path
        listener = try UnixSocket.listener(at: path)
        Threads.start { [listener] in
            while case let connection = accept(listener, nil, nil), connection >= 0 { Self.serve(connection, headers, script) }
            close(listener)
        }
    }

    // The listener is closed by the thread that uses it: while that serves, its number must not become another's.
    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    private static func serve(_ connection: Int32, _ headers: String, _ script: (Run) -> Void) {
        defer { close(connection) }
        var buffer: [UInt8] = []
        while buffer.firstRange(of: Array("\r\n\r\n".utf8)) == nil { guard fill(connection, &buffer) else { return } }
        guard let end = buffer.firstRange(of: Array("\r\n\r\n".utf8)) else { return }
        buffer.removeSubrange(..<end.upperBound)
        guard let opening = chunk(connection, &buffer) else { return }
        write(Array("HTTP/1.1 200 OK\r\n\(headers)transfer-encoding: chunked\r\n\r\n".utf8), to: connection)
        script(Run(connection, Array(opening.dropFirst(4)), buffer))
        shutdown(connection, Int32(SHUT_RDWR))
    }

    private static func fill(_ connection: Int32, _ buffer: inout [UInt8]) -> Bool {
        var piece = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe recv(connection, &piece, piece.count, 0)
        if count > 0 { buffer += piece.prefix(count) }
        return count > 0
    }

    fileprivate static func write(_ bytes: [UInt8], to connection: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    fileprivate static func chunk(_ connection: Int32, _ buffer: inout [UInt8]) -> [UInt8]? {
        while true {
            if let end = buffer.firstRange(of: [13, 10]), let size = Int(String(decoding: buffer[..<end.lowerBound], as: UTF8.self), radix: 16),
                buffer.count >= end.upperBound + size + 2
            {
                defer { buffer.removeSubrange(..<(end.upperBound + size + 2)) }
                return Array(buffer[end.upperBound..<(end.upperBound + size)])
            }
            guard fill(connection, &buffer) else { return nil }
        }
    }
}
