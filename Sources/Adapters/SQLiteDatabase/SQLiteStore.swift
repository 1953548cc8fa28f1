package import SQLStorage
package import Storage
import Synchronization

/// A vault in one directory: `vault.db`, held through `vault.lock`.
///
/// Writes go one after another through one connection; reads have connections of their own and never wait for a flush. Whoever writes
/// waits for the disk: `writingExecutor` is for that.
package final class SQLiteStore: SQLStore {
    private let directory: VaultDirectory
    private let lock: VaultLock
    private let place: VaultPlace
    private let writer: SQLiteQueue
    private let thread = WritingThread()
    private let readers = Mutex(Readers())
    /// Whether it is filled where nobody sees it: then one connection writes and reads.
    private let isStaged: Bool

    private struct Readers {
        var idle: [SQLiteQueue] = []
        var isClosed = false
    }

    /// Opens the vault in a directory and holds it until the store is closed or the process ends.
    ///
    /// With `create`, what is missing is made, the directory included; without it, a missing vault is `StoreError.absent`.
    package static func open(directory path: String, create: Bool) throws -> SQLiteStore {
        try SQLiteStore(VaultDirectory(path: path, create: create), create: create)
    }

    /// Makes an empty vault that is filled where nobody sees it; it is one only after `finish`.
    static func staged(directory path: String) throws -> SQLiteStore {
        try SQLiteStore(VaultDirectory(path: path, create: true), create: true, isStaged: true)
    }

    /// Refuses a vault's directory or file, and other directories, that are not the user's alone, or no directories and files at all, as opening the vault does.
    /// What is not there is nothing to refuse.
    package static func checkPlaces(vault: String, others: [String]) throws {
        do { _ = try VaultDirectory(path: vault, create: false) } catch StoreError.absent {}
        for path in others { try VaultDirectory.requirePrivate(path) }
    }

    private init(_ directory: VaultDirectory, create: Bool, isStaged: Bool = false) throws(StoreError) {
        self.directory = directory
        self.isStaged = isStaged
        lock = try VaultLock(directory)
        if create {
            try directory.requireNoStrayLog()
            try directory.makeDatabase()
        }
        place = try VaultPlace(directory, holding: lock.identity)
        writer = try SQLiteQueue(path: directory.database, for: isStaged ? .building : .writing)
        do {
            try writer.sync { connection throws(StoreError) in
                try connection.prepareVault(in: directory, create: create, isStaged: isStaged)
                // It was opened by its name.
                if let displacement = place.displacement { throw displacement }
            }
        } catch {
            writer.close()
            throw error
        }
    }

    /// What a store that nobody sees is filled in, nobody moves.
    package var displacement: StoreError? { isStaged ? nil : place.displacement }

    package var writingExecutor: (any SerialExecutor & TaskExecutor)? { thread }

    package func read<Value: Sendable>(_ body: (any SQLConnection) throws(StoreError) -> Value) async throws(StoreError) -> Value {
        // A caller that serves sockets has threads that may not wait for a disk.
        try await withTaskExecutorPreference(globalConcurrentExecutor) { () async throws(StoreError) in
            if isStaged { return try writing { connection throws(StoreError) in try body(connection) } }
            let reader = try takeReader()
            defer { giveBack(reader) }
            return try reader.sync { connection throws(StoreError) in try body(connection) }
        }
    }

    package nonisolated(nonsending) func write<Value: Sendable>(
        _ body: @Sendable (any SQLConnection) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        try writing { connection throws(StoreError) in try body(connection) }
    }

    private func writing<Value>(_ body: (StoreConnection) throws(StoreError) -> Value) throws(StoreError) -> Value {
        guard !readers.withLock({ $0.isClosed }) else { throw .closed }
        return try writer.sync { connection throws(StoreError) in
            // Whatever is moved from here on is moved with what is written now.
            if let displacement { throw displacement }
            guard !connection.isBroken else { throw .failed("an earlier write failed; the vault must be opened again") }
            return try body(connection)
        }
    }

    /// Makes a staged store what every other one is, in all of its files.
    func finish() async throws {
        try await withTaskExecutorPreference(thread) {
            try writing { connection throws(StoreError) in try connection.execute(script: "PRAGMA synchronous = FULL; PRAGMA journal_mode = WAL") }
        }
    }

    package func eraseFreed() async throws {
        try await withTaskExecutorPreference(thread) {
            // Others who write come between the portions, which keep the write-ahead log short.
            while try writing({ connection throws(StoreError) in try connection.giveBackPages() }) { await Task.yield() }
            try writing { connection throws(StoreError) in try connection.emptyWriteAheadLog() }
        }
    }

    package func close() async {
        let idle = readers.withLock { readers in
            readers.isClosed = true
            return readers.idle
        }
        await withTaskExecutorPreference(thread) {
            for reader in idle { reader.close() }
            // SQLite leaves the log of a file that was moved where it is: what it holds belongs into that file, and before no other.
            if displacement != nil {
                try? writer.sync { connection throws(StoreError) in if !connection.isBroken { try connection.emptyWriteAheadLog() } }
            }
            writer.close()
            lock.release()
        }
    }

    /// An idle reading connection, or a new one. Reads run on the threads of their callers, so there are never more of them than such threads.
    private func takeReader() throws(StoreError) -> SQLiteQueue {
        let (idle, isClosed) = readers.withLock { ($0.idle.popLast(), $0.isClosed) }
        guard !isClosed else { throw .closed }
        if let idle { return idle }
        let reader = try SQLiteQueue(path: directory.database, for: .reading)
        // It was opened by its name.
        guard let displacement else { return reader }
        reader.close()
        throw displacement
    }

    private func giveBack(_ reader: SQLiteQueue) {
        let isKept = readers.withLock { readers in
            if !readers.isClosed { readers.idle.append(reader) }
            return !readers.isClosed
        }
        if !isKept { reader.close() }
    }
}

extension StoreConnection {
    /// Checks that the file is a vault of a known schema; makes it one when it is empty and may be made.
    fileprivate func prepareVault(in directory: VaultDirectory, create: Bool, isStaged: Bool) throws(StoreError) {
        let isEmpty = try integer("SELECT COUNT(*) FROM sqlite_schema") == 0
        if isEmpty {
            guard create else { throw .absent(path: directory.path) }
            try execute(script: "PRAGMA auto_vacuum = INCREMENTAL" + (isStaged ? "" : "; PRAGMA journal_mode = WAL"))
        } else {
            guard try integer("PRAGMA application_id") == SQLDialect.applicationID else { throw .damaged("vault.db is no vault") }
        }
        try migrate(in: .sqlite, isEmpty: isEmpty)
        if isStaged { return }
        // A predecessor that was killed may have left erased bytes in the log.
        try emptyWriteAheadLog()
        if isEmpty { try directory.flush() }
    }

    /// Gives a portion of the free pages back to the disk; false where none is left that can be.
    fileprivate func giveBackPages() throws(StoreError) -> Bool {
        let before = try integer("PRAGMA freelist_count")
        try execute(script: "PRAGMA incremental_vacuum(4000)")
        let after = try integer("PRAGMA freelist_count")
        return after > 0 && after < before
    }

    /// Moves what the write-ahead log holds into the database and cuts it to nothing.
    fileprivate func emptyWriteAheadLog() throws(StoreError) {
        guard try integer("PRAGMA wal_checkpoint(TRUNCATE)") == 0 else { throw .held }
    }
}
