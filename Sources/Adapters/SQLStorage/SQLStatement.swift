/// Every statement that stores run, once. Placeholders stand in the order of their first use, so `$1` means the same to every database.
package enum SQLStatement: Int, CaseIterable, Sendable {
    case begin, beginReading, commit, savepoint, release, rollbackToSavepoint
    case schemaVersion, insertMigration
    case insertRecord, updateRecord, renameRecord, deleteRecord
    case recordByID, recordByLookup, recordsOfKind, recordsInParent, allRecords, nextOrganization
    case insertKey, deleteKey, keysOfOwner, newestKey
    case insertVersion, deleteVersion, version, versionsOfSecret, versionsInEnvironment
    case insertDataKey, rewrapDataKey, deleteDataKey, dataKeysOfSecret
    case insertCiphertext, deleteCiphertext, field, fieldsOfVersion
    case insertEntry, lastPosition, entries
    case insertCheckpoint, checkpoints, checkpoint, lastCheckpoint
    case insertAnchor, keepCheckpoint, pruneEntries, pruneCheckpoints

    /// The statement's text for a database.
    package func text(in dialect: SQLDialect) -> String { transactionText(in: dialect) ?? recordText ?? sealedText ?? logText }

    private func transactionText(in dialect: SQLDialect) -> String? {
        switch self {
        case .begin: dialect.begin
        case .beginReading: "BEGIN"
        case .commit: "COMMIT"
        case .savepoint: "SAVEPOINT batch"
        case .release: "RELEASE SAVEPOINT batch"
        case .rollbackToSavepoint: "ROLLBACK TO SAVEPOINT batch"
        case .schemaVersion: "SELECT version FROM schema_migration ORDER BY version DESC LIMIT 1"
        case .insertMigration: "INSERT INTO schema_migration (version, name) VALUES ($1, $2)"
        default: nil
        }
    }
}

extension SQLStatement {
    private var recordText: String? {
        let columns = "kind, id, parent, lookup, revision, content, mac"
        return switch self {
        case .insertRecord: "INSERT INTO record (organization, \(columns)) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
        // A column that is set is written in its index, too, whether or not it is another value.
        case .updateRecord:
            """
            UPDATE record SET revision = $1, content = $2, mac = $3
            WHERE organization = $4 AND id = $5 AND kind = $6 AND parent IS NOT DISTINCT FROM $7 AND lookup IS NOT DISTINCT FROM $8 AND revision = $9
            """
        case .renameRecord:
            """
            UPDATE record SET lookup = $1, revision = $2, content = $3, mac = $4
            WHERE organization = $5 AND id = $6 AND kind = $7 AND parent IS NOT DISTINCT FROM $8 AND revision = $9
            """
        case .deleteRecord: "DELETE FROM record WHERE organization = $1 AND id = $2 AND kind = $3 AND revision = $4"
        case .recordByID: "SELECT \(columns) FROM record WHERE organization = $1 AND id = $2 AND kind = $3"
        case .recordByLookup: "SELECT \(columns) FROM record WHERE organization = $1 AND kind = $2 AND lookup = $3"
        case .recordsOfKind:
            "SELECT \(columns) FROM record WHERE organization = $1 AND kind = $2 AND id > $3 ORDER BY id LIMIT $4"
        case .recordsInParent:
            "SELECT \(columns) FROM record WHERE organization = $1 AND parent = $2 AND kind = $3 AND id > $4 ORDER BY id LIMIT $5"
        case .allRecords: "SELECT \(columns) FROM record WHERE organization = $1 ORDER BY kind, id"
        case .nextOrganization: "SELECT organization FROM record WHERE organization > $1 ORDER BY organization LIMIT 1"
        default: nil
        }
    }

    private var sealedText: String? {
        switch self {
        case .insertKey: "INSERT INTO key (organization, owner, generation, wrapping, wrapped) VALUES ($1, $2, $3, $4, $5)"
        case .deleteKey: "DELETE FROM key WHERE organization = $1 AND owner = $2 AND generation = $3 AND wrapping = $4"
        case .keysOfOwner:
            "SELECT generation, wrapping, wrapped FROM key WHERE organization = $1 AND owner = $2 ORDER BY generation DESC, wrapping DESC"
        case .newestKey: "SELECT generation FROM key WHERE organization = $1 AND owner = $2 ORDER BY generation DESC LIMIT 1"
        case .insertVersion: "INSERT INTO version (organization, secret, number, created_at) VALUES ($1, $2, $3, $4)"
        case .deleteVersion: "DELETE FROM version WHERE organization = $1 AND secret = $2 AND number = $3"
        case .version: "SELECT number, created_at FROM version WHERE organization = $1 AND secret = $2 AND number = $3"
        case .versionsOfSecret: "SELECT number, created_at FROM version WHERE organization = $1 AND secret = $2 ORDER BY number DESC"
        // The order of the loops is the one that is written: the secrets of the environment, and of each its versions.
        case .versionsInEnvironment:
            """
            SELECT COUNT(*) FROM record AS s CROSS JOIN version AS v
            WHERE s.organization = $1 AND s.parent = $2 AND s.kind = 'secret' AND v.organization = s.organization AND v.secret = s.id
            """
        default: fieldText
        }
    }

