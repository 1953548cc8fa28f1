import Glibc
import Storage
import Synchronization

/// Room that a file of nothing holds on the vault's disk, 0600 beside the vault.
package final class DiskReserve: SpaceReserve {
    /// How much is kept, and how much of it is given up at once: who fills the disk gets no more than that of it.
    package static let byteCount = 4 << 20
    package static let partByteCount = 256 << 10

    private let path: String
    private let turn = Mutex(())

    package init(path: String) { self.path = path }

    package func fill() {
        turn.withLock { _ in
            guard let (descriptor, facts) = opened(O_RDWR | O_CREAT) else { return }
            defer { close(descriptor) }
            // A copy of the file may have kept its length alone.
            let held = min(Int(facts.st_size), Int(facts.st_blocks) * 512)
            var disk = statvfs()
            guard held < Self.byteCount, unsafe fstatvfs(descriptor, &disk) == 0 else { return }
            // A small disk is not taken up for it.
            let free = Int(disk.f_bavail) * Int(disk.f_frsize)
            let wanted = min(Self.byteCount, held + free / 2) / Self.partByteCount * Self.partByteCount
            guard wanted > held else { return }
            if posix_fallocate(descriptor, 0, wanted) != 0 { ftruncate(descriptor, held) }
        }
    }

    package func giveUp() -> Bool {
        turn.withLock { _ in
            guard let (descriptor, facts) = opened(O_WRONLY) else { return false }
            defer { close(descriptor) }
            return facts.st_size > 0 && ftruncate(descriptor, max(0, Int(facts.st_size) - Self.partByteCount)) == 0
        }
    }

    package func takeBack() {
        turn.withLock { _ in
            guard let (descriptor, facts) = opened(O_RDWR) else { return }
            defer { close(descriptor) }
            let held = Int(facts.st_size)
            var disk = statvfs()
            guard unsafe fstatvfs(descriptor, &disk) == 0 else { return }
            let block = max(1, Int(disk.f_frsize))
            var wanted = min(Self.byteCount - held, Int(disk.f_bavail) * block)
            // What the disk says that it has is not always to be had.
            while wanted >= block, posix_fallocate(descriptor, held, wanted) != 0 {
                ftruncate(descriptor, held)
                wanted /= 2
            }
        }
    }

    /// The file, if it is the user's alone.
    private func opened(_ flags: Int32) -> (descriptor: Int32, facts: stat)? {
        let descriptor = unsafe open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard descriptor >= 0 else { return nil }
        var facts = stat()
        guard unsafe fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG, facts.st_uid == geteuid(), facts.st_mode & 0o077 == 0 else {
            close(descriptor)
            return nil
        }
        return (descriptor, facts)
    }
}
