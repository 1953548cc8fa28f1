package import Model

/// What stands in clear before a backup's chunks: of which vault it is, when it was made, and how its key is come by (SPEC §15.1).
package struct BackupHead: Sendable, Equatable {
    /// The id of the backup: no other has it.
    package var backup: AnyRecordID
    /// The organization whose vault it is of.
    package var organization: OrganizationID
    package var createdAt: Timestamp
    package var lock: BackupLock

    /// How a backup's key is come by.
    package enum BackupLock: Sendable, Equatable {
        /// The key is wrapped under one that a password makes.
        case password(PasswordHashParameters, wrapped: [UInt8])
        /// The key is the content of an age file.
        case recipients([UInt8])
    }

    private static let magic = Array("tacit-backup".utf8)
    private static let version: UInt8 = 1
    private static let largestBody = 64 << 10
    private static let passwordKind = "password"
    private static let recipientKind = "age"

    package init(backup: AnyRecordID, organization: OrganizationID, createdAt: Timestamp, lock: BackupLock) {
        (self.backup, self.organization, self.createdAt, self.lock) = (backup, organization, createdAt, lock)
    }

    /// The bytes that the code of the head is over.
    package var encoded: [UInt8] {
        var body = CanonicalWriter()
        body.write(backup)
        body.write(organization)
        body.write(createdAt)
        switch lock {
        case .password(let parameters, let wrapped):
            body.write(Self.passwordKind)
            body.write(parameters.phcString)
            body.write(wrapped)
        case .recipients(let file):
            body.write(Self.recipientKind)
            body.write(file)
        }
        var writer = CanonicalWriter()
        writer.write(body.bytes)
        return Self.magic + [Self.version] + writer.bytes
    }

    /// Reads the head from the beginning of a file, and how many bytes it has; nil where more bytes are needed.
    package static func read(_ bytes: [UInt8]) throws -> (head: BackupHead, byteCount: Int)? {
        guard bytes.starts(with: magic.prefix(bytes.count)) else { throw BackupError.notABackup }
        guard bytes.count > magic.count else { return nil }
        let version = bytes[magic.count]
        guard version == Self.version else { throw version > Self.version ? BackupError.newer(version) : BackupError.notABackup }
        let start = magic.count + 5
        guard bytes.count >= start else { return nil }
        let length = bytes[(start - 4)..<start].reduce(0) { $0 << 8 | Int($1) }
        guard length <= largestBody else { throw BackupError.changed(piece: 0) }
        guard bytes.count >= start + length else { return nil }
        do {
            return (try BackupHead(body: Array(bytes[start..<(start + length)])), start + length)
        } catch { throw BackupError.changed(piece: 0) }
    }

    private init(body bytes: [UInt8]) throws {
        var reader = CanonicalReader(bytes)
        backup = try reader.id()
        organization = try reader.id()
        createdAt = try reader.timestamp()
        switch try reader.text() {
        case Self.passwordKind: lock = .password(try PasswordHashParameters(parsing: try reader.text()), wrapped: try reader.data())
        case Self.recipientKind: lock = .recipients(try reader.data())
        default: throw BackupError.changed(piece: 0)
        }
        try reader.finish()
    }
}
