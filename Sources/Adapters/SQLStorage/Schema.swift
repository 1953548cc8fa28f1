import Model
import Storage

/// One step of the schema. Once released it never changes; whatever comes later is a new step at the end of the list.
package struct SQLMigration: Sendable {
    package let version: Int64
    package let name: String
    private let statements: @Sendable (SQLDialect) -> [String]

    package init(version: Int64, name: String, statements: @escaping @Sendable (SQLDialect) -> [String]) {
        self.version = version
        self.name = name
        self.statements = statements
    }

    /// The step's statements as one script.
    package func script(in dialect: SQLDialect) -> String { statements(dialect).map { $0 + ";\n" }.joined(separator: "\n") }

    /// All steps, oldest first. `vectors/storage/schema.sql` shows what they come to.
    package static let all: [SQLMigration] = [
        SQLMigration(version: 1, name: "vault", statements: vault),
        SQLMigration(version: 2, name: "approvals") { _ in ["INSERT INTO record_kind (kind) VALUES ('approval'), ('factor')"] },
        SQLMigration(version: 3, name: "fuses") { _ in ["INSERT INTO record_kind (kind) VALUES ('fuse')"] },
        SQLMigration(version: 4, name: "grants") { _ in ["INSERT INTO record_kind (kind) VALUES ('grant'), ('panic')"] },
        SQLMigration(version: 5, name: "rotations") { _ in ["INSERT INTO record_kind (kind) VALUES ('rotation')"] },
        SQLMigration(version: 6, name: "epochs") { _ in ["INSERT INTO record_kind (kind) VALUES ('epoch')"] },
        SQLMigration(version: 7, name: "anchors", statements: anchors),
        SQLMigration(version: 8, name: "rewrapping", statements: rewrapping),
        SQLMigration(version: 9, name: "in-place", statements: inPlace),
    ]
}

extension SQLMigration {
    /// The first schema: mutable records, immutable keys, versions and sealed fields, and the audit log.
    @Sendable
    private static func vault(_ sql: SQLDialect) -> [String] {
        let mark = sql.mark.isEmpty ? [] : [sql.mark]
        return mark + ledger(sql) + records(sql) + keys(sql) + versions(sql) + log(sql)
    }

    private static func ledger(_ sql: SQLDialect) -> [String] {
        ["CREATE TABLE schema_migration (\n    version \(sql.integer) NOT NULL PRIMARY KEY,\n    name TEXT NOT NULL\n)\(sql.tableEnd)"]
    }

    private static func records(_ sql: SQLDialect) -> [String] {
        let kinds = ["vault", "slot", "organization", "project", "environment", "secret", "policy", "agent"]
        return [
            // A table of its own, not a CHECK: a later step adds a kind with one INSERT and rewrites nothing.
            "CREATE TABLE record_kind (\n    kind TEXT NOT NULL PRIMARY KEY\n)\(sql.clusteredTableEnd)",
            "INSERT INTO record_kind (kind) VALUES " + kinds.map { "('\($0)')" }.joined(separator: ", "),
            """
            CREATE TABLE record (
                organization \(sql.bytes) NOT NULL CHECK (length(organization) = 16),
                kind TEXT NOT NULL REFERENCES record_kind (kind),
                id \(sql.bytes) NOT NULL CHECK (length(id) = 16),
                parent \(sql.bytes) CHECK (length(parent) = 16 AND parent <> id),
                lookup \(sql.bytes) CHECK (length(lookup) = 32),
                revision \(sql.integer) NOT NULL CHECK (revision >= 1),
                content \(sql.bytes) NOT NULL,
                mac \(sql.bytes) NOT NULL CHECK (length(mac) = 32),
                PRIMARY KEY (organization, id),
                UNIQUE (organization, kind, lookup),
                FOREIGN KEY (organization, parent) REFERENCES record (organization, id)
            )\(sql.tableEnd)
            """,
            "CREATE INDEX record_in_parent ON record (organization, parent, kind, id)",
            "CREATE INDEX record_of_kind ON record (organization, kind, id)",
            sql.recordIdentity("UPDATE"),
            sql.trigger(
                "record_revision", on: "record", "UPDATE", when: "NEW.revision <> OLD.revision + 1",
                reason: "the revision of a record grows by one"),
        ]
    }

    private static func keys(_ sql: SQLDialect) -> [String] {
        [
            """
            CREATE TABLE key (
                organization \(sql.bytes) NOT NULL,
                owner \(sql.bytes) NOT NULL,
                generation \(sql.integer) NOT NULL CHECK (generation >= 1),
                wrapping \(sql.integer) NOT NULL CHECK (wrapping >= 1),
                wrapped \(sql.bytes) NOT NULL CHECK (length(wrapped) > 0),
                PRIMARY KEY (organization, owner, generation, wrapping),
                FOREIGN KEY (organization, owner) REFERENCES record (organization, id)
            )\(sql.clusteredTableEnd)
            """,
            sql.noUpdate("key"),
        ]
    }

