package import Model
package import Storage

/// One connection to an SQL database, used by one caller at a time: all that a driver has to bring.
package protocol SQLConnection {
    /// Runs statements that take no values and give no rows.
    func execute(script: String) throws(StoreError)
    /// Runs one statement and returns how many rows it changed.
    func run(_ statement: SQLStatement, _ values: [SQLValue]) throws(StoreError) -> Int
    /// Runs one query and lends each row to `body` in turn; an error thrown there ends it.
    func query(_ statement: SQLStatement, _ values: [SQLValue], _ body: (any SQLRow) throws(StoreError) -> Void) throws(StoreError)
}

/// A row as a query lends it, columns from 0. It is valid only inside the closure it was lent to.
package protocol SQLRow {
    func integer(_ column: Int) -> Int64
    func text(_ column: Int) -> String
    func bytes(_ column: Int) -> [UInt8]
    /// The id in a column; nil when it is null or has another length.
    func identifier(_ column: Int) -> AnyRecordID?
    func isNull(_ column: Int) -> Bool
}

/// One value of a statement.
package enum SQLValue: Sendable, Equatable {
    case null
    case integer(Int64)
    case text(String)
    case bytes([UInt8])
    case identifier(AnyRecordID)

    static func id(_ id: RecordID<some Any>) -> SQLValue { .identifier(id.cast()) }
    static func optional(_ id: AnyRecordID?) -> SQLValue { id.map { .identifier($0) } ?? .null }
    static func optional(_ bytes: [UInt8]?) -> SQLValue { bytes.map { .bytes($0) } ?? .null }
}
