/// How a run is to be confined.
package struct SandboxWish: Sendable, Equatable {
    /// What becomes of a run where a layer of the sandbox cannot be had.
    package enum Strictness: UInt8, Sendable {
        /// It is refused.
        case required = 1
        /// It goes without a sandbox, and its result says why.
        case fallback
    }

    package var strictness: Strictness
    /// Files are written to the working directory itself, as they are. Persons only.
    package var writesThrough: Bool
    /// Whether a file that could not be searched for values may leave.
    package var passesUnscanned: Bool
    /// What the program may read besides, by path.
    package var reads: [String] = []
    /// Whether the program has a way out: a socket on its loopback, at which the broker of its session listens.
    package var hasDoor = false
    /// Whether the keeper listens in it for the program, which is a whole agent.
    package var hasKeeper = false
    /// The directory that is the program's home, and lasts; nil for an empty one that is gone with the run. It is made where it is not there.
    package var lastingHome: String?
    /// The user's name and home, as the user database has them.
    package var user: String
    package var home: String
    /// Directories that no program in a sandbox sees: Tacit's own.
    package var hidden: [String]

    package init(
        _ strictness: Strictness, writesThrough: Bool = false, passesUnscanned: Bool = false, user: String, home: String, hidden: [String] = []
    ) {
        self.strictness = strictness
        self.writesThrough = writesThrough
        self.passesUnscanned = passesUnscanned
        self.user = user
        self.home = home
        self.hidden = hidden
    }
}
