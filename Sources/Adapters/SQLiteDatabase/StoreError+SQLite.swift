import GRDB
import GRDBSQLite
import Glibc
import Storage

extension StoreError {
    /// Translates a SQLite result. Only SQLite's own constant sentences pass: its messages can repeat SQL and values.
    init(sqlite code: Int32, system: Int32 = 0) {
        switch code & 0xFF {
        case SQLITE_FULL: self = .full
        case SQLITE_IOERR where system == ENOSPC || system == EDQUOT: self = .full
        // The file that its readers share could not become as long as it must be; SQLite keeps no system's error of that.
        case SQLITE_IOERR where code == SQLITE_IOERR | 19 << 8: self = .full
        case SQLITE_CORRUPT, SQLITE_NOTADB: self = .damaged(Self.sentence(code))
        case SQLITE_CONSTRAINT: self = .conflict(nil)
        case SQLITE_BUSY, SQLITE_LOCKED: self = .held
        default: self = .failed("\(Self.sentence(code)) (\(code))")
        }
    }

    /// Translates what GRDB threw.
    init(_ error: any Error) {
        switch error {
        case let error as StoreError: self = error
        case let error as DatabaseError: self = StoreError(sqlite: error.extendedResultCode.rawValue)
        default: self = .failed("the database could not be used")
        }
    }

    private static func sentence(_ code: Int32) -> String {
        guard let text = unsafe sqlite3_errstr(code) else { return "unknown error" }
        return unsafe String(cString: text)
    }
}
