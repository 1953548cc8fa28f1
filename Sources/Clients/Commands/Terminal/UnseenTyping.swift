import CProcess
import Glibc
import Synchronization

/// Keeps what is typed off the screen from a command's first hidden prompt on: also while the keeper works between two prompts, since people type ahead.
///
/// What is typed in between is kept for the next hidden prompt. What is left at the end is dropped: it would be shown by whoever reads the terminal next. A
/// signal that ends or stops the process finds the terminal as it was.
final class UnseenTyping: Sendable {
    private struct Held {
        var descriptor: Int32
        var number: Int32
    }

    private let held = Mutex<Held?>(nil)

    deinit { end() }

    /// Before a prompt whose answer is not shown.
    func hide(_ terminal: Int32) throws {
        try held.withLock { held in
            if let number = held?.number { return try Self.check(tacit_show_typing(number, 0)) }
            // The prompt's own descriptor is closed before the command ends.
            let own = fcntl(terminal, F_DUPFD_CLOEXEC, 3)
            guard own >= 0 else { throw CommandFailure(errno: errno, "the terminal cannot be used") }
            let number = tacit_hide_typing(own)
            guard number >= 0 else {
                close(own)
                return try Self.check(number)
            }
            held = Held(descriptor: own, number: number)
        }
    }

    /// Asks something whose answer is shown. Nothing that was typed before is taken for it.
    func shown<Result>(_ terminal: Int32, _ body: () throws -> Result) throws -> Result {
        let number = held.withLock { $0?.number }
        if let number { try Self.check(tacit_show_typing(number, 1)) }
        guard tcflush(terminal, TCIFLUSH) == 0 else { throw CommandFailure(errno: errno, "the terminal cannot be used") }
        defer {
            tcflush(terminal, TCIFLUSH)
            if let number { _ = tacit_show_typing(number, 0) }
        }
        return try body()
    }

    /// Everything is asked: the terminal is as it was.
    func end() {
        held.withLock { held in
            guard let ended = held else { return }
            held = nil
            tacit_end_hiding(ended.number)
            close(ended.descriptor)
        }
    }

    private static func check(_ result: Int32) throws {
        guard result != -EAGAIN else {
            throw CommandFailure(
                "nobody can be asked from the background", hint: "bring it to the front with `fg`, or start it again there", status: .denied,
                code: "terminal.background")
        }
        guard result >= 0 else { throw CommandFailure(errno: -result, "the terminal cannot be used") }
    }
}
