extension SQLMigration {
    /// Lets the beginning of a log go, up to a checkpoint that stays for good: an anchor.
    @Sendable
    static func anchors(_ sql: SQLDialect) -> [String] {
        [
            "INSERT INTO record_kind (kind) VALUES ('anchor')",
            """
            CREATE TABLE audit_anchor (
                organization \(sql.bytes) NOT NULL,
                size \(sql.integer) NOT NULL CHECK (size >= 1),
                PRIMARY KEY (organization, size),
                FOREIGN KEY (organization, size) REFERENCES audit_checkpoint (organization, size)
            )\(sql.clusteredTableEnd)
            """,
            sql.noUpdate("audit_anchor"),
            sql.trigger("audit_anchor_no_delete", on: "audit_anchor", "DELETE", reason: "a row of audit_anchor stays"),
            sql.trigger(
                "audit_anchor_order", on: "audit_anchor", "INSERT",
                when: """
                    EXISTS (SELECT 1 FROM audit_anchor WHERE organization = NEW.organization AND size >= NEW.size)
                    OR NOT EXISTS (SELECT 1 FROM audit_checkpoint WHERE organization = NEW.organization AND size > NEW.size)
                    OR NOT EXISTS (SELECT 1 FROM audit_entry WHERE organization = NEW.organization AND position >= NEW.size)
                    """,
                reason: "a log is pruned forward, and never to its end"),
        ] + sql.noDelete("audit_entry", behind: "position") + sql.noDelete("audit_checkpoint", behind: "size")
    }
}

extension SQLDialect {
    /// A row of the log may go from here on once an anchor lies behind it.
    fileprivate func noDelete(_ table: String, behind column: String) -> [String] {
        [
            "DROP TRIGGER \(table)_no_delete",
            trigger(
                "\(table)_no_delete", on: table, "DELETE",
                when: "NOT EXISTS (SELECT 1 FROM audit_anchor WHERE organization = OLD.organization AND size > OLD.\(column))",
                reason: "a row of \(table) stays until the log is pruned behind it"),
        ]
    }
}
