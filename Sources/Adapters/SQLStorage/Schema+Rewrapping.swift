extension SQLMigration {
    /// Lets a data key be wrapped under another generation where it lies; what it is the key of stays.
    @Sendable
    static func rewrapping(_ sql: SQLDialect) -> [String] {
        [
            "DROP TRIGGER data_key_no_update",
            sql.trigger(
                "data_key_identity", on: "data_key", "UPDATE OF organization, secret, version, ordinal, seal",
                reason: "what a data key opens does not change"),
        ]
    }
}
