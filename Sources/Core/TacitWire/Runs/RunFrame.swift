/// One message of a run in progress. On the wire: a kind byte, the payload's length in four big-endian bytes, the payload.
public enum RunFrame: Sendable, Equatable {
    // From the client

    /// Bytes for standard input: to the pipe, or to the terminal when standard input is one. Never more than the runner gave credit for.
    case stdin([UInt8])
    /// Standard input ends.
    case stdinEnd
    /// What was typed at the terminal. Never more than the runner gave credit for.
    case terminalInput([UInt8])
    case windowSize(rows: UInt16, columns: UInt16)
    /// A signal for the foreground group, by its number.
    case signal(Int32)
    /// Goes on after `stopped`.
    case resume

    // From the keeper

    /// What the runner asked about last may leave.
    case leave
    /// Nothing of the run may leave any more.
    case withhold
    /// What the runner asked about last may not leave: it holds a fake token.
    case refuse

    // From the runner

    case started(process: Int32)
    case stdout([UInt8])
    case stderr([UInt8])
    /// So many more bytes of `stdin` may come; `RunFrame.initialCredit` at the start.
    case stdinCredit(Int)
    /// So many more bytes of `terminalInput` may come; `RunFrame.initialCredit` at the start.
    case terminalCredit(Int)
    /// The child was stopped by a signal (Ctrl-Z); it waits for `resume`.
    case stopped(signal: Int32)
    /// The time limit was reached; the group is being stopped.
    case timedOut
    /// What redaction did: the JSON of a `RunReport`.
    case report([UInt8])
    /// The last frame.
    case exit(RunExit)
    /// The command, which had asked for a terminal that others share, does not read it any more.
    case terminalFree
    /// What waits to leave answers a guess at the value of this name. It goes to the keeper, which counts, and no further.
    case answered([UInt8])
    /// The file that waits to leave holds this text, which could be a fake token. It goes to the keeper, which knows, and no further.
    case candidate([UInt8])
    /// Whether what waits may leave: one `leave`, `withhold` or `refuse` answers it. Of an agent's run nothing leaves before. It goes to the keeper, and no further.
    case mayLeave

    /// The largest payload: 64 KiB.
    public static let maximumPayload = 64 << 10
    /// How many bytes of input a client may send before the first credit.
    public static let initialCredit = 64 << 10

    /// Who sends a frame.
    public enum Sender: Sendable { case client, keeper, runner }

    /// The kind byte of a frame.
    public enum Kind: UInt8, Sendable, CaseIterable {
        case stdin = 1
        case stdinEnd, terminalInput, windowSize, signal, resume
        case leave = 16
        case withhold, refuse
        case started = 32
        case stdout, stderr, stdinCredit, terminalCredit, stopped, timedOut, report, exit, terminalFree, answered, mayLeave, candidate

        public var sender: Sender { rawValue < Kind.leave.rawValue ? .client : rawValue < Kind.started.rawValue ? .keeper : .runner }

        /// Whether it goes no further than the keeper.
        public var isForKeeper: Bool { self == .answered || self == .candidate || self == .mayLeave }
    }
}

/// How a run ended.
public enum RunExit: Sendable, Equatable {
    /// The child ended by itself.
    case exited(code: Int32)
    /// The child was ended by a signal.
    case signaled(Int32)
    /// Tacit could not run it.
    case failed(RunFailure)

    /// The exit status of a command that stands for the run: the child's own, 128+n, or 125–127.
    public var status: Int32 {
        switch self {
        case .exited(let code): code
        case .signaled(let number): 128 + number
        case .failed(let failure): failure.status
        }
    }
}

/// Why Tacit itself could not run a command.
public struct RunFailure: Error, Codable, Sendable, Equatable {
    /// 125 Tacit's own failure or refusal, 126 not executable, 127 not found.
    public var status: Int32
    /// A stable name, `run.reason`.
    public var code: String
    /// One sentence in lower case.
    public var message: String
    public var hint: String?

    public init(status: Int32, code: String, message: String, hint: String? = nil) {
        self.status = status
        self.code = code
        self.message = message
        self.hint = hint
    }
}
