public import TacitWire

/// A run that was allowed: frames in both directions. One thread may send while another reads.
public final class RunStream: @unchecked Sendable {
    private let connection: KeeperConnection
    private var decoder = RunFrameDecoder(from: .runner)

    /// What the person is told before the run, one sentence each.
    public let notices: [String]
    /// The index of the audit entry of the run's intent.
    public let auditEntry: String?

    init(_ connection: KeeperConnection, headers: [String: String]) {
        self.connection = connection
        let text = headers[WireHeader.notices.lowercased()].flatMap(WirePath.decoded) ?? ""
        notices = text.split(separator: "\n").map(String.init)
        auditEntry = headers[WireHeader.auditEntry.lowercased()]
    }

    /// The socket, to wait for frames on together with other descriptors; `hasBuffered` must be false.
    public var descriptor: Int32 { connection.socket.descriptor }

    /// Whether `next` can answer without waiting.
    public var hasBuffered: Bool { connection.socket.hasBuffered }

    /// Sends a frame.
    public func send(_ frame: RunFrame) throws(ClientError) {
        let bytes = frame.encoded
        try connection.socket.write(Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + [13, 10])
    }

    /// The frames that came; waits for at least one chunk. Empty at the end of the stream.
    public func next() throws(ClientError) -> [RunFrame] {
        guard let chunk = try connection.readChunk() else { return [] }
        decoder.append(chunk)
        var frames: [RunFrame] = []
        do {
            while let frame = try decoder.next() { frames.append(frame) }
        } catch { throw .brokenOff }
        return frames
    }
}

extension KeeperConnection {
    /// Starts a run. The connection belongs to it from here on.
    public func startRun(_ request: RunRequest) throws(ClientError) -> RunStream {
        var head = requestHead("POST", WirePath.runs, contentType: "application/vnd.tacit.run-frames", ifMatch: nil)
        head += "Transfer-Encoding: chunked\r\n\r\n"
        let json = try Self.encode(request)
        let length = (0..<4).reversed().map { UInt8(truncatingIfNeeded: json.count >> ($0 * 8)) }
        let chunk = Array("\(String(json.count + 4, radix: 16))\r\n".utf8) + length + json + [13, 10]
        try socket.write(Array(head.utf8) + chunk)
        let (status, headers) = try readHead()
        if status >= 400 { try Self.check(Answer(status: status, headers: headers, body: try readBody(headers, status: status))) }
        guard headers["transfer-encoding"] == "chunked" else { throw .brokenOff }
        return RunStream(self, headers: headers)
    }
}
