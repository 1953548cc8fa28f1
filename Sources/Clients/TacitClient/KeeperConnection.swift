import FoundationEssentials
import TacitWire

/// One connection to the keeper: one command of one program. Requests go one after the other; used by one thread at a time.
///
/// It speaks the HTTP/1.1 that the keeper speaks, over its Unix socket, in blocking calls: a command must start in a few milliseconds, which leaves
/// no room for an event loop (docs/ARCHITECTURE.md).
public final class KeeperConnection {
    /// Header fields that go with every request: source, badge, step-up token.
    public var headers: [String: String] = [:]
    let socket: UnixConnection

    /// Connects to the keeper's socket.
    public init(socketPath: String) throws(ClientError) { socket = try UnixConnection(path: socketPath) }

    /// One answer.
    public struct Answer: Sendable {
        public var status: Int
        /// Field names in lower case.
        public var headers: [String: String]
        public var body: [UInt8]
    }

    /// Sends a request and reads its answer; a problem is thrown.
    public func send(
        _ method: String, _ path: String, body: [UInt8] = [], contentType: String? = nil, ifMatch: Int64? = nil
    ) throws(ClientError) -> Answer {
        var head = requestHead(method, path, contentType: contentType, ifMatch: ifMatch)
        head += "Content-Length: \(body.count)\r\n\r\n"
        try socket.write(Array(head.utf8))
        // On its own, so that a body that holds values is not copied.
        if !body.isEmpty { try socket.write(body) }
        let (status, headers) = try readHead()
        let answer = Answer(status: status, headers: headers, body: try readBody(headers, status: status))
        try Self.check(answer)
        return answer
    }

    /// Sends JSON and decodes the answer's.
    public func send<Result: Decodable>(
        _ method: String, _ path: String, json: (some Encodable)?, ifMatch: Int64? = nil, as result: Result.Type = Result.self
    ) throws(ClientError) -> Result {
        let answer = try send(method, path, body: try Self.encode(json), contentType: json == nil ? nil : "application/json", ifMatch: ifMatch)
        return try Self.decode(answer.body)
    }

    /// Asks for a document.
    public func get<Result: Decodable>(_ path: String, as result: Result.Type = Result.self) throws(ClientError) -> Result {
        try Self.decode(try send("GET", path).body)
    }

    /// Asks for a document that goes on; `take` gets each piece as it comes, and says whether to go on. The connection is of no use afterwards.
    public func follow(_ path: String, _ take: ([UInt8]) -> Bool) throws(ClientError) {
        try socket.write(Array((requestHead("GET", path, contentType: nil, ifMatch: nil) + "\r\n").utf8))
        let (status, headers) = try readHead()
        if status >= 400 { try Self.check(Answer(status: status, headers: headers, body: try readBody(headers, status: status))) }
        guard headers["transfer-encoding"] == "chunked" else { throw .brokenOff }
        while let piece = try readChunk() { guard take(piece) else { return } }
    }

    static func encode(_ value: (some Encodable)?) throws(ClientError) -> [UInt8] {
        guard let value else { return [] }
        do { return Array(try WireJSON.encode(value)) } catch { throw .brokenOff }
    }

    static func decode<Result: Decodable>(_ body: [UInt8]) throws(ClientError) -> Result {
        do { return try WireJSON.decode(Result.self, from: Data(body)) } catch { throw .brokenOff }
    }

    func requestHead(_ method: String, _ path: String, contentType: String?, ifMatch: Int64?) -> String {
        var head = "\(method) \(path) HTTP/1.1\r\nHost: keeper\r\n"
        for (name, value) in headers.sorted(by: { $0.key < $1.key }) { head += "\(name): \(value)\r\n" }
        if let contentType { head += "Content-Type: \(contentType)\r\n" }
        if let ifMatch { head += "If-Match: \"\(ifMatch)\"\r\n" }
        return head
    }

    func readHead() throws(ClientError) -> (status: Int, headers: [String: String]) {
        let words = try socket.readLine().split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0] == "HTTP/1.1", let status = Int(words[1]) else { throw .brokenOff }
        var headers: [String: String] = [:]
        // A run's notices may be long; lines beyond these are no answer of a keeper.
        for _ in 0..<Self.mostHeaderLines {
            let line = try socket.readLine()
            if line.isEmpty { return (status, headers) }
            guard let colon = line.firstIndex(of: ":") else { throw .brokenOff }
            headers[line[..<colon].lowercased()] = String(line[line.index(after: colon)...].drop { $0 == " " })
        }
        throw .brokenOff
    }

    private static let mostHeaderLines = 100

    func readBody(_ headers: [String: String], status: Int) throws(ClientError) -> [UInt8] {
        if status == 204 { return [] }
        if headers["transfer-encoding"] == "chunked" {
            var body: [UInt8] = []
            while let chunk = try readChunk() { body += chunk }
            return body
        }
        guard let length = headers["content-length"].flatMap({ Int($0) }), length >= 0 else { throw .brokenOff }
        return try socket.read(length)
    }

    /// The next chunk of a chunked body; nil after the last.
    func readChunk() throws(ClientError) -> [UInt8]? {
        guard let length = Int(try socket.readLine(), radix: 16), length >= 0 else { throw .brokenOff }
        let chunk = try socket.read(length)
        guard try socket.readLine().isEmpty else { throw .brokenOff }
        return length == 0 ? nil : chunk
    }

    static func check(_ answer: Answer) throws(ClientError) {
        guard answer.status >= 400 else { return }
        let problem: Problem? = try? decode(answer.body)
        throw .problem(problem ?? Problem("internal", "the keeper answered with status \(answer.status)", status: answer.status))
    }
}