    private var fieldText: String? {
        let address = "organization = $1 AND secret = $2 AND version = $3 AND ordinal = $4"
        let pair = """
            SELECT k.ordinal, k.generation, k.seal, k.wrapped, c.sealed FROM data_key AS k JOIN ciphertext AS c
            ON c.organization = k.organization AND c.secret = k.secret AND c.version = k.version AND c.ordinal = k.ordinal AND c.seal = k.seal
            WHERE k.organization = $1 AND k.secret = $2 AND k.version = $3
            """
        return switch self {
        case .insertDataKey:
            "INSERT INTO data_key (organization, secret, version, ordinal, generation, seal, wrapped) VALUES ($1, $2, $3, $4, $5, $6, $7)"
        case .rewrapDataKey:
            """
            UPDATE data_key SET generation = $1, wrapped = $2
            WHERE organization = $3 AND secret = $4 AND version = $5 AND ordinal = $6 AND generation = $7 AND seal = $8
            """
        case .deleteDataKey: "DELETE FROM data_key WHERE \(address) AND generation = $5 AND seal = $6"
        case .insertCiphertext: "INSERT INTO ciphertext (organization, secret, version, ordinal, seal, sealed) VALUES ($1, $2, $3, $4, $5, $6)"
        case .deleteCiphertext: "DELETE FROM ciphertext WHERE \(address) AND seal = $5"
        case .field: pair + " AND k.ordinal = $4 ORDER BY k.seal DESC LIMIT 1"
        case .fieldsOfVersion: pair + " ORDER BY k.ordinal, k.seal"
        case .dataKeysOfSecret:
            """
            SELECT version, ordinal, generation, seal, wrapped FROM data_key
            WHERE organization = $1 AND secret = $2 AND (version, ordinal) > ($3, $4) AND generation <> $5
            ORDER BY version, ordinal, seal LIMIT $6
            """
        default: nil
        }
    }

    private var logText: String {
        switch self {
        case .insertEntry: "INSERT INTO audit_entry (organization, position, sealed, chain) VALUES ($1, $2, $3, $4)"
        case .lastPosition: "SELECT position FROM audit_entry WHERE organization = $1 ORDER BY position DESC LIMIT 1"
        case .entries:
            "SELECT position, sealed, chain FROM audit_entry WHERE organization = $1 AND position >= $2 ORDER BY position LIMIT $3"
        case .insertCheckpoint: "INSERT INTO audit_checkpoint (organization, size, note, frontier) VALUES ($1, $2, $3, $4)"
        case .checkpoints: "SELECT size, note, frontier FROM audit_checkpoint WHERE organization = $1 AND size >= $2 ORDER BY size"
        case .checkpoint: "SELECT size, note, frontier FROM audit_checkpoint WHERE organization = $1 AND size = $2"
        case .lastCheckpoint: "SELECT size, note, frontier FROM audit_checkpoint WHERE organization = $1 ORDER BY size DESC LIMIT 1"
        case .insertAnchor: "INSERT INTO audit_anchor (organization, size) VALUES ($1, $2)"
        case .keepCheckpoint:
            """
            INSERT INTO audit_anchor (organization, size) SELECT organization, size FROM audit_checkpoint AS c WHERE organization = $1 AND size = $2
            AND size > (SELECT COALESCE(MAX(size), 0) FROM audit_anchor WHERE organization = c.organization)
            """
        case .pruneEntries: "DELETE FROM audit_entry WHERE organization = $1 AND position < $2"
        case .pruneCheckpoints:
            """
            DELETE FROM audit_checkpoint WHERE organization = $1 AND size < $2
            AND size NOT IN (SELECT size FROM audit_anchor WHERE organization = $1)
            """
        default: preconditionFailure("internal: a statement without text")
        }
    }
}
