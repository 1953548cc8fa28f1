extension SQLMigration {
    /// Lets a data key be wrapped under another generation where it lies; what it is the key of stays.
    @Sendable
    static func rewrapping(_ sql: SQLDialect) -> [String] {
        [
            "DROP TRIGGER data_key_no_update",
            sql.dataKeyIdentity,
        ]
    }

    /// Keeps a row where it lies when it is wrapped or written anew: a data key is under one generation, and a record's identity is looked at where it is set.
    @Sendable
    static func inPlace(_ sql: SQLDialect) -> [String] {
        let columns = "organization, secret, version, ordinal, generation, seal, wrapped"
        return [
            dataKeys("data_key_in_place", identifiedBy: "organization, secret, version, ordinal, seal", sql),
            "INSERT INTO data_key_in_place (\(columns)) SELECT \(columns) FROM data_key",
            "DROP TABLE data_key",
            "ALTER TABLE data_key_in_place RENAME TO data_key",
            sql.dataKeyIdentity,
            "DROP TRIGGER record_identity",
            sql.recordIdentity("UPDATE OF organization, kind, id, parent"),
        ]
    }
}

extension SQLDialect {
    fileprivate var dataKeyIdentity: String {
        trigger(
            "data_key_identity", on: "data_key", "UPDATE OF organization, secret, version, ordinal, seal",
            reason: "what a data key opens does not change")
    }
}
