import GRDB
import Glibc
import SQLStorage
import SQLiteDatabase
import Storage
import TestKit

/// A vault in a directory of its own, which a test can also reach past the store: by SQL, and as bytes.
struct RawVault {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    var path: String { directory.path("vault") }
    var database: String { path + "/vault.db" }

    func open(create: Bool = true) throws -> any VaultStore { try SQLiteStore.open(directory: path, create: create) }

    /// Makes a vault that has something in every table, and closes it.
    func filled() async throws -> VictimSteps {
        let store = try open()
        let rows = SampleRows(SeededRandom())
        let tree = SampleTree(rows)
        let results = try await store.commit([tree.batch, Batch([.insertKey(rows.key(of: tree.project.id)), .insertCheckpoint(rows.checkpoint(0))])])
        for result in results { try result.get() }
        let steps = VictimSteps(store: store)
        try await steps.run(atMost: 8) { _ in }
        await store.close()
        return steps
    }

    /// Runs SQL on the closed vault through a connection of its own.
    func sql<Value>(_ body: (Database) throws -> Value) throws -> Value {
        let queue = try DatabaseQueue(path: database)
        let value = try queue.writeWithoutTransaction(body)
        try queue.close()
        return value
    }

    /// The error that opening the vault gives; nil when it opens.
    func failure(create: Bool = false) async throws -> StoreError? {
        do {
            let store = try open(create: create)
            await store.close()
            return nil
        } catch let error as StoreError {
            return error
        }
    }
}

/// Runs a program to its end and returns how it ended.
@discardableResult
func run(_ program: String, _ arguments: String...) throws -> ChildProcess.End {
    let child = try ChildProcess(program, arguments)
    while child.readLine() != nil {}
    return child.wait()
}

/// A path on the disk, and what a test does to it.
struct DiskFile {
    let path: String

    init(_ path: String) { self.path = path }

    var exists: Bool { status != nil }
    var mode: mode_t? { status.map { $0.st_mode & 0o7777 } }
    var size: Int { status.map { Int($0.st_size) } ?? -1 }

    func setMode(_ mode: mode_t) { _ = unsafe chmod(path, mode) }
    func setOwner(_ owner: uid_t) { _ = unsafe chown(path, owner, owner) }
    func makeDirectory(_ mode: mode_t) { _ = unsafe mkdir(path, mode) }
    func makeLink(to target: String) { _ = unsafe symlink(target, path) }
    func makeEmpty() { close(unsafe open(path, O_CREAT | O_RDWR, 0o600)) }
    func move(to other: String) { _ = unsafe rename(path, other) }
    func remove() { _ = unsafe unlink(path) }
    func cut(to count: Int) { _ = unsafe truncate(path, count) }

    private var status: stat? {
        var status = stat()
        return unsafe lstat(path, &status) == 0 ? status : nil
    }
}
