import CSQLite
import Dispatch
import GRDB
import SQLStorage
import Storage

/// One connection and the queue on which alone it is used.
final class SQLiteQueue: Sendable {
    private let queue: DatabaseQueue
    private let connection: StoreConnection

    /// What a connection is for.
    enum Purpose {
        case writing, reading
        /// To a file that nobody else sees, and that is thrown away when anything goes wrong.
        case building
    }

    /// What holds for all of SQLite, said before it is used first. A process that used it before keeps its account, which is slower and nothing else.
    private static let settings: Void = { _ = tacit_sqlite_unaccounted() }()

    init(path: String, for purpose: Purpose) throws(StoreError) {
        _ = Self.settings
        var configuration = Configuration()
        configuration.readonly = purpose == .reading
        configuration.busyMode = .timeout(5)
        configuration.label = "tacit.store"
        configuration.prepareDatabase { database in
            for pragma in Self.pragmas + (purpose == .building ? Self.whileBuilt : []) { try database.execute(sql: "PRAGMA \(pragma)") }
        }
        do {
            queue = try DatabaseQueue(path: path, configuration: configuration)
            connection = try queue.unsafeRead { try StoreConnection($0) }
        } catch {
            throw StoreError(error)
        }
    }

    /// Runs `body` here and now, after whoever is using the connection.
    func sync<Value>(_ body: (StoreConnection) throws(StoreError) -> Value) throws(StoreError) -> Value {
        try queue.unsafeRead { _ in Self.result(connection, body) }.get()
    }

    func close() {
        queue.unsafeRead { _ in connection.retire() }
        try? queue.close()
    }

    private static func result<Value>(
        _ connection: StoreConnection, _ body: (StoreConnection) throws(StoreError) -> Value
    ) -> Result<Value, StoreError> {
        Result { () throws(StoreError) in
            guard !connection.isClosed else { throw .closed }
            return try body(connection)
        }
    }

    /// What every connection is told first; the journal's mode is the file's own and set once, at its making.
    ///
    /// FULL flushes the log at each commit. With `secure_delete` freed bytes are overwritten. The schema is not trusted to call functions, pages are
    /// checked as they are read, and the file is never mapped (a truncated mapping kills the process).
    private static let pragmas = [
        "synchronous = FULL", "secure_delete = ON", "trusted_schema = OFF", "cell_size_check = ON", "mmap_size = 0", "temp_store = MEMORY",
        "cache_size = -16384", "journal_size_limit = 16777216", "wal_autocheckpoint = 4000",
    ]
    /// Its pages are written once, into the file itself. Each transaction is flushed all the same, so that the disk works while more is made.
    private static let whileBuilt = ["journal_mode = MEMORY", "synchronous = NORMAL"]
}
