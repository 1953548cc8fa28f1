import CProcess
import Glibc

/// The terminal at which a person is asked. What is typed at a hidden prompt is never shown, and the terminal is put right again whatever happens.
final class Terminal {
    private let descriptor: Int32
    private let typing: UnseenTyping
    /// Whether what was printed may be taken back from the screen.
    let canErase: Bool

    /// The terminal of the process; nil when there is none.
    init?(_ context: CommandContext) {
        guard let path = context.terminal else { return nil }
        typing = context.typing
        descriptor = unsafe open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        canErase = !["", "dumb"].contains(context.environment["TERM"] ?? "")
    }

    deinit { close(descriptor) }

    /// Prints lines for the person alone: they go to no pipe. Returns how many rows of the screen they take.
    @discardableResult
    func say(_ text: String) -> Int {
        let breaker = LineBreaker(descriptor)
        let lines = breaker.broken(text)
        Console.write(Array("\(lines)\n".utf8), to: descriptor)
        return breaker.rows(of: lines)
    }

    /// Prints a line of ASCII that the caller wipes. Returns how many rows of the screen it takes.
    @discardableResult
    func show(_ line: [UInt8]) -> Int {
        Console.write(line, to: descriptor)
        return rows(ofWidth: line.count - 1)
    }

    /// How many rows of the screen a line of this width takes.
    func rows(ofWidth width: Int) -> Int { LineBreaker(descriptor).rows(ofWidth: width) }

    /// Takes the last rows back from the screen.
    func erase(rows: Int) {
        if canErase { Console.write(Array("\u{1B}[\(rows)A\r\u{1B}[J".utf8), to: descriptor) }
    }

    /// Asks for a line.
    func ask(_ prompt: String, _ echo: Echo) throws -> WipedBytes {
        while true {
            switch try attempt(prompt, echo) {
            case .line(let line): return WipedBytes(line)
            case .end: throw CommandFailure("nothing was typed", status: .usage, code: "input.empty")
            // It does what it always does, to a terminal that is as it was. After a stop the question is put again.
            case .signal(let number): tacit_be_signalled(number)
            }
        }
    }

    /// Whether what is typed is seen.
    enum Echo { case visible, hidden }

    private enum Attempt {
        case line([UInt8])
        case end
        case signal(Int32)
    }

    private func attempt(_ prompt: String, _ echo: Echo) throws -> Attempt {
        var mask = sigset_t()
        guard unsafe pthread_sigmask(SIG_BLOCK, nil, &mask) == 0 else { throw CommandFailure(errno: errno, "the terminal cannot be used") }
        let signals = tacit_open_signals()
        guard signals >= 0 else { throw CommandFailure(errno: -signals, "the terminal cannot be used") }
        defer {
            close(signals)
            unsafe pthread_sigmask(SIG_SETMASK, &mask, nil)
        }
        guard echo == .hidden else { return try typing.shown(descriptor) { try answer(to: prompt, signals) } }
        try typing.hide(descriptor)
        defer { Console.write([UInt8(ascii: "\n")], to: descriptor) }
        return try answer(to: prompt, signals)
    }

    private func answer(to prompt: String, _ signals: Int32) throws -> Attempt {
        Console.write(Array(prompt.utf8), to: descriptor)
        var line = LineEditor()
        return try read(&line, signals: signals)
    }

    private func read(_ line: inout LineEditor, signals: Int32) throws -> Attempt {
        while true {
            var waiting = [pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0), pollfd(fd: signals, events: Int16(POLLIN), revents: 0)]
            guard unsafe poll(&waiting, 2, -1) >= 0 || errno == EINTR else { throw CommandFailure(errno: errno, "the terminal cannot be read") }
            if waiting[1].revents != 0 {
                let number = tacit_next_signal(signals)
                // These do nothing when nobody asked for them.
                if number != 0, ![SIGWINCH, SIGCHLD, SIGCONT, SIGURG].contains(number) {
                    line.clear()
                    return .signal(number)
                }
            }
            guard waiting[0].revents != 0 else { continue }
            var byte: UInt8 = 0
            let count = unsafe Glibc.read(descriptor, &byte, 1)
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count == 1 else { return line.bytes.isEmpty ? .end : .line(line.take()) }
            switch line.type(byte) {
            case .more: continue
            case .end: return .end
            case .done:
                try refusePaste(&line)
                return .line(line.take())
            }
        }
    }

    /// A paste of several lines would be cut after the first, and the shell would execute the rest.
    private func refusePaste(_ line: inout LineEditor) throws {
        var more = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&more, 1, 0) == 1, more.revents & Int16(POLLIN) != 0 else { return }
        line.clear()
        tcflush(descriptor, TCIFLUSH)
        throw CommandFailure(
            "more than one line was typed or pasted", hint: "give a value of several lines by `--file PATH` or through standard input",
            status: .usage, code: "input.several-lines")
    }
}

/// A line as it is typed: backspace takes a character, ^U all of them.
struct LineEditor {
    static let limit = 1 << 20
    private(set) var bytes: [UInt8] = []

    enum Step { case more, done, end }

    mutating func type(_ byte: UInt8) -> Step {
        switch byte {
        case 0x0A, 0x0D: return .done
        case 0x04: return bytes.isEmpty ? .end : .more
        case 0x08, 0x7F:
            while let last = bytes.last {
                bytes.removeLastWiping(1)
                if last & 0xC0 != 0x80 { break }
            }
        case 0x15: clear()
        default: if bytes.count < Self.limit { bytes.appendWiping(CollectionOfOne(byte)) }
        }
        return .more
    }

    mutating func clear() { bytes.wipe() }

    mutating func take() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }
}
