import Envelopes
import Model
import Storage

/// A secret: where it lies, which version is current, and its sealed metadata.
struct SecretRecord: Sendable {
    var id: SecretID
    var place: Place
    var current: Int64
    var createdAt: Timestamp
    var updatedAt: Timestamp
    var expiresAt: Timestamp?
    var deletedAt: Timestamp?
    var purgeAfter: Timestamp?
    var metadata: SealedMetadata
    /// The row as it is stored; nil for one that is not stored yet.
    var row: Record?

    /// Decodes a row whose MAC was checked.
    init(_ row: Record, place: Place) throws {
        guard row.kind == .secret, row.parent == place.environment.cast() else { throw EngineError.recordsDisagree }
        var reader = CanonicalReader(row.content)
        guard try reader.byte() == 1 else { throw EngineError.unreadable }
        id = row.id.cast()
        self.place = place
        current = try reader.int64()
        createdAt = try reader.timestamp()
        updatedAt = try reader.timestamp()
        expiresAt = try reader.optional { reader throws(CanonicalError) in try reader.timestamp() }
        deletedAt = try reader.optional { reader throws(CanonicalError) in try reader.timestamp() }
        purgeAfter = try reader.optional { reader throws(CanonicalError) in try reader.timestamp() }
        metadata = try SealedMetadata(from: &reader)
        try reader.finish()
        self.row = row
    }

    init(id: SecretID, place: Place, createdAt: Timestamp, metadata: SealedMetadata) {
        self.id = id
        self.place = place
        current = 0
        self.createdAt = createdAt
        updatedAt = createdAt
        self.metadata = metadata
    }

    /// What most rows need.
    private static let capacity = 320

    var content: [UInt8] {
        var writer = CanonicalWriter(capacity: Self.capacity)
        writer.write(byte: 1)
        writer.write(current)
        writer.write(createdAt)
        writer.write(updatedAt)
        writer.write(optional: expiresAt)
        writer.write(optional: deletedAt)
        writer.write(optional: purgeAfter)
        metadata.write(to: &writer)
        return writer.bytes
    }

    /// Whether a row is that of a deleted secret whose retention is over.
    static func isOverdue(_ row: Record, now: Timestamp) throws -> Bool {
        guard row.kind == .secret else { return false }
        let (deletedAt, purgeAfter, _) = try skippingTimes(of: row)
        return deletedAt != nil && purgeAfter.map { $0 <= now } ?? false
    }

    /// The generation of the key that a row's private part is under. The row says so: its MAC is to be checked before that is relied on.
    static func generation(of row: Record) throws -> Int64 {
        var (_, _, reader) = try skippingTimes(of: row)
        return try reader.int64()
    }

    /// What stands before a row's private part, as it is, and that part.
    static func parts(of row: Record) throws -> (open: ArraySlice<UInt8>, metadata: SealedMetadata) {
        var (_, _, reader) = try skippingTimes(of: row)
        let open = row.content.prefix(reader.position)
        let metadata = try SealedMetadata(from: &reader)
        try reader.finish()
        return (open, metadata)
    }

    /// A row's content of such parts.
    static func content(_ open: ArraySlice<UInt8>, _ metadata: SealedMetadata) -> [UInt8] {
        var writer = CanonicalWriter(behind: open, capacity: capacity)
        metadata.write(to: &writer)
        return writer.bytes
    }

    /// Two of the times that stand in a row, and what follows behind all of them.
    private static func skippingTimes(of row: Record) throws -> (deletedAt: Timestamp?, purgeAfter: Timestamp?, rest: CanonicalReader) {
        var reader = CanonicalReader(row.content)
        guard try reader.byte() == 1 else { throw EngineError.unreadable }
        _ = (try reader.int64(), try reader.timestamp(), try reader.timestamp())
        _ = try reader.optional { reader throws(CanonicalError) in try reader.timestamp() }
        let deletedAt = try reader.optional { reader throws(CanonicalError) in try reader.timestamp() }
        let purgeAfter = try reader.optional { reader throws(CanonicalError) in try reader.timestamp() }
        return (deletedAt, purgeAfter, reader)
    }

    /// The revision that the next write of this record has.
    var nextRevision: Int64 { (row?.revision ?? 0) + 1 }

    func metadataPlace(revision: Int64) -> MetadataPlace { place.metadata(of: id.cast(), revision: revision) }
}

/// Where a secret lies, by id, with the names for the log.
struct Place: Sendable, Hashable {
    var organization: OrganizationID
    var project: ProjectID
    var environment: EnvironmentID
    var scope: Scope

    /// Where the private part of a row lies that is of a secret here.
    func metadata(of record: AnyRecordID, revision: Int64) -> MetadataPlace {
        MetadataPlace(organization: organization, project: project, environment: environment, record: record, revision: revision)
    }
}

/// What people call and say about a secret; sealed.
struct SecretMetadata: Sendable, Equatable {
    var name: SecretName
    var tags: [String] = []
    var description: String?
    var note: String?
    var url: String?

    init(name: SecretName) { self.name = name }

    init(decoding bytes: [UInt8]) throws {
        var reader = CanonicalReader(bytes)
        guard try reader.byte() == 1 else { throw EngineError.unreadable }
        name = try SecretName(reader.text())
        tags = try reader.list { reader throws(CanonicalError) in try reader.text() }
        description = try reader.optional { reader throws(CanonicalError) in try reader.text() }
        note = try reader.optional { reader throws(CanonicalError) in try reader.text() }
        url = try reader.optional { reader throws(CanonicalError) in try reader.text() }
        try reader.finish()
    }

    var encoded: [UInt8] {
        var writer = CanonicalWriter()
        writer.write(byte: 1)
        writer.write(name.description)
        writer.write(list: tags) { $0.write($1) }
        writer.write(optional: description)
        writer.write(optional: note)
        writer.write(optional: url)
        return writer.bytes
    }
}
