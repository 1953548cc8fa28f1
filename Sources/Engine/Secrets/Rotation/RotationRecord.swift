import Model
import Storage

/// What a rotation draws anew.
package enum RotationKind: String, Sendable, CaseIterable {
    /// The key of one project: its data keys are wrapped anew, its names sealed anew.
    case project
    /// The keys of all projects, and the data keys and ciphertexts of every version.
    case reseal
}

/// How far a rotation has come. While its row is there, one goes on.
struct RotationRecord: Sendable, Equatable {
    /// By what the row is found: there is one at a time.
    static let name = "rotation"

    var kind: RotationKind
    /// Nil for all projects.
    var project: ProjectID?
    var startedAt: Timestamp
    /// How many versions there were when it began.
    var total: Int64
    /// How many versions were moved, and how many rows with names.
    var versions: Int64 = 0
    var rows: Int64 = 0
    /// Everything is looked at again until a pass has found nothing: only then the old keys go.
    var pass: Int64 = 1
    var movedInPass: Int64 = 0
    var cursor = RotationCursor()

    init(kind: RotationKind, project: ProjectID?, startedAt: Timestamp, total: Int64) {
        (self.kind, self.project, self.startedAt, self.total) = (kind, project, startedAt, total)
    }

    init(decoding bytes: [UInt8]) throws {
        var reader = CanonicalReader(bytes)
        guard try reader.byte() == 1, let kind = RotationKind(rawValue: try reader.text()) else { throw EngineError.unreadable }
        self.kind = kind
        project = try reader.optional { reader throws(CanonicalError) in try reader.id() }
        startedAt = try reader.timestamp()
        total = try reader.int64()
        versions = try reader.int64()
        rows = try reader.int64()
        pass = try reader.int64()
        movedInPass = try reader.int64()
        cursor = try RotationCursor(from: &reader)
        try reader.finish()
        guard (kind == .reseal) == (project == nil), [total, versions, rows, movedInPass].allSatisfy({ $0 >= 0 }), pass >= 1 else {
            throw EngineError.unreadable
        }
    }

    var encoded: [UInt8] {
        var writer = CanonicalWriter(capacity: 192)
        writer.write(byte: 1)
        writer.write(kind.rawValue)
        writer.write(optional: project)
        writer.write(startedAt)
        writer.write(total)
        writer.write(versions)
        writer.write(rows)
        writer.write(pass)
        writer.write(movedInPass)
        cursor.write(to: &writer)
        return writer.bytes
    }

    /// Whether nothing is left under an old key.
    var isComplete: Bool { pass > 1 && movedInPass == 0 && cursor.isAtEnd }
}

/// Where a rotation stands: projects by id, in each its environments by id, and in those their secrets by id, page by page.
struct RotationCursor: Sendable, Equatable {
    var project: ProjectID?
    /// Nil before the first environment of the project.
    var environment: EnvironmentID?
    /// The secret behind which the page begins; nil for the first page.
    var secret: SecretID?
    /// Whether the rows of the page are moved.
    var hasRows = false
    /// The field behind which the data keys of the page go on; nil before the first.
    var key: FieldAddress?
    var isEnvironmentDone = false
    /// Whether the pass has come to its end.
    var isAtEnd = false

    init() {}

    init(in project: ProjectID?) { self.project = project }

    /// Goes on with another environment of the project.
    mutating func enter(_ environment: EnvironmentID) {
        self = RotationCursor(in: project)
        self.environment = environment
    }

    /// Goes on with the next page.
    mutating func goOn(behind secret: SecretID) { (self.secret, hasRows, key) = (secret, false, nil) }

    init(from reader: inout CanonicalReader) throws {
        project = try reader.optional { reader throws(CanonicalError) in try reader.id() }
        environment = try reader.optional { reader throws(CanonicalError) in try reader.id() }
        secret = try reader.optional { reader throws(CanonicalError) in try reader.id() }
        key = try reader.optional { reader throws(CanonicalError) in
            FieldAddress(secret: try reader.id(), version: try reader.int64(), ordinal: try reader.int64())
        }
        let flags = try reader.byte()
        guard flags < 8 else { throw EngineError.unreadable }
        (hasRows, isEnvironmentDone, isAtEnd) = (flags & 1 != 0, flags & 2 != 0, flags & 4 != 0)
    }

    func write(to writer: inout CanonicalWriter) {
        writer.write(optional: project)
        writer.write(optional: environment)
        writer.write(optional: secret)
        writer.write(optional: key) { writer, key in
            writer.write(key.secret)
            writer.write(key.version)
            writer.write(key.ordinal)
        }
        writer.write(byte: (hasRows ? 1 : 0) | (isEnvironmentDone ? 2 : 0) | (isAtEnd ? 4 : 0))
    }
}
