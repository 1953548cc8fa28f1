import GRDB
import SQLStorage
import Storage
import TestKit
import Testing

@testable import SQLiteDatabase

@Suite("The schema")
struct SchemaTests {
    @Test("is the one in vectors/storage/schema.sql")
    func isGolden() throws {
        let steps = SQLMigration.all.map { "-- \($0.version): \($0.name)\n\n" + $0.script(in: .sqlite) }
        try GoldenFile.check(steps.joined(separator: "\n"), against: "storage/schema.sql")
        #expect(SQLMigration.all.map(\.version) == Array(1...Int64(SQLMigration.all.count)))
    }

    @Test("has the kinds of records that the model has")
    func hasAllKinds() async throws {
        let vault = try RawVault()
        _ = try await vault.filled()
        let kinds = try vault.sql { try String.fetchAll($0, sql: "SELECT kind FROM record_kind") }
        #expect(Set(kinds) == Set(RecordKind.allCases.map(\.rawValue)))
    }

    @Test("of an earlier step is brought up when it is opened, and nothing of what it holds is lost")
    func bringsUp() async throws {
        let vault = try RawVault()
        _ = try await vault.filled()
        try vault.sql { database in
            try database.execute(
                sql:
                    """
                    DELETE FROM schema_migration WHERE version > 1; \(Self.formerDataKeys) DROP TABLE audit_anchor;
                    CREATE TRIGGER data_key_no_update BEFORE UPDATE ON data_key BEGIN SELECT RAISE(ABORT, 'a row of data_key does not change'); END;
                    DELETE FROM record_kind WHERE kind IN ('approval', 'factor', 'fuse', 'grant', 'panic', 'rotation', 'epoch', 'anchor')
                    """
            )
        }
        let store = try vault.open()
        _ = try await VictimSteps(store: store).check(acknowledged: 7)
        _ = try await store.commit([Batch([.put(SampleRows(SeededRandom()).record(.approval), replacing: nil)])])
        await store.close()
        let steps = try vault.sql { try Int.fetchAll($0, sql: "SELECT version FROM schema_migration ORDER BY version") }
        #expect(steps == Array(1...SQLMigration.all.count))
    }

    @Test("has one wrapping of a data key: of a former one that has two, nothing is chosen")
    func hasOneWrapping() async throws {
        let vault = try RawVault()
        _ = try await vault.filled()
        try vault.sql { database in
            try database.execute(
                sql: """
                    DELETE FROM schema_migration WHERE version > 8; \(Self.formerDataKeys)
                    INSERT INTO data_key SELECT organization, secret, version, ordinal, generation + 1, seal, x'00' FROM data_key LIMIT 1
                    """)
        }
        #expect(try await vault.failure() == .damaged("its rows do not fit the next step of the schema"))
        #expect(try vault.sql { try Int.fetchOne($0, sql: "SELECT MAX(version) FROM schema_migration") } == 8)
    }

    private static let identity = "what a data key opens does not change"
    private static let recordIdentity = "the identity of a record does not change"
    private static let revision = "the revision of a record grows by one"

    /// The table as it was when a data key could lie there under several generations.
    private static let formerDataKeys = """
        CREATE TABLE former (
            organization BLOB NOT NULL, secret BLOB NOT NULL, version INTEGER NOT NULL, ordinal INTEGER NOT NULL,
            generation INTEGER NOT NULL, seal INTEGER NOT NULL, wrapped BLOB NOT NULL,
            PRIMARY KEY (organization, secret, version, ordinal, seal, generation),
            FOREIGN KEY (organization, secret, version) REFERENCES version (organization, secret, number) ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID;
        INSERT INTO former SELECT organization, secret, version, ordinal, generation, seal, wrapped FROM data_key;
        DROP TABLE data_key; ALTER TABLE former RENAME TO data_key;
        """

