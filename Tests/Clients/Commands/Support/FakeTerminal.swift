import CProcess
import Dispatch
import Glibc
import Synchronization

@testable import Commands

/// A terminal with a person at it who answers what is asked: each line is typed as soon as its question stands on the screen.
final class FakeTerminal: Sendable {
    let path: String
    private let main: Int32
    /// Held open, so that the terminal outlives each command.
    private let side: Int32
    private let screenText = Mutex("")
    private let marks = DispatchSemaphore(value: 0)
    private static let mark: UInt8 = 0x1E
    /// TIOCSPTLCK and TIOCGPTN, which are no constants for Swift.
    private static let setLock: UInt = 0x4004_5431
    private static let getNumber: UInt = 0x8004_5430

    /// `script` is what the person waits for, and what they type then; a function is given the screen so far.
    init(_ script: [(String, @Sendable (String) -> String)]) throws {
        main = unsafe open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var lock: Int32 = 0
        var number: Int32 = -1
        guard unsafe ioctl(main, Self.setLock, &lock) == 0, unsafe ioctl(main, Self.getNumber, &number) == 0 else { throw RigFailure("no terminal") }
        path = "/dev/pts/\(number)"
        side = unsafe open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)
        Threads.start { [self] in play(script) }
    }

    convenience init(_ script: (String, String)...) throws {
        try self.init(script.map { expected, typed in (expected, { @Sendable _ in typed }) })
    }

    deinit {
        close(side)
        close(main)
    }

    /// Everything that was printed up to now, typed characters included where they were shown.
    var screen: String {
        // What was written before is read before: the mark comes last.
        Console.write([Self.mark], to: side)
        marks.wait()
        return screenText.withLock { $0 }
    }

    /// Types something that nobody asked for, and waits until it can be read.
    func typeAhead(_ text: String) {
        Console.write(Array(text.utf8), to: main)
        while tacit_unread(side) < 1 { sched_yield() }
    }

    /// Whether something that was typed is still to be read.
    var hasUnread: Bool { tacit_unread(side) > 0 }

    /// Whether typed characters are shown.
    var echoes: Bool {
        var mode = termios()
        return unsafe tcgetattr(side, &mode) == 0 && mode.c_lflag & tcflag_t(ECHO) != 0 && mode.c_lflag & tcflag_t(ICANON) != 0
    }

    private func play(_ script: [(String, @Sendable (String) -> String)]) {
        var unread = ""
        var script = script[...]
        while true {
            var piece = [UInt8](repeating: 0, count: 4096)
            let count = unsafe read(main, &piece, piece.count)
            guard count > 0 else { return }
            let text = String(decoding: piece.prefix(count).filter { $0 != Self.mark }, as: UTF8.self)
            screenText.withLock { $0 += text }
            if piece.prefix(count).contains(Self.mark) { marks.signal() }
            unread += text
            while let next = script.first, let range = unread.firstRange(of: next.0) {
                unread = String(unread[range.upperBound...])
                script = script.dropFirst()
                Console.write(Array(next.1(screenText.withLock { $0 }).utf8), to: main)
            }
        }
    }
}
