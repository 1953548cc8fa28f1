/// The few places in which two databases spell the same thing differently.
package struct SQLDialect: Sendable {
    /// The type of a 64-bit integer, and that of bytes.
    package let integer: String
    package let bytes: String
    /// What ends the definition of a table, and that of a table whose rows lie in the order of its primary key.
    package let tableEnd: String
    package let clusteredTableEnd: String
    /// What marks a file as a vault; empty where there is no file.
    package let mark: String
    /// Starts a transaction that will write.
    package let begin: String
    private let refusal: @Sendable (Refusal) -> String

    package init(
        integer: String, bytes: String, tableEnd: String, clusteredTableEnd: String, mark: String, begin: String,
        refusal: @escaping @Sendable (Refusal) -> String
    ) {
        self.integer = integer
        self.bytes = bytes
        self.tableEnd = tableEnd
        self.clusteredTableEnd = clusteredTableEnd
        self.mark = mark
        self.begin = begin
        self.refusal = refusal
    }

    /// A change that the schema itself refuses.
    package struct Refusal: Sendable {
        package let name: String
        /// `INSERT`, `UPDATE` or `DELETE`; `UPDATE OF` some columns.
        package let event: String
        package let table: String
        /// When it is refused, over `OLD` and `NEW`; always when nil.
        package let condition: String?
        package let reason: String
    }

    /// The trigger that refuses a change.
    func trigger(_ name: String, on table: String, _ event: String, when condition: String? = nil, reason: String) -> String {
        refusal(Refusal(name: name, event: event, table: table, condition: condition, reason: reason))
    }
}

extension SQLDialect {
    /// The number in a vault file's header that says what it is (`TACI`).
    package static let applicationID: Int64 = 0x5441_4349

    package static let sqlite = SQLDialect(
        integer: "INTEGER", bytes: "BLOB", tableEnd: " STRICT", clusteredTableEnd: " STRICT, WITHOUT ROWID",
        mark: "PRAGMA application_id = \(applicationID)", begin: "BEGIN IMMEDIATE"
    ) { refusal in
        """
        CREATE TRIGGER \(refusal.name) BEFORE \(refusal.event) ON \(refusal.table)\(refusal.condition.map { "\nWHEN \($0)" } ?? "")
        BEGIN SELECT RAISE(ABORT, '\(refusal.reason)'); END
        """
    }
}
