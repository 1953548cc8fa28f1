import Model

/// Says since when agents are frozen. While the row is there, they are.
struct PanicRecord: Sendable {
    /// By what the one row is found.
    static let name = "agents"

    var since: Timestamp

    init(since: Timestamp) { self.since = since }

    init(decoding bytes: [UInt8]) throws {
        var reader = CanonicalReader(bytes)
        guard try reader.byte() == 1 else { throw EngineError.unreadable }
        since = try reader.timestamp()
        try reader.finish()
    }

    var encoded: [UInt8] {
        var writer = CanonicalWriter(capacity: 16)
        writer.write(byte: 1)
        writer.write(since)
        return writer.bytes
    }
}
