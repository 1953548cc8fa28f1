import Model
import Storage

/// The files that a store opened, and where: what lies there later may be something else.
struct VaultPlace: Sendable {
    private let database: (path: String, identity: FileIdentity)
    private let lock: (path: String, identity: FileIdentity)

    /// What lies in a directory now; `lock` is the file that is held.
    init(_ directory: VaultDirectory, holding lock: FileIdentity) throws(StoreError) {
        guard let status = try FileStatus(directory.database) else { throw .absent(path: directory.path) }
        database = (directory.database, status.identity)
        self.lock = (directory.lock, lock)
    }

    /// Nil while both are there. Without its lock file a vault is not held: another keeper could open it, too.
    var displacement: StoreError? { Self.displacement(of: database) ?? Self.displacement(of: lock) }

    private static func displacement(of file: (path: String, identity: FileIdentity)) -> StoreError? {
        // What cannot be looked at is as good as gone.
        let status = try? FileStatus(file.path)
        return status?.identity == file.identity ? nil : .moved(path: file.path, isReplaced: status != nil)
    }
}
