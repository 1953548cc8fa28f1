import Glibc
import Model
import Storage
import Synchronization

/// The exclusive hold on a vault. The kernel lets go of it when the process dies, however it dies.
final class VaultLock: Sendable {
    /// Which file is locked.
    let identity: FileIdentity
    private let descriptor: Mutex<Int32?>

    init(_ directory: VaultDirectory) throws(StoreError) {
        let descriptor = try Self.opened(directory.lock)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let isHeld = errno == EWOULDBLOCK
            Glibc.close(descriptor)
            throw isHeld ? .held : .system("vault.lock could not be locked")
        }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            Glibc.close(descriptor)
            throw .system("vault.lock could not be looked at")
        }
        identity = FileStatus(status).identity
        self.descriptor = Mutex(descriptor)
    }

    deinit { release() }

    /// Lets go. Unlocked by word, not only by closing: a child that is just being forked still has a copy of the descriptor.
    func release() {
        descriptor.withLock { descriptor in
            guard let open = descriptor else { return }
            flock(open, LOCK_UN)
            Glibc.close(open)
            descriptor = nil
        }
    }

    private static func opened(_ path: String) throws(StoreError) -> Int32 {
        let descriptor = unsafe Glibc.open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system("vault.lock could not be opened") }
        guard fchmod(descriptor, 0o600) == 0 else {
            Glibc.close(descriptor)
            throw .system("the mode of vault.lock could not be set")
        }
        return descriptor
    }
}
