public import TacitWire

/// A run that was allowed: frames in both directions. No call waits; used by one thread at a time.
public final class RunStream {
    private let connection: KeeperConnection
    private var cutter = ChunkCutter()
    private var decoder = RunFrameDecoder(from: .runner)
    private var outgoing: [UInt8] = []
    private var sent = 0
    /// The keeper takes nothing any more. What it said before that is still to be read, and its end tells the rest.
    private var isDeaf = false

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

    /// The socket, to wait for together with other descriptors: for reading unless `hasBuffered`, for writing while `hasUnsent`.
    public var descriptor: Int32 { connection.socket.descriptor }

    /// Whether bytes were received already that `receive` has not looked at.
    public var hasBuffered: Bool { connection.socket.hasBuffered }

    /// Whether frames wait for the keeper to take them.
    public var hasUnsent: Bool { sent < outgoing.count }

    /// Whether the keeper sends nothing more.
    public private(set) var isAtEnd = false

    /// Sends a frame, as far as the keeper takes it now; `flush` sends the rest. To a keeper that has ended the run nothing is sent.
    public func send(_ frame: RunFrame) {
        guard !isDeaf else { return }
        let bytes = frame.encoded
        outgoing += Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + [13, 10]
        flush()
    }

    /// Sends what waits, as far as the keeper takes it now.
    public func flush() {
        guard hasUnsent else { return }
        do { sent += try connection.socket.writeNow(outgoing[sent...]) } catch { isDeaf = true }
        guard isDeaf || sent == outgoing.count else { return }
        outgoing.removeAll(keepingCapacity: true)
        sent = 0
    }

    /// The frames that came; none when nothing came, or at the end.
    public func receive() throws(ClientError) -> [RunFrame] {
        guard !isAtEnd, let piece = try connection.socket.readNow() else { return [] }
        var frames: [RunFrame] = []
        guard cutter.read(piece, { decoder.append($0) }) else { throw .brokenOff }
        do {
            while let frame = try decoder.next() { frames.append(frame) }
        } catch { throw .brokenOff }
        isAtEnd = piece.isEmpty || cutter.isAtEnd
        return frames
    }
}

extension KeeperConnection {
    /// Starts a run. The connection belongs to it from here on.
    public func startRun(_ request: RunRequest) throws(ClientError) -> RunStream {
        var head = requestHead("POST", WirePath.runs, contentType: "application/vnd.tacit.run-frames", ifMatch: nil)
        head += "Transfer-Encoding: chunked\r\n\r\n"
        let json = request.json
        let length = (0..<4).reversed().map { UInt8(truncatingIfNeeded: json.count >> ($0 * 8)) }
        let chunk = Array("\(String(json.count + 4, radix: 16))\r\n".utf8) + length + json + [13, 10]
        try socket.write(Array(head.utf8) + chunk)
        let (status, headers) = try readHead()
        if status >= 400 {
            let answer = Answer(status: status, headers: headers, body: try readBody(headers, status: status))
            // The body that was announced ends here, so that the connection can carry the next request.
            try? socket.write(Array("0\r\n\r\n".utf8))
            try Self.check(answer)
        }
        guard headers["transfer-encoding"] == "chunked" else { throw .brokenOff }
        return RunStream(self, headers: headers)
    }
}
