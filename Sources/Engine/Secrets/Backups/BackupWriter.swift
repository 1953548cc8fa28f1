import Envelopes
import Model

/// Where a backup's bytes go, in order, each piece with the number of versions that were sealed before it was whole.
package typealias BackupSink = ([UInt8], _ versions: Int64) async throws -> Void

/// Seals what it is given and hands it on, chunk by chunk.
struct BackupWriter {
    private var sealer: ChunkSealer
    private(set) var counts = BackupCounts()

    /// Begins with the head.
    init(_ head: BackupHead, _ key: BackupKey, to sink: BackupSink) async throws {
        sealer = key.sealer(behind: head)
        try await sink(head.encoded + key.code(of: head), 0)
    }

    mutating func write(_ item: BackupItem, to sink: BackupSink) async throws {
        switch item {
        case .project: counts.projects += 1
        case .environment: counts.environments += 1
        case .policy: counts.policies += 1
        case .secret: counts.secrets += 1
        case .version: counts.versions += 1
        case .origin, .end: break
        }
        sealer.add(item.framed)
        try await drain(to: sink)
    }

    mutating func write(_ value: SecretValue, to sink: BackupSink) async throws {
        counts.values += 1
        counts.valueBytes += Int64(value.byteCount)
        sealer.add(BackupItem.valueHead(value.byteCount))
        sealer.add(value)
        try await drain(to: sink)
    }

    /// Writes the numbers of what came before, and the last chunk.
    mutating func finish(to sink: BackupSink) async throws {
        try await write(.end(counts), to: sink)
        try await sink(try sealer.finish(), counts.versions)
    }

    private mutating func drain(to sink: BackupSink) async throws { while let chunk = try sealer.next() { try await sink(chunk, counts.versions) } }
}
