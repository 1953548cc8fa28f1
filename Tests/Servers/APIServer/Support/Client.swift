import Glibc
import Synchronization
import TacitWire
import TestKit

/// A connection that sends what the test says, byte for byte.
final class Client: Sendable {
    struct Answer: Sendable, Equatable {
        var status: Int
        /// The head's lines but the date's.
        var lines: [String]
        var body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }
        var code: String? { (try? WireJSON.decode(Problem.self, from: .init(body)))?.code }

        func header(_ name: String) -> String? {
            lines.first { $0.lowercased().hasPrefix(name.lowercased() + ": ") }.map { String($0.dropFirst(name.count + 2)) }
        }

        func json<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value { try WireJSON.decode(type, from: .init(body)) }
    }

    /// Holds the server that is at the other end.
    private let bed: Bed
    private let descriptor: Int32
    private let unread = Mutex<[UInt8]>([])
    /// Header lines of every request.
    private let always = Mutex<[String]>([])

    /// At the keeper's own socket, or at another that it serves.
    init(of bed: Bed, at path: String? = nil) throws {
        self.bed = bed
        descriptor = try UnixSocket.connection(to: path ?? bed.socket)
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { Glibc.close(descriptor) }

    func add(header line: String) { always.withLock { $0.append(line) } }
    func dropHeaders() { always.withLock { $0 = [] } }

    /// Ends both directions.
    func close() { shutdown(descriptor, Int32(SHUT_RDWR)) }
    func closeInput() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// A request with a body and its answer.
    func ask(_ method: String, _ path: String, json: String? = nil, octets: String? = nil, headers: [String] = []) async throws -> Answer {
        var lines = headers + always.withLock { $0 }
        if json != nil { lines.append("Content-Type: application/json") }
        let body = json ?? octets ?? ""
        try await send(Self.head(method, path, lines + ["Content-Length: \(body.utf8.count)"]) + body)
        return try await answer()
    }

    /// A multipart request.
    func ask(_ method: String, _ path: String, parts: [(String, String)], headers: [String] = []) async throws -> Answer {
        let boundary = "tacit-test-boundary-0123456789"
        let body = parts.map { "--\(boundary)\r\nContent-Disposition: form-data; name=\"\($0)\"\r\n\r\n\($1)\r\n" }.joined() + "--\(boundary)--\r\n"
        return try await ask(method, path, octets: body, headers: headers + ["Content-Type: multipart/form-data; boundary=\(boundary)"])
    }

    static func head(_ method: String, _ path: String, _ lines: [String] = []) -> String {
        (["\(method) \(path) HTTP/1.1", "Host: keeper"] + lines).map { $0 + "\r\n" }.joined() + "\r\n"
    }

    func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) async throws {
        let descriptor = descriptor
        try await blocking {
            var done = 0
            while done < bytes.count {
                let count = unsafe bytes.withUnsafeBytes {
                    unsafe Glibc.send(descriptor, $0.baseAddress.map { unsafe $0 + done }, bytes.count - done, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { throw TestFailure("cannot send (errno \(errno))") }
                done += count
            }
        }
    }

    /// Whether the server has closed the connection, seen without waiting.
    var isClosed: Bool {
        var byte: UInt8 = 0
        return unsafe recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)) == 0
    }

    /// The next answer; throws when the connection ends first.
    func answer() async throws -> Answer { try await blocking { try self.readAnswer() } }

    /// Everything until the server closes the connection.
    func rest() async throws -> [UInt8] {
        try await blocking {
            while try self.fill() {}
            return self.unread.withLock { unread in
                defer { unread = [] }
                return unread
            }
        }
    }

    /// The head of an answer whose body comes in chunks.
    func head() async throws -> Answer { try await blocking { try self.readHead() } }

    /// The next chunk; empty at the end of the body.
    func chunk() async throws -> [UInt8] {
        try await blocking {
            guard let count = Int(try self.readLine(), radix: 16) else { throw TestFailure("no chunk") }
            let chunk = try self.read(count)
            _ = try self.readLine()
            return chunk
        }
    }

    private func readAnswer() throws -> Answer {
        var answer = try readHead()
        if let count = answer.header("content-length").flatMap({ Int($0) }) {
            answer.body = try read(count)
        } else if answer.header("transfer-encoding") == "chunked" {
            while let count = Int(try readLine(), radix: 16) {
                answer.body += try read(count)
                _ = try readLine()
                if count == 0 { break }
            }
        }
        return answer
    }

    private func readHead() throws -> Answer {
        let words = try readLine().split(separator: " ")
        guard words.count > 1, let status = Int(words[1]) else { throw TestFailure("no status") }
        var lines: [String] = []
        while case let line = try readLine(), !line.isEmpty {
            if !line.lowercased().hasPrefix("date:") { lines.append(line) }
        }
        return Answer(status: status, lines: lines, body: [])
    }

    private func readLine() throws -> String {
        while true {
            let line = unread.withLock { unread -> String? in
                guard let end = unread.firstIndex(of: 10) else { return nil }
                defer { unread.removeSubrange(...end) }
                return String(decoding: unread[..<end].filter { $0 != 13 }, as: UTF8.self)
            }
            if let line { return line }
            guard try fill() else { throw TestFailure("the connection ended") }
        }
    }

    private func read(_ count: Int) throws -> [UInt8] {
        while unread.withLock({ $0.count < count }) { guard try fill() else { throw TestFailure("the connection ended") } }
        return unread.withLock { unread in
            defer { unread.removeSubrange(..<count) }
            return Array(unread[..<count])
        }
    }

    private func fill() throws -> Bool {
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        let count = unsafe recv(descriptor, &piece, piece.count, 0)
        if count < 0, errno == EAGAIN { throw TestFailure("no answer came, and no end") }
        guard count > 0 else { return false }
        unread.withLock { $0 += piece[..<count] }
        return true
    }
}