    @Test(
        "refuses every change of an immutable row, whoever writes the SQL",
        arguments: [
            ("UPDATE key SET wrapped = x'00'", "a row of key does not change"),
            ("UPDATE version SET created_at = 1", "a row of version does not change"),
            ("UPDATE data_key SET seal = seal + 1", Self.identity),
            ("UPDATE data_key SET version = version + 1", Self.identity),
            ("UPDATE data_key SET ordinal = ordinal + 1", Self.identity),
            ("UPDATE data_key SET secret = randomblob(16)", Self.identity),
            ("UPDATE data_key SET organization = randomblob(16), wrapped = x'00'", Self.identity),
            ("UPDATE ciphertext SET sealed = x'00'", "a row of ciphertext does not change"),
            ("UPDATE audit_entry SET sealed = x'00'", "a row of audit_entry does not change"),
            ("UPDATE audit_checkpoint SET note = x'00'", "a row of audit_checkpoint does not change"),
            ("DELETE FROM audit_entry", "a row of audit_entry stays until the log is pruned behind it"),
            ("DELETE FROM audit_checkpoint", "a row of audit_checkpoint stays until the log is pruned behind it"),
            ("UPDATE record SET content = x'00'", Self.revision),
            ("UPDATE record SET revision = revision + 2", Self.revision),
            ("UPDATE record SET revision = revision - 1", Self.revision),
            ("UPDATE record SET revision = revision + 1, kind = 'slot'", Self.recordIdentity),
            ("UPDATE record SET revision = revision + 1, parent = NULL WHERE parent IS NOT NULL", Self.recordIdentity),
            ("UPDATE record SET revision = revision + 1, id = randomblob(16)", Self.recordIdentity),
            ("UPDATE record SET revision = revision + 1, organization = randomblob(16)", Self.recordIdentity),
        ])
    func refusesChanges(_ sql: String, because reason: String) async throws {
        let vault = try RawVault()
        let steps = try await vault.filled()
        try vault.sql { database in
            let error = #expect(throws: DatabaseError.self) { try database.execute(sql: sql) }
            #expect(error?.resultCode == .SQLITE_CONSTRAINT)
            // Keys and references refuse much of it besides: what counts is that the trigger does.
            #expect(error?.message == reason)
        }
        let store = try vault.open()
        _ = try await VictimSteps(store: store).check(acknowledged: 7)
        await store.close()
        _ = steps
    }

    @Test(
        "refuses rows of a wrong form, whoever writes the SQL",
        arguments: [
            "INSERT INTO record VALUES (zeroblob(16), 'agent', zeroblob(15), NULL, NULL, 1, x'', zeroblob(32))",
            "INSERT INTO record VALUES (zeroblob(16), 'agent', zeroblob(16), NULL, NULL, 0, x'', zeroblob(32))",
            "INSERT INTO record VALUES (zeroblob(16), 'agent', zeroblob(16), NULL, NULL, 1, x'', zeroblob(31))",
            "INSERT INTO record VALUES (zeroblob(16), 'agent', zeroblob(16), NULL, zeroblob(33), 1, x'', zeroblob(32))",
            "INSERT INTO record VALUES (zeroblob(16), 'agent', zeroblob(16), zeroblob(16), NULL, 1, x'', zeroblob(32))",
            "INSERT INTO record VALUES (zeroblob(16), 'agent', zeroblob(16), NULL, NULL, 1, NULL, zeroblob(32))",
            "INSERT INTO record VALUES (zeroblob(16), 'agent', zeroblob(16), NULL, NULL, 1, 'text', zeroblob(32))",
            "INSERT INTO record VALUES (zeroblob(16), 'ghost', zeroblob(16), NULL, NULL, 1, x'', zeroblob(32))",
            "INSERT INTO version VALUES (zeroblob(16), zeroblob(16), 1, 1)",
            "INSERT INTO audit_entry VALUES (zeroblob(16), -1, x'00', zeroblob(32))",
            "INSERT INTO audit_entry VALUES (zeroblob(16), 0, x'00', zeroblob(31))",
            "INSERT INTO audit_checkpoint VALUES (zeroblob(16), 0, x'00', zeroblob(33))",
            "DELETE FROM record WHERE kind = 'project'",
        ])
    func refusesForms(_ sql: String) async throws {
        let vault = try RawVault()
        _ = try await vault.filled()
        try vault.sql { database in
            #expect(throws: DatabaseError.self) { try database.execute(sql: sql) }
            #expect(database.lastErrorCode.primaryResultCode == .SQLITE_CONSTRAINT)
        }
    }

