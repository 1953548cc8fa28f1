package import Model
package import Policies

/// Gives out fresh runners: processes that hold the values of one run and execute it.
package protocol RunnerSupply: Sendable {
    /// Starts the keyless spawner, before the first key is opened. Idempotent.
    func prepare() async throws
    /// Ends the spawner after lock.
    func retire()
    /// Has a fresh runner open the program of a job. Nothing is executed, and the job has no values yet.
    func open(_ job: RunJob) async throws -> any WaitingRun
    /// Whether the spawner lives; nil when that is not known.
    var isAlive: Bool? { get }
}

extension RunnerSupply { package var isAlive: Bool? { nil } }

/// A run whose program a runner has opened: what was judged is what it will execute. Letting go of it ends the runner.
package protocol WaitingRun: AnyObject, Sendable {
    /// What was opened, for the decision.
    var program: OpenedProgram { get }
    /// Where it will start; nil for a private directory.
    var directory: FilePlace? { get }
    /// Where the broker of its sandbox listens; nil for a run whose sandbox has no door, or that has none.
    var doorPlace: (any DoorPlace)? { get }
    /// Sends the values of the job, as it was completed, and starts it. Once.
    func start(_ job: RunJob) async throws -> Launched
}

extension WaitingRun { package var doorPlace: (any DoorPlace)? { nil } }

/// A run that a runner has begun.
package struct Launched: Sendable {
    /// Where its frames are; closing it ends the run.
    package var descriptor: Int32
    /// What is executed: path, class, interpreter.
    package var program: [(String, String)]
    /// What the person is told, one sentence each.
    package var notices: [String]

    package init(descriptor: Int32, program: [(String, String)], notices: [String]) {
        self.descriptor = descriptor
        self.program = program
        self.notices = notices
    }
}

/// Everything a runner gets to know.
package struct RunJob: Sendable {
    package var arguments: [String]
    package var workingDirectory: String?
    /// The caller's environment (a person's) or the few clean variables (an agent's), without values.
    package var environment: [String: String]
    package var values: [InjectedValue]
    package var preservesEnvironment: Bool
    package var timeout: Duration?
    package var terminal: Terminal?
    /// The permission bits that new files must not have; nil for the usual.
    package var fileMask: Int?
    package var audience: Audience
    /// The directories of an agent's PATH; nil for the system's. The program itself is found by the system's.
    package var searchPath: [String]?
    /// Whether the program's content is to be told when it is opened.
    package var takesFingerprint: Bool
    /// The sandbox that the program runs in; nil for none.
    package var sandbox: Sandboxing?
    /// Whether an agent's output passes that could not be searched for values. No approval binds it, since no agent can wish for it: it is the policy's
    /// word, read at each use, and to change that is a step-up act of its own. (A sandbox's files are bound, because what they become is shown.)
    package var passesUnscanned = false
    /// How many guesses an agent's output may still answer, by the name of the value. Where one has none, nothing leaves the run.
    package var answersLeft: [String: Int] = [:]
    /// The way to the network of a program that has fake tokens; nil for one without.
    package var proxy: Proxy?
    /// Whether the output shows fake tokens as they are; otherwise they are redacted as values are.
    package var showsTokens = false

    /// The broker of the run, as its program reaches it.
    package struct Proxy: Sendable, Equatable {
        package var variables: [String: String]
        /// The session's own authority, in PEM.
        package var authority: String

        package init(variables: [String: String], authority: String) { (self.variables, self.authority) = (variables, authority) }
    }

    /// Which secrets the values of a name belong to that are looked for in its output.
    var secrets: [String: Set<SecretID>] {
        values.reduce(into: [:]) { found, value in
            if value.kind == .secret, let secret = value.secret { found[value.name, default: []].insert(secret) }
        }
    }

    /// One field on its way into a variable, a private file or to standard input.
    package struct InjectedValue: Sendable {
        /// Nil for standard input.
        package var variable: String?
        /// Whether the variable holds the path of a file of the run, in which the value is.
        package var isFile: Bool
        /// What stands around the value on standard input.
        package var text: InputText
        /// What stands in redacted output.
        package var name: String
        package var kind: FieldKind
        package var value: SecretValue
        /// The secret that the field is of; nil for standard input that was told beforehand.
        package var secret: SecretID?
        /// Whether it is a fake token, in the place of a value.
        package var isToken = false

        package init(variable: String?, isFile: Bool = false, text: InputText = .none, name: String, kind: FieldKind, value: SecretValue) {
            self.variable = variable
            self.isFile = isFile
            self.text = text
            self.name = name
            self.kind = kind
            self.value = value
        }
    }

    /// The caller's terminal, and which of its three streams are on it.
    package struct Terminal: Sendable, Equatable {
        package var rows: UInt16
        package var columns: UInt16
        package var input: Bool
        package var output: Bool
        package var error: Bool
        /// The terminal's type, for TERM.
        package var type: String?
        package var modes: Modes?

        /// What `stty` sets.
        package struct Modes: Sendable, Equatable {
            package var input: UInt32
            package var output: UInt32
            package var local: UInt32
            package var characters: [UInt8]

            package init(input: UInt32, output: UInt32, local: UInt32, characters: [UInt8]) {
                self.input = input
                self.output = output
                self.local = local
                self.characters = characters
            }
        }

        package init(rows: UInt16, columns: UInt16, input: Bool, output: Bool, error: Bool, type: String?, modes: Modes? = nil) {
            self.rows = rows
            self.columns = columns
            self.input = input
            self.output = output
            self.error = error
            self.type = type
            self.modes = modes
        }
    }

    /// For whom the output is.
    package enum Audience: Sendable, Equatable {
        case person
        /// `realHome`: the policy says `home: real`.
        case agent(realHome: Bool)
    }

    package init(
        arguments: [String], workingDirectory: String?, environment: [String: String], values: [InjectedValue], preservesEnvironment: Bool,
        timeout: Duration?, terminal: Terminal?, fileMask: Int?, audience: Audience, takesFingerprint: Bool = false
    ) {
        self.arguments = arguments
        self.workingDirectory = workingDirectory
        self.environment = environment
        self.values = values
        self.preservesEnvironment = preservesEnvironment
        self.timeout = timeout
        self.terminal = terminal
        self.fileMask = fileMask
        self.audience = audience
        self.takesFingerprint = takesFingerprint
    }
}

/// The sandbox of a run.
package struct Sandboxing: Sendable, Equatable {
    /// Whether the run is refused where a layer of it cannot be had; otherwise it goes without.
    package var isRequired: Bool
    /// Whether files go to the working directory as they are.
    package var writesThrough: Bool
    /// Whether a file leaves that could not be searched for values.
    package var passesUnscanned: Bool
    /// What the program may read besides, by path.
    package var reads: [String]
    /// The name of a directory, for the home of a whole agent that lives in it, which lasts; nil for a program.
    package var home: String?
    /// Whether the broker of the run is a way out of it.
    package var hasDoor = false
    /// Whether a whole agent finds the keeper in it.
    package var hasKeeper = false

    package init(isRequired: Bool, writesThrough: Bool = false, passesUnscanned: Bool = false, reads: [String] = []) {
        (self.isRequired, self.writesThrough, self.passesUnscanned, self.reads) = (isRequired, writesThrough, passesUnscanned, reads)
    }
}
