import Auditing
import Model
import Storage

/// Says up to where the log was pruned (SPEC §7.13): the checkpoint of that size stands for what went. There is a row for each time; the last one is where the
/// log begins.
struct Anchor: Sendable, Equatable {
    var size: Int64
    var prunedAt: Timestamp

    init(size: Int64, prunedAt: Timestamp) { (self.size, self.prunedAt) = (size, prunedAt) }

    init(decoding bytes: [UInt8]) throws {
        var reader = CanonicalReader(bytes)
        guard try reader.byte() == 1 else { throw EngineError.unreadable }
        (size, prunedAt) = (try reader.int64(), try reader.timestamp())
        guard size >= 1 else { throw EngineError.unreadable }
        try reader.finish()
    }

    /// By what the row is found.
    var name: String { "size/\(size)" }

    var encoded: [UInt8] {
        var writer = CanonicalWriter(capacity: 24)
        writer.write(byte: 1)
        writer.write(size)
        writer.write(prunedAt)
        return writer.bytes
    }
}

extension RecordBook {
    /// The sizes at which the log was pruned, one after the other.
    func anchors() async throws -> [Int64] { try await records(.anchor).map { try Anchor(decoding: $0.content).size }.sorted() }

    /// Up to where the log was pruned; 0 where it never was.
    func logStart() async throws -> Int64 { try await anchors().last ?? 0 }

    /// The head behind which the log begins, as its anchor proves it; that of an empty log where it was never pruned.
    func startingHead(under epochs: LogEpochs) async throws -> LogHead {
        let start = try await logStart()
        guard start > 0 else { return LogHead(organization: keyring.organization) }
        guard let stored = try await store.checkpoint(ofSize: start, in: keyring.organization),
            let checkpoint = try? SignedCheckpoint(parsing: stored.note), epochs.isGenuine(checkpoint), checkpoint.size == start,
            let head = LogHead(provenBy: checkpoint, frontier: stored.frontier, organization: keyring.organization)
        else { throw EngineError.logBroken }
        return head
    }
}

extension OpenVault {
    /// Lets `body` read the log from its beginning; once more where the log was pruned meanwhile.
    func fromStart<Result: Sendable>(_ body: (LogHead) async throws -> Result) async throws -> Result {
        while true {
            let start = try await book.startingHead(under: keyring.logKeys().epochs)
            let result: Swift.Result<Result, any Error>
            do { result = .success(try await body(start)) } catch { result = .failure(error) }
            guard try await book.logStart() != start.size else { return try result.get() }
        }
    }
}
