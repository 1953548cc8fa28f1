import Envelopes
import Model
import Storage

/// One record of a backup's content, in the order that SPEC §15.4 gives. A value is none: it stays in locked memory.
enum BackupItem: Sendable {
    case origin(BackupOrigin)
    case project(ProjectID, createdAt: Timestamp, NameDocument)
    case environment(EnvironmentID, in: ProjectID, createdAt: Timestamp, NameDocument)
    case policy(AnyRecordID, createdAt: Timestamp, StoredPolicy)
    case secret(BackedSecret)
    /// Its values follow, in the order of the manifest.
    case version(Int64, Manifest)
    case end(BackupCounts)

    /// What the first byte of a record says that it is.
    enum Kind: UInt8 { case origin = 1, project, environment, policy, secret, version, value, end }

    /// The most bytes that a record has: those of the largest value, and the byte before it.
    static let largest = SecretValue.maximumByteCount + 1

    /// What stands before a value: the length of the record, and what it is.
    static func valueHead(_ byteCount: Int) -> [UInt8] { length(byteCount + 1) + [Kind.value.rawValue] }

    /// The record behind its length.
    var framed: [UInt8] {
        var writer = CanonicalWriter()
        write(to: &writer)
        return Self.length(writer.bytes.count) + writer.bytes
    }

    private static func length(_ count: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: count >> (24 - 8 * $0)) } }

    private func write(to writer: inout CanonicalWriter) {
        writer.write(byte: kind.rawValue)
        switch self {
        case .origin(let origin): origin.write(to: &writer)
        case .project(let id, let createdAt, let name):
            writer.write(id)
            writer.write(createdAt)
            writer.write(name.encoded)
        case .environment(let id, let project, let createdAt, let name):
            writer.write(id)
            writer.write(project)
            writer.write(createdAt)
            writer.write(name.encoded)
        case .policy(let id, let createdAt, let policy):
            writer.write(id)
            writer.write(createdAt)
            writer.write(policy.encoded)
        case .secret(let secret): secret.write(to: &writer)
        case .version(let number, let manifest):
            writer.write(number)
            writer.write(manifest.encoded)
        case .end(let counts): for number in counts.numbers { writer.write(number) }
        }
    }

    private var kind: Kind {
        switch self {
        case .origin: .origin
        case .project: .project
        case .environment: .environment
        case .policy: .policy
        case .secret: .secret
        case .version: .version
        case .end: .end
        }
    }

    /// Reads a record, whose first byte was read already.
    init(_ kind: Kind, decoding bytes: [UInt8]) throws {
        var reader = CanonicalReader(bytes)
        switch kind {
        case .origin: self = .origin(try BackupOrigin(from: &reader))
        case .project:
            self = .project(try reader.id(), createdAt: try reader.timestamp(), try NameDocument(decoding: reader.data(), of: .project))
        case .environment:
            self = .environment(
                try reader.id(), in: try reader.id(), createdAt: try reader.timestamp(), try NameDocument(decoding: reader.data(), of: .environment))
        case .policy: self = .policy(try reader.id(), createdAt: try reader.timestamp(), try StoredPolicy(decoding: reader.data()))
        case .secret: self = .secret(try BackedSecret(from: &reader))
        case .version: self = .version(try reader.int64(), try Manifest(decoding: reader.data()))
        case .value: throw BackupError.malformed
        case .end: self = .end(try BackupCounts(from: &reader))
        }
        try reader.finish()
    }
}

extension BackupCounts {
    fileprivate var numbers: [Int64] { [projects, environments, policies, secrets, versions, values, valueBytes] }

    fileprivate init(from reader: inout CanonicalReader) throws(CanonicalError) {
        (projects, environments, policies) = (try reader.int64(), try reader.int64(), try reader.int64())
        (secrets, versions, values, valueBytes) = (try reader.int64(), try reader.int64(), try reader.int64(), try reader.int64())
    }
}

/// Which vault a backup is of, and how far its log had come.
package struct BackupOrigin: Sendable, Equatable {
    /// The last signed checkpoint, as a C2SP note.
    package var checkpoint: String
    /// The C2SP key that verifies it.
    package var verifierKey: String

    /// The checkpoint without its signature and further lines: origin, size and root.
    var line: String { checkpoint.split(separator: "\n").prefix(3).joined(separator: " ") }

    init(checkpoint: String, verifierKey: String) { (self.checkpoint, self.verifierKey) = (checkpoint, verifierKey) }

    fileprivate init(from reader: inout CanonicalReader) throws(CanonicalError) { (checkpoint, verifierKey) = (try reader.text(), try reader.text()) }

    fileprivate func write(to writer: inout CanonicalWriter) {
        writer.write(checkpoint)
        writer.write(verifierKey)
    }
}

/// A secret as a backup has it: everything of its row, opened.
struct BackedSecret: Sendable, Equatable {
    var id: SecretID
    var environment: EnvironmentID
    var current: Int64
    var createdAt: Timestamp
    var updatedAt: Timestamp
    var expiresAt: Timestamp?
    var deletedAt: Timestamp?
    var purgeAfter: Timestamp?
    var metadata: SecretMetadata

    init(_ record: SecretRecord, _ metadata: SecretMetadata) {
        (id, environment, current) = (record.id, record.place.environment, record.current)
        (createdAt, updatedAt) = (record.createdAt, record.updatedAt)
        (expiresAt, deletedAt, purgeAfter) = (record.expiresAt, record.deletedAt, record.purgeAfter)
        self.metadata = metadata
    }

    fileprivate init(from reader: inout CanonicalReader) throws {
        (id, environment, current) = (try reader.id(), try reader.id(), try reader.int64())
        (createdAt, updatedAt) = (try reader.timestamp(), try reader.timestamp())
        expiresAt = try reader.optional { reader throws(CanonicalError) in try reader.timestamp() }
        deletedAt = try reader.optional { reader throws(CanonicalError) in try reader.timestamp() }
        purgeAfter = try reader.optional { reader throws(CanonicalError) in try reader.timestamp() }
        metadata = try SecretMetadata(decoding: reader.data())
    }

    fileprivate func write(to writer: inout CanonicalWriter) {
        writer.write(id)
        writer.write(environment)
        writer.write(current)
        writer.write(createdAt)
        writer.write(updatedAt)
        writer.write(optional: expiresAt)
        writer.write(optional: deletedAt)
        writer.write(optional: purgeAfter)
        writer.write(metadata.encoded)
    }

    /// The secret's record in a place of another vault.
    func record(in place: Place) -> SecretRecord {
        var record = SecretRecord(id: id, place: place, createdAt: createdAt, metadata: SealedMetadata(generation: 0, wrapped: [], sealed: []))
        (record.current, record.updatedAt) = (current, updatedAt)
        (record.expiresAt, record.deletedAt, record.purgeAfter) = (expiresAt, deletedAt, purgeAfter)
        return record
    }
}
