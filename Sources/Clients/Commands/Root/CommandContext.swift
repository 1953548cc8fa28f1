import Glibc
import Synchronization
package import TacitWire

/// Everything of the process that a command may touch. Program makes one; tests make their own.
package struct CommandContext: Sendable {
    package var environment: [String: String]
    package var currentDirectory: String
    /// The home directory.
    package var home: String
    package var paths: LocalPaths
    package var userID: UInt32
    /// Descriptors of input, output and messages.
    package var input: Int32
    package var output: Int32
    package var messages: Int32
    /// What of the answer could not be written.
    let loss = OutputLoss()
    /// What is typed for this command and not shown.
    let typing = UnseenTyping()
    /// The device at which a person is asked; nil for none.
    package var terminal: String?
    package var starter: any KeeperStarter
    /// Whether this is the sandbox of a whole agent, whose socket is its badge. Nobody is asked for a password there: whoever asked might be the agent.
    package private(set) var isConfined = false
    /// Runs the keeper in this process; its result is the exit code.
    package var keeper: @Sendable (KeeperLaunch) -> Int32
    package var version: String
    /// What a sandbox can have on this machine; nil when nobody looked.
    package var sandbox: @Sendable () -> SandboxFinding? = { nil }
    /// Seconds since 1970.
    package var now: @Sendable () -> Int64

    package init(
        environment: [String: String], currentDirectory: String, home: String, paths: LocalPaths, userID: UInt32, version: String,
        starter: any KeeperStarter, keeper: @escaping @Sendable (KeeperLaunch) -> Int32
    ) {
        self.environment = environment
        self.currentDirectory = currentDirectory
        self.home = home
        self.paths = paths
        self.userID = userID
        self.version = version
        self.starter = starter
        self.keeper = keeper
        input = STDIN_FILENO
        output = STDOUT_FILENO
        messages = STDERR_FILENO
        terminal = "/dev/tty"
        now = { Int64(time(nil)) }
    }

    /// The process's own, set once by Program before a command runs.
    package static var current: CommandContext {
        get {
            guard let context = ofProgram.withLock(\.self) else { preconditionFailure("internal: no command context was set") }
            return context
        }
        set { ofProgram.withLock { $0 = newValue } }
    }

    private static let ofProgram = Mutex<CommandContext?>(nil)

    /// Whether a vault lies where commands look, as far as can be seen: of a keeper that is a user of its own nobody else sees the vault.
    var hasVault: Bool { unsafe paths.hasOwnUser || access("\(paths.vault)/vault.db", F_OK) == 0 }

    /// Refuses a `TACIT_VAULT` that depends on where the command is: each directory would have another vault.
    func checkPlaces() throws {
        guard let vault = environment["TACIT_VAULT"], !vault.isEmpty, !vault.hasPrefix("/") else { return }
        throw CommandFailure(
            "TACIT_VAULT is no absolute path", hint: "begin it with /, or unset it for your usual vault", status: .usage, code: "vault.relative")
    }

    /// The environment, directories and user of this process.
    package static func ofProcess(
        version: String, keeper: @escaping @Sendable (KeeperLaunch) -> Int32
    ) -> CommandContext {
        let environment = ProcessFacts.environment
        let user = getuid()
        let home = environment["HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? ProcessFacts.home(of: user) ?? "/"
        let own = LocalPaths(
            environment: environment, home: home, userID: user, hasUserRuntime: unsafe access("/run/user/\(user)", X_OK) == 0)
        // Another vault than the usual is asked for by name, and is served by a keeper of the person's own.
        let isInstalled = unsafe access(LocalPaths.keeperUnit(of: user), F_OK) == 0
        let hasOwnUser = isInstalled && environment["TACIT_VAULT"] == nil
        let paths = hasOwnUser ? LocalPaths(ownUserKeeperOf: user, person: own) : own
        var context = CommandContext(
            environment: environment, currentDirectory: ProcessFacts.currentDirectory ?? "/", home: home, paths: paths, userID: user,
            version: version,
            starter: hasOwnUser ? ServiceKeeperStarter() : SpawningKeeperStarter(environment: environment), keeper: keeper)
        context.sandbox = SandboxCheck.ask
        if isSocket(LocalPaths.confinedSocket) { context.confine() }
        return context
    }

    /// Makes it one of a command in the sandbox of a whole agent.
    mutating func confine() {
        (isConfined, paths, starter, terminal) = (true, paths.confined, AbsentKeeperStarter(), nil)
    }

    private static func isSocket(_ path: String) -> Bool {
        var facts = stat()
        return unsafe stat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFSOCK
    }
}