    @Test("answers every query by an index, without sorting")
    func usesIndexes() async throws {
        let vault = try RawVault()
        _ = try await vault.filled()
        try vault.sql { database in
            for statement in SQLStatement.allCases where statement != .schemaVersion {
                let text = statement.text(in: .sqlite)
                guard text.hasPrefix("SELECT") || text.hasPrefix("UPDATE") || text.hasPrefix("DELETE") else { continue }
                let explanation = try database.makeStatement(sql: "EXPLAIN QUERY PLAN " + text)
                explanation.setUncheckedArguments([])
                let plan = try Row.fetchAll(explanation).map { $0["detail"] as String }
                #expect(plan.allSatisfy { !$0.contains("SCAN") && !$0.contains("TEMP B-TREE") }, "\(statement): \(plan)")
            }
        }
    }

    @Test("numbers the placeholders of every statement in the order of their first use", arguments: SQLStatement.allCases)
    func numbersPlaceholders(_ statement: SQLStatement) {
        var seen: [Int] = []
        for part in statement.text(in: .sqlite).split(separator: "$", omittingEmptySubsequences: false).dropFirst() {
            let number = Int(part.prefix { $0.isNumber }) ?? 0
            if !seen.contains(number) { seen.append(number) }
        }
        #expect(seen == Array(1..<(seen.count + 1)))
    }
}

@Suite("A migration")
struct MigrationTests {
    private static let present = Array(1...Int64(SQLMigration.all.count))
    private static let next = SQLMigration(version: Int64(present.count) + 1, name: "moods") { _ in
        ["CREATE TABLE mood (name TEXT NOT NULL) STRICT"]
    }

    @Test("brings an older vault to the newest schema and keeps what is in it")
    func migrates() async throws {
        let vault = try RawVault()
        _ = try await vault.filled()
        let queue = try SQLiteQueue(path: vault.database, for: .writing)
        let steps = SQLMigration.all + [Self.next]
        for _ in 0..<2 { try queue.sync { connection throws(StoreError) in try connection.migrate(in: .sqlite, isEmpty: false, to: steps) } }
        queue.close()
        let versions = try vault.sql { try Int64.fetchAll($0, sql: "SELECT version FROM schema_migration ORDER BY version") }
        #expect(versions == Self.present + [Self.next.version])
        #expect(try vault.sql { try $0.tableExists("mood") })
        #expect(try vault.sql { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM audit_entry") } == 8)
    }

    @Test("that fails leaves the schema as it was")
    func failsWhole() async throws {
        let vault = try RawVault()
        _ = try await vault.filled()
        let broken = SQLMigration(version: Self.next.version + 1, name: "broken") { _ in ["CREATE TABLE half (a TEXT)", "CREATE NONSENSE"] }
        let queue = try SQLiteQueue(path: vault.database, for: .writing)
        #expect(throws: StoreError.self) {
            try queue.sync { connection throws(StoreError) in
                try connection.migrate(in: .sqlite, isEmpty: false, to: SQLMigration.all + [Self.next, broken])
            }
        }
        queue.close()
        #expect(try vault.sql { try Int64.fetchAll($0, sql: "SELECT version FROM schema_migration ORDER BY version") } == Self.present)
        #expect(try vault.sql { try !$0.tableExists("mood") && !$0.tableExists("half") })
        #expect(try await vault.failure() == nil)
    }

    @Test("from the future is refused, and named")
    func refusesTheFuture() async throws {
        let vault = try RawVault()
        _ = try await vault.filled()
        try vault.sql { try $0.execute(sql: "INSERT INTO schema_migration VALUES (77, 'from the future')") }
        #expect(try await vault.failure() == .newer(version: 77))
        #expect(try await vault.failure(create: true) == .newer(version: 77))
    }
}
