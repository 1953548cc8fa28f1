import Foundation
import Glibc
import Synchronization
import TacitWire
import TestKit

/// A keeper of the tests: it answers HTTP on a Unix socket from a table, and remembers what it was asked.
final class FakeKeeper: Sendable {
    struct Request: Sendable {
        var method: String
        var path: String
        var headers: [String: String]
        var body: [UInt8]

        /// `METHOD /path`, without the query.
        var route: String { "\(method) \(path.prefix { $0 != "?" })" }
        var text: String { String(decoding: body, as: UTF8.self) }
    }

    struct Reply: Sendable {
        var status = 200
        var headers: [(String, String)] = []
        var body: [UInt8] = []

        static func json(_ value: some Encodable, status: Int = 200) -> Reply {
            let data = (try? WireJSON.encode(value)) ?? Data()
            return Reply(status: status, headers: [("content-type", "application/json")], body: Array(data))
        }

        static func problem(_ code: String, _ status: Int, _ title: String = "no", hint: String? = nil) -> Reply {
            json(Problem(code, title, status: status, hint: hint), status: status)
        }

        static func octets(_ text: String) -> Reply {
            Reply(headers: [("content-type", "application/octet-stream")], body: Array(text.utf8))
        }

        static let nothing = Reply(status: 204)
        /// None: the connection ends.
        static let hangup = Reply(status: 0)
    }

    typealias Answer = @Sendable (Request) -> Reply

    let path: String
    private let listener: Int32
    private let answers: [String: Answer]
    private let seen = Mutex<[Request]>([])

    /// The requests so far, without those for the status.
    var requests: [Request] { seen.withLock { $0 }.filter { $0.route != "GET /v1/status" } }
    var routes: [String] { requests.map(\.route) }

    /// Listens on a socket. Routes that are not in the table are answered by 404.
    init(_ path: String, _ answers: [String: Answer]) throws {
        self.path = path
        self.answers = answers
        listener = try UnixSocket.listener(at: path)
        Threads.start { [listener] in
            while case let connection = accept(listener, nil, nil), connection >= 0 { Threads.start { self.serve(connection) } }
            close(listener)
        }
    }

    /// Nobody is let in any more. The listener is closed by the thread that uses it: its number must not become another's before.
    func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    private func serve(_ connection: Int32) {
        defer { close(connection) }
        while let request = Self.read(connection) {
            seen.withLock { $0.append(request) }
            let reply = answers[request.route]?(request) ?? .problem("route.not-found", 404)
            guard reply.status > 0 else { return }
            var head = "HTTP/1.1 \(reply.status) X\r\n"
            for (name, value) in reply.headers { head += "\(name): \(value)\r\n" }
            if reply.status != 204 { head += "content-length: \(reply.body.count)\r\n" }
            let bytes = Array("\(head)\r\n".utf8) + reply.body
            var done = 0
            while done < bytes.count {
                let count = unsafe bytes.withUnsafeBytes { unsafe send(connection, $0.baseAddress! + done, bytes.count - done, Int32(MSG_NOSIGNAL)) }
                guard count > 0 else { return }
                done += count
            }
        }
    }

    private static let lastChunk = Array("0\r\n\r\n".utf8)

    private static func read(_ connection: Int32) -> Request? {
        var buffer: [UInt8] = []
        func fill() -> Bool {
            var piece = [UInt8](repeating: 0, count: 65_536)
            let count = unsafe recv(connection, &piece, piece.count, 0)
            if count > 0 { buffer += piece.prefix(count) }
            return count > 0
        }
        let mark = Array("\r\n\r\n".utf8)
        while buffer.firstRange(of: mark) == nil || buffer.starts(with: Self.lastChunk) {
            if buffer.starts(with: Self.lastChunk) { buffer.removeFirst(Self.lastChunk.count) } else { guard fill() else { return nil } }
        }
        guard let end = buffer.firstRange(of: mark) else { return nil }
        let lines = String(decoding: buffer[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
        // What comes behind an answer that did not wait for all of a body is no request.
        guard let words = lines.first?.split(separator: " "), words.count == 3 else { return nil }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let pair = line.split(separator: ":", maxSplits: 1)
            headers[pair[0].lowercased()] = pair[1].drop { $0 == " " }.description
        }
        var (start, length) = (end.upperBound, headers["content-length"].flatMap { Int($0) } ?? 0)
        if headers["transfer-encoding"] == "chunked" {
            // One chunk, as the opening of a run is; the end of it comes after the answer.
            let line = Array("\r\n".utf8)
            while buffer[start...].firstRange(of: line) == nil { guard fill() else { return nil } }
            guard let size = buffer[start...].firstRange(of: line) else { return nil }
            length = Int(String(decoding: buffer[start..<size.lowerBound], as: UTF8.self), radix: 16) ?? 0
            start = size.upperBound
            while buffer.count < start + length + line.count { guard fill() else { return nil } }
        }
        while buffer.count < start + length { guard fill() else { return nil } }
        let body = Array(buffer[start..<(start + length)])
        return Request(method: String(words[0]), path: String(words[1]), headers: headers, body: body)
    }
}

/// Threads of tests: commands wait, so that whatever answers them has to run beside.
enum Threads {
    static func start(_ body: @escaping @Sendable () -> Void) { Thread.detachNewThread(body) }
}

struct RigFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
