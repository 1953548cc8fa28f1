import Model
import Storage

/// A statement with its values, and what a conflict there is about.
struct SQLStep {
    let statement: SQLStatement
    let values: [SQLValue]
    let kind: RecordKind?

    init(_ statement: SQLStatement, _ values: [SQLValue], about kind: RecordKind? = nil) {
        self.statement = statement
        self.values = values
        self.kind = kind
    }
}

extension Batch.Operation {
    /// The statement that carries the operation out, always on exactly one row; nil for what is more than that, or less.
    var step: SQLStep? {
        switch self {
        case .put(let record, replacing: nil): record.insertion
        case .put(let record, .some(let replaced)): record.replacement(of: replaced)
        case .remove(let kind, let id, let replaced, let organization):
            SQLStep(.deleteRecord, [.id(organization), .identifier(id), .text(kind.rawValue), .integer(replaced)], about: kind)
        case .insertKey(let key): key.insertion
        case .deleteKey(let owner, let generation, let wrapping, let organization):
            SQLStep(.deleteKey, [.id(organization), .identifier(owner), .integer(generation), .integer(wrapping)])
        case .insertVersion(let version):
            SQLStep(
                .insertVersion,
                [.id(version.organization), .id(version.secret), .integer(version.number), .integer(version.createdAt.nanoseconds)], about: .secret)
        case .deleteVersion(let secret, let number, let organization):
            SQLStep(.deleteVersion, [.id(organization), .id(secret), .integer(number)], about: .secret)
        case .insertDataKey(let key):
            SQLStep(
                .insertDataKey,
                key.address.values(in: key.organization) + [.integer(key.generation), .integer(key.seal), .bytes(key.wrapped)], about: .secret)
        case .rewrapDataKey(let key, let replaced):
            SQLStep(
                .rewrapDataKey,
                [
                    .integer(key.generation), .bytes(key.wrapped), .id(key.organization), .id(key.address.secret), .integer(key.address.version),
                    .integer(key.address.ordinal), .integer(replaced), .integer(key.seal),
                ], about: .secret)
        case .deleteDataKey(let address, let generation, let seal, let organization):
            SQLStep(.deleteDataKey, address.values(in: organization) + [.integer(generation), .integer(seal)], about: .secret)
        case .insertCiphertext(let text):
            SQLStep(.insertCiphertext, text.address.values(in: text.organization) + [.integer(text.seal), .bytes(text.sealed)], about: .secret)
        case .deleteCiphertext(let address, let seal, let organization):
            SQLStep(.deleteCiphertext, address.values(in: organization) + [.integer(seal)], about: .secret)
        case .append(let entry): entry.insertion
        case .insertCheckpoint(let checkpoint):
            SQLStep(
                .insertCheckpoint,
                [.id(checkpoint.organization), .integer(checkpoint.size), .bytes(checkpoint.note), .bytes(checkpoint.frontier)])
        case .expectNewestKey, .rewriteRecords, .pruneLog: nil
        }
    }
}

extension Record {
    fileprivate var insertion: SQLStep {
        SQLStep(
            .insertRecord,
            [
                .id(organization), .text(kind.rawValue), .identifier(id), .optional(parent), .optional(lookup), .integer(revision),
                .bytes(content), .bytes(mac),
            ], about: kind)
    }

    fileprivate func replacement(of replaced: Int64) -> SQLStep {
        SQLStep(
            .updateRecord,
            [
                .integer(revision), .bytes(content), .bytes(mac),
                .id(organization), .identifier(id), .text(kind.rawValue), .optional(parent), .optional(lookup), .integer(replaced),
            ], about: kind)
    }

    /// As `replacement`, for one that is found by another name from now on.
    func renaming(of replaced: Int64) -> SQLStep {
        SQLStep(
            .renameRecord,
            [
                .optional(lookup), .integer(revision), .bytes(content), .bytes(mac),
                .id(organization), .identifier(id), .text(kind.rawValue), .optional(parent), .integer(replaced),
            ], about: kind)
    }
}

extension StoredEntry {
    var insertion: SQLStep { SQLStep(.insertEntry, [.id(organization), .integer(index), .bytes(sealed), .bytes(chain)]) }
}

extension StoredKey {
    fileprivate var insertion: SQLStep {
        SQLStep(.insertKey, [.id(organization), .identifier(owner), .integer(generation), .integer(wrapping), .bytes(wrapped)])
    }
}

extension FieldAddress {
    func values(in organization: OrganizationID) -> [SQLValue] {
        [.id(organization), .id(secret), .integer(version), .integer(ordinal)]
    }
}
