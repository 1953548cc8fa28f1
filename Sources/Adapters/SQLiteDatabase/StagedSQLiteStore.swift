import Glibc
package import Storage

/// A store in a directory of its own within the vault's. It becomes the vault by one act of the file system, or is removed.
package final class StagedSQLiteStore: StagedStore {
    package var store: any VaultStore { staged }
    private let staged: SQLiteStore
    private let vault: VaultDirectory

    /// Makes an empty one for the vault of a directory, which is made where it is missing. What a restore left there that was killed is removed first.
    package static func make(in directory: String) throws -> StagedSQLiteStore {
        try StagedSQLiteStore(VaultDirectory(path: directory, create: true))
    }

    private init(_ vault: VaultDirectory) throws {
        self.vault = vault
        try vault.requireNoStrayLog()
        try Self.clear(vault.path)
        staged = try SQLiteStore.staged(directory: Self.place(in: vault.path))
    }

    /// Removes what a restore left in a vault's directory that was killed; throws while one goes on.
    package static func clear(_ directory: String) throws {
        let place = place(in: directory)
        guard unsafe access(place, F_OK) == 0 else { return }
        let lock = try VaultLock(VaultDirectory(path: place, create: true))
        defer { lock.release() }
        try remove(place)
    }

    package func publish() async throws {
        let place = Self.place(in: vault.path)
        try await staged.finish()
        await staged.close()
        // The last connection moved all of it into the one file: a log beside it would be left behind.
        guard unsafe access("\(place)/vault.db-wal", F_OK) != 0 else { throw StoreError.failed("the restored vault could not be finished") }
        try Self.flush("\(place)/vault.db")
        try vault.requireNoStrayLog()
        // A link is never put over what is there.
        guard unsafe link("\(place)/vault.db", vault.database) == 0 else {
            let isThere = errno == EEXIST
            throw isThere ? StoreError.failed("there is a vault already") : .system("the restored vault could not be put into its place")
        }
        try vault.flush()
        // What cannot be removed now is when the keeper starts again.
        try? Self.remove(place)
    }

    package func discard() async {
        await staged.close()
        try? Self.remove(Self.place(in: vault.path))
    }

    private static func place(in directory: String) -> String { "\(directory)/restoring" }

    private static func flush(_ path: String) throws(StoreError) {
        let descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw .system("the restored vault could not be opened") }
        defer { Glibc.close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .system("the restored vault could not be flushed") }
    }

    private static func remove(_ place: String) throws(StoreError) {
        for file in VaultDirectory.files { unsafe unlink("\(place)/\(file)") }
        guard unsafe rmdir(place) == 0 || errno == ENOENT else { throw .system("what an earlier restore left could not be removed") }
    }
}
