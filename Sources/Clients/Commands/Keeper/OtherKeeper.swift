import Glibc
import TacitWire

/// A keeper that holds a vault's lock and listens where commands here do not look.
package enum OtherKeeper {
    package static let message = "another keeper holds this vault"

    /// What to do about it; `socket` is where it listens, as far as that is known.
    package static func hint(_ socket: String?) -> String {
        (socket.map { "it listens at \($0); " } ?? "") + "commands look below XDG_RUNTIME_DIR: set that as it was where the keeper was started"
    }

    /// Where the keeper listens that wrote an open lock; nil where it did not write it.
    package static func socket(writtenIn lock: Int32) -> String? {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = unsafe pread(lock, &bytes, bytes.count, 0)
        guard count > 0, let text = String(validating: bytes.prefix(count), as: UTF8.self), text.hasPrefix("/") else { return nil }
        return text.utf8.allSatisfy { (0x21...0x7E).contains($0) } ? text : nil
    }

    /// Refuses where there is one: who finds no keeper at the usual place must not take the vault for locked.
    static func check(_ paths: LocalPaths) throws {
        let lock = unsafe open(paths.keeperLock, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard lock >= 0 else { return }
        defer { close(lock) }
        guard flock(lock, LOCK_SH | LOCK_NB) != 0, errno == EWOULDBLOCK else { return }
        throw CommandFailure(message, hint: hint(socket(writtenIn: lock)), code: "keeper.elsewhere")
    }
}