    private static func versions(_ sql: SQLDialect) -> [String] {
        [
            """
            CREATE TABLE version (
                organization \(sql.bytes) NOT NULL,
                secret \(sql.bytes) NOT NULL,
                number \(sql.integer) NOT NULL CHECK (number >= 1),
                created_at \(sql.integer) NOT NULL,
                PRIMARY KEY (organization, secret, number),
                FOREIGN KEY (organization, secret) REFERENCES record (organization, id)
            )\(sql.clusteredTableEnd)
            """,
            sql.noUpdate("version"),
            dataKeys("data_key", identifiedBy: "organization, secret, version, ordinal, seal, generation", sql),
            sql.noUpdate("data_key"),
            """
            CREATE TABLE ciphertext (
                organization \(sql.bytes) NOT NULL,
                secret \(sql.bytes) NOT NULL,
                version \(sql.integer) NOT NULL,
                ordinal \(sql.integer) NOT NULL CHECK (ordinal >= 0),
                seal \(sql.integer) NOT NULL CHECK (seal >= 1),
                sealed \(sql.bytes) NOT NULL CHECK (length(sealed) > 0),
                PRIMARY KEY (organization, secret, version, ordinal, seal),
                FOREIGN KEY (organization, secret, version) REFERENCES version (organization, secret, number) ON DELETE CASCADE
            )\(sql.tableEnd)
            """,
            sql.noUpdate("ciphertext"),
        ]
    }

    /// The table of data keys, as it was first and as a later step makes it beside that.
    static func dataKeys(_ name: String, identifiedBy identity: String, _ sql: SQLDialect) -> String {
        """
        CREATE TABLE \(name) (
            organization \(sql.bytes) NOT NULL,
            secret \(sql.bytes) NOT NULL,
            version \(sql.integer) NOT NULL,
            ordinal \(sql.integer) NOT NULL CHECK (ordinal >= 0),
            generation \(sql.integer) NOT NULL CHECK (generation >= 1),
            seal \(sql.integer) NOT NULL CHECK (seal >= 1),
            wrapped \(sql.bytes) NOT NULL CHECK (length(wrapped) > 0),
            PRIMARY KEY (\(identity)),
            FOREIGN KEY (organization, secret, version) REFERENCES version (organization, secret, number) ON DELETE CASCADE
        )\(sql.clusteredTableEnd)
        """
    }

    private static func log(_ sql: SQLDialect) -> [String] {
        [
            """
            CREATE TABLE audit_entry (
                organization \(sql.bytes) NOT NULL CHECK (length(organization) = 16),
                position \(sql.integer) NOT NULL CHECK (position >= 0),
                sealed \(sql.bytes) NOT NULL CHECK (length(sealed) > 0),
                chain \(sql.bytes) NOT NULL CHECK (length(chain) = 32),
                PRIMARY KEY (organization, position)
            )\(sql.tableEnd)
            """,
            sql.noUpdate("audit_entry"),
            sql.noDelete("audit_entry"),
            """
            CREATE TABLE audit_checkpoint (
                organization \(sql.bytes) NOT NULL CHECK (length(organization) = 16),
                size \(sql.integer) NOT NULL CHECK (size >= 0),
                note \(sql.bytes) NOT NULL CHECK (length(note) > 0),
                frontier \(sql.bytes) NOT NULL CHECK (length(frontier) % 32 = 0),
                PRIMARY KEY (organization, size)
            )\(sql.tableEnd)
            """,
            sql.noUpdate("audit_checkpoint"),
            sql.noDelete("audit_checkpoint"),
        ]
    }
}

extension SQLDialect {
    func noUpdate(_ table: String) -> String {
        trigger("\(table)_no_update", on: table, "UPDATE", reason: "a row of \(table) does not change")
    }

    /// The guard of a record's identity, at these events.
    func recordIdentity(_ event: String) -> String {
        trigger(
            "record_identity", on: "record", event,
            when: "NEW.organization <> OLD.organization OR NEW.kind <> OLD.kind OR NEW.id <> OLD.id OR NEW.parent IS DISTINCT FROM OLD.parent",
            reason: "the identity of a record does not change")
    }

    fileprivate func noDelete(_ table: String) -> String {
        trigger("\(table)_no_delete", on: table, "DELETE", reason: "a row of \(table) stays")
    }
}
