import Glibc
import Synchronization

/// Whether a part of a command's answer could not be written, as on a full disk.
final class OutputLoss: Sendable {
    private let code = Mutex<Int32?>(nil)

    /// A reader that has enough and goes, as `head` does, loses nothing.
    func note(_ code: Int32) { if code != EPIPE { self.code.withLock { $0 = $0 ?? code } } }

    /// Why something could not be written, in words.
    static func failure(_ code: Int32, _ what: String) -> CommandFailure {
        var failure = CommandFailure(errno: code, what)
        if code == EBADF { failure.message = "\(what): the output is closed" }
        return failure
    }

    /// Fails where something was lost: whoever reads the answer must not take it for whole.
    func check() throws {
        guard let code = code.withLock(\.self) else { return }
        throw Self.failure(code, "the answer could not be written")
    }
}
