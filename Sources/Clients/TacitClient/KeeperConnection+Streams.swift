import Glibc
import TacitWire

extension KeeperConnection {
    /// Sends a request whose answer has no end in sight; `take` gets it piece by piece. Returns the fields behind it, their names in lower case.
    public func stream(
        _ method: String, _ path: String, body: [UInt8], contentType: String, _ take: ([UInt8]) throws -> Void
    ) throws -> [String: String] {
        var head = requestHead(method, path, contentType: contentType, ifMatch: nil)
        head += "Content-Length: \(body.count)\r\n\r\n"
        try socket.write(Array(head.utf8))
        try socket.write(body)
        let (status, headers) = try readHead()
        if status >= 400 { try Self.check(Answer(status: status, headers: headers, body: try readBody(headers, status: status))) }
        guard headers["transfer-encoding"] == "chunked" else { throw ClientError.brokenOff }
        while true {
            guard let length = Int(try socket.readLine(), radix: 16), length >= 0 else { throw ClientError.brokenOff }
            if length == 0 { return try readTrailer() }
            try take(try socket.read(length))
            guard try socket.readLine().isEmpty else { throw ClientError.brokenOff }
        }
    }

    private func readTrailer() throws(ClientError) -> [String: String] {
        var fields: [String: String] = [:]
        while fields.count < 20 {
            let line = try socket.readLine()
            if line.isEmpty { return fields }
            guard let colon = line.firstIndex(of: ":") else { throw .brokenOff }
            fields[line[..<colon].lowercased()] = String(line[line.index(after: colon)...].drop { $0 == " " })
        }
        throw .brokenOff
    }

    /// Sends a body piece by piece, as long as there is one and nobody answers: an answer that comes before the end is a refusal, and the rest is not sent.
    ///
    /// After a refusal the connection is of no use.
    public func upload(_ path: String, contentType: String, _ next: () throws -> [UInt8]?) throws -> Answer {
        var head = requestHead("POST", path, contentType: contentType, ifMatch: nil)
        head += "Transfer-Encoding: chunked\r\n\r\n"
        try socket.write(Array(head.utf8))
        var isWhole = false
        while !isWhole {
            let piece = try next()
            isWhole = piece == nil
            let bytes = piece ?? []
            let chunk = isWhole ? Array("0\r\n\r\n".utf8) : Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + [13, 10]
            guard bytes.count > 0 || isWhole else { continue }
            guard try sendUnlessAnswered(chunk) else { break }
        }
        let (status, headers) = try readHead()
        let answer = Answer(status: status, headers: headers, body: try readBody(headers, status: status))
        try Self.check(answer)
        guard isWhole else { throw ClientError.brokenOff }
        return answer
    }

    /// Sends bytes; false as soon as the other end says something.
    private func sendUnlessAnswered(_ bytes: [UInt8]) throws -> Bool {
        var done = 0
        while done < bytes.count {
            var waiting = pollfd(fd: socket.descriptor, events: Int16(POLLIN | POLLOUT), revents: 0)
            let ready = unsafe poll(&waiting, 1, -1)
            if ready < 0, errno == EINTR { continue }
            guard ready > 0 else { throw ClientError.brokenOff }
            if waiting.revents & Int16(POLLIN) != 0 { return false }
            done += try socket.writeNow(bytes[done...])
        }
        return true
    }
}
