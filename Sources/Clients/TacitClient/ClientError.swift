public import TacitWire

/// Why a request got no answer of its own.
public enum ClientError: Error, Sendable, Equatable {
    /// Nobody listens on the socket.
    case noKeeper
    /// Another user listens on the socket.
    case foreignKeeper(user: UInt32)
    /// The connection broke or the answer made no sense.
    case brokenOff
    /// The keeper said no; the problem says why.
    case problem(Problem)

    /// One sentence in lower case.
    public var message: String {
        switch self {
        case .noKeeper: "the keeper is not running"
        case .foreignKeeper(let user): "another user (uid \(user)) listens where your keeper should"
        case .brokenOff: "the connection to the keeper broke off"
        case .problem(let problem): problem.title
        }
    }

    /// The next step, where there is one.
    public var hint: String? {
        switch self {
        case .noKeeper: "start it with `tacit keeper`, or run any `tacit` command"
        case .foreignKeeper: "nothing was sent; set XDG_RUNTIME_DIR to a directory of your own, such as /run/user/UID"
        case .brokenOff: "try again; `tacit status` shows whether the keeper is well"
        case .problem(let problem): problem.hint
        }
    }
}
