import GRDB
import GRDBSQLite
import Model
import SQLStorage
import Storage

/// One SQLite connection with its prepared statements.
///
/// GRDB opens it, prepares, serialises and closes; stepping, binding and reading columns go to SQLite directly, which spares GRDB's rows and values.
/// It is used only on the queue that owns it, which is why it may be handed on.
@safe
final class StoreConnection: SQLConnection, @unchecked Sendable {
    /// Whether a write failed in a way that leaves open what is on the disk: after a failed flush nothing may build on what was read back.
    private(set) var isBroken = false
    /// Whether the connection was given up.
    private(set) var isClosed = false
    private let database: Database
    private let handle: OpaquePointer
    private var statements: [Statement?] = Array(repeating: nil, count: SQLStatement.allCases.count)

    init(_ database: Database) throws(StoreError) {
        guard let handle = unsafe database.sqliteConnection else { throw .closed }
        self.database = database
        unsafe self.handle = handle
    }

    func execute(script: String) throws(StoreError) {
        try check(unsafe sqlite3_exec(handle, script, nil, nil, nil))
    }

    func run(_ statement: SQLStatement, _ values: [SQLValue]) throws(StoreError) -> Int {
        let prepared = try unsafe prepared(statement)
        defer { unsafe reset(prepared) }
        let lent = values.firstIndex(where: \.isLarge)
        for (index, value) in values.enumerated() where index != lent { try check(unsafe bind(value, to: prepared, at: Int32(index) + 1)) }
        let code = if let lent { unsafe step(prepared, lending: values[lent], at: Int32(lent) + 1) } else { unsafe sqlite3_step(prepared) }
        guard code == SQLITE_DONE else { throw failure(code) }
        return Int(unsafe sqlite3_changes(handle))
    }

    /// Steps with a value that SQLite reads where it is, and forgets before this returns.
    private func step(_ statement: OpaquePointer, lending value: SQLValue, at index: Int32) -> Int32 {
        guard case .bytes(let bytes) = value else { return SQLITE_MISUSE }
        return unsafe bytes.withUnsafeBytes { buffer in
            defer { unsafe reset(statement) }
            let code = unsafe sqlite3_bind_blob64(statement, index, buffer.baseAddress, UInt64(buffer.count), nil)
            return code == SQLITE_OK ? unsafe sqlite3_step(statement) : code
        }
    }

    func query(_ statement: SQLStatement, _ values: [SQLValue], _ body: (any SQLRow) throws(StoreError) -> Void) throws(StoreError) {
        let prepared = try unsafe prepared(statement)
        defer { unsafe reset(prepared) }
        try unsafe bind(values, to: prepared)
        let row = unsafe SQLiteRow(prepared)
        while true {
            switch unsafe sqlite3_step(prepared) {
            case SQLITE_ROW: try body(row)
            case SQLITE_DONE: return
            case let code: throw failure(code)
            }
        }
    }

    /// Reads one integer, for pragmas and the like.
    func integer(_ sql: String) throws(StoreError) -> Int64 {
        do { return try Int64.fetchOne(database, sql: sql) ?? 0 } catch { throw StoreError(error) }
    }

    /// Gives the prepared statements up, so that the connection can be closed. Nothing may be asked of it afterwards.
    func retire() {
        isClosed = true
        for index in statements.indices { statements[index] = nil }
    }

    private func prepared(_ statement: SQLStatement) throws(StoreError) -> OpaquePointer {
        if let known = statements[statement.rawValue] { return unsafe known.sqliteStatement }
        do {
            let made = try database.makeStatement(sql: statement.text(in: .sqlite))
            statements[statement.rawValue] = made
            return unsafe made.sqliteStatement
        } catch {
            throw StoreError(error)
        }
    }

    private func bind(_ values: [SQLValue], to statement: OpaquePointer) throws(StoreError) {
        for (index, value) in values.enumerated() {
            try check(unsafe bind(value, to: statement, at: Int32(index) + 1))
        }
    }

    private func bind(_ value: SQLValue, to statement: OpaquePointer, at index: Int32) -> Int32 {
        switch value {
        case .null: return unsafe sqlite3_bind_null(statement, index)
        case .integer(let number): return unsafe sqlite3_bind_int64(statement, index, number)
        case .text(let text): return unsafe sqlite3_bind_text(statement, index, text, -1, copied)
        case .bytes(let bytes):
            // An empty array has no address, and SQLite reads that as NULL.
            guard !bytes.isEmpty else { return unsafe sqlite3_bind_zeroblob(statement, index, 0) }
            return unsafe bytes.withUnsafeBytes { unsafe sqlite3_bind_blob64(statement, index, $0.baseAddress, UInt64($0.count), copied) }
        case .identifier(let id):
            let halves = (id.high.bigEndian, id.low.bigEndian)
            return unsafe withUnsafeBytes(of: halves) { unsafe sqlite3_bind_blob64(statement, index, $0.baseAddress, 16, copied) }
        }
    }

    private func reset(_ statement: OpaquePointer) {
        unsafe sqlite3_reset(statement)
        unsafe sqlite3_clear_bindings(statement)
    }

    private func check(_ code: Int32) throws(StoreError) {
        guard code != SQLITE_OK else { return }
        throw failure(code)
    }

    private func failure(_ code: Int32) -> StoreError {
        let extended = unsafe sqlite3_extended_errcode(handle)
        let failure = StoreError(sqlite: extended == SQLITE_OK ? code : extended, system: unsafe sqlite3_system_errno(handle))
        if code & 0xFF == SQLITE_IOERR, failure != .full { isBroken = true }
        return failure
    }
}

extension SQLValue {
    /// Whether a copy of it would cost more than the statement.
    fileprivate var isLarge: Bool { if case .bytes(let bytes) = self { bytes.count >= 4096 } else { false } }
}

/// Tells SQLite to copy what is bound to it.
private let copied = unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)

/// The row at which a statement stands.
@safe
struct SQLiteRow: SQLRow {
    private let statement: OpaquePointer

    init(_ statement: OpaquePointer) { unsafe self.statement = statement }

    func integer(_ column: Int) -> Int64 { unsafe sqlite3_column_int64(statement, Int32(column)) }

    func isNull(_ column: Int) -> Bool { unsafe sqlite3_column_type(statement, Int32(column)) == SQLITE_NULL }

    func text(_ column: Int) -> String { String(decoding: bytes(column), as: UTF8.self) }

    func bytes(_ column: Int) -> [UInt8] {
        guard let start = unsafe sqlite3_column_blob(statement, Int32(column)) else { return [] }
        let count = Int(unsafe sqlite3_column_bytes(statement, Int32(column)))
        return unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            unsafe UnsafeMutableRawBufferPointer(buffer).copyMemory(from: UnsafeRawBufferPointer(start: start, count: count))
            initialized = count
        }
    }

    func identifier(_ column: Int) -> AnyRecordID? {
        guard let start = unsafe sqlite3_column_blob(statement, Int32(column)),
            unsafe sqlite3_column_bytes(statement, Int32(column)) == 16
        else { return nil }
        return unsafe .halves(
            start.loadUnaligned(as: UInt64.self).bigEndian, start.loadUnaligned(fromByteOffset: 8, as: UInt64.self).bigEndian)
    }
}
