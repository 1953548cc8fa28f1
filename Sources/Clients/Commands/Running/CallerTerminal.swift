import CProcess
import Glibc
import TacitWire

/// The caller's terminal while the command has one of its own: what is typed goes to the command as it is, and the terminal is put right at the end.
///
/// In a pipeline the terminal is shared: another program may read it (`tacit run … | less`), so it is taken only when the command asks for it.
@safe
final class CallerTerminal {
    /// How often a terminal in the background is looked at, in milliseconds: a shell says nothing when it brings a running job to the front.
    static let lookEvery: Int32 = 200

    let descriptor: Int32
    let isShared: Bool
    private var usual = termios()
    private(set) var isRaw = false
    /// Whether the command was given the terminal: at once, or as long as it asks for a shared one.
    private(set) var isWanted: Bool

    /// Opens the terminal on `stream` anew, so that reading it never waits and changes nothing for others who have it open.
    init?(_ stream: Int32, isShared: Bool) {
        let own = unsafe open("/proc/self/fd/\(stream)", O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        descriptor = own >= 0 ? own : fcntl(stream, F_DUPFD_CLOEXEC, 3)
        self.isShared = isShared
        isWanted = !isShared
        guard descriptor >= 0, unsafe tcgetattr(descriptor, &usual) == 0 else { return nil }
    }

    deinit {
        restore()
        close(descriptor)
    }

    /// Whether this process may use the terminal now. A terminal that is not the session's knows no background.
    var isInFront: Bool {
        let group = tcgetpgrp(descriptor)
        return group < 0 || group == getpgrp()
    }

    /// Whether the terminal is to be taken as soon as this process is in front.
    var isAwaited: Bool { isWanted && !isRaw }

    /// The command asks for the terminal.
    func want() { isWanted = true }

    /// The command asks no more: the others of the pipeline have the terminal again.
    func letGo() {
        guard isShared else { return }
        restore()
        isWanted = false
    }

    /// Passes every key on to the command, if this process is in front.
    func take() {
        guard isAwaited, isInFront, unsafe tcgetattr(descriptor, &usual) == 0 else { return }
        var raw = usual
        unsafe cfmakeraw(&raw)
        // Others of the pipeline go on writing lines to it.
        if isShared { raw.c_oflag = usual.c_oflag }
        isRaw = unsafe tcsetattr(descriptor, TCSADRAIN, &raw) == 0
    }

    /// Puts the terminal as it was.
    func restore() {
        guard isRaw else { return }
        isRaw = false
        unsafe tcsetattr(descriptor, TCSADRAIN, &usual)
    }

    /// What was typed: nil when nothing was, empty when the terminal is gone.
    func read(atMost limit: Int) -> [UInt8]? { Stream.read(descriptor, atMost: limit) }

    /// What the person has set with `stty`. Not while keys are read one by one: then somebody else of the pipeline has set it for himself.
    var modes: RunTerminalModes? {
        guard !isRaw, usual.c_lflag & tcflag_t(ICANON) != 0 else { return nil }
        let characters = unsafe withUnsafeBytes(of: usual.c_cc) { unsafe Array($0) }
        return RunTerminalModes(input: usual.c_iflag, output: usual.c_oflag, local: usual.c_lflag, characters: characters)
    }

    var size: (rows: UInt16, columns: UInt16)? {
        var (rows, columns): (UInt16, UInt16) = (0, 0)
        return unsafe tacit_window_size(descriptor, &rows, &columns) == 0 ? (rows, columns) : nil
    }
}

/// One of the caller's streams.
enum Stream {
    /// What can be read now: nil when nothing can, empty at the end.
    static func read(_ descriptor: Int32, atMost limit: Int) -> [UInt8]? {
        var error: Int32 = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: limit) { buffer, filled in
            let count = unsafe Glibc.read(descriptor, buffer.baseAddress, limit)
            error = count < 0 ? errno : 0
            filled = max(0, count)
        }
        return error == EAGAIN || error == EINTR ? nil : bytes
    }

    static func facts(_ descriptor: Int32) -> mode_t {
        var facts = stat()
        return unsafe fstat(descriptor, &facts) == 0 ? facts.st_mode & S_IFMT : 0
    }
}
