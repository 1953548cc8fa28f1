/// Asks to run a command with secrets injected: the JSON of `POST /v1/runs`.
///
/// The client's `RunFrame`s follow it in the same body. The answer is a problem, or a body of the runner's frames.
public struct RunRequest: Codable, Sendable, Equatable {
    /// The most bytes that `input` has.
    public static let longestInput = 65_536

    /// The program, by name or path, and its arguments; never empty.
    public var argv: [String]
    /// The working directory, absolute; nil for a private temporary one (agents) or `/` (persons).
    public var cwd: String?
    /// `PROJECT/ENVIRONMENT` of bare references and of `all`; nil for the default scope.
    public var scope: String?
    /// The caller's environment. Persons only: an agent's run gets a clean one.
    public var environment: [String: String]
    public var secrets: [RunSecret]
    /// Injects every secret of the scope. A step-up act.
    public var all: Bool
    /// Put before the names of variables that are derived from secret names.
    public var environmentPrefix: String?
    /// An inherited variable wins over a secret of the same variable.
    public var preserveEnvironment: Bool
    /// Seconds after which the whole group is stopped.
    public var timeoutSeconds: Int?
    /// The terminal of the caller, when one of its streams 0, 1 and 2 is one.
    public var terminal: RunTerminal?
    /// The permission bits that new files must not have; nil for the usual.
    public var fileMask: Int?
    /// What the run is for, in the words of whoever asks; kept in the audit entry.
    public var purpose: String?
    /// Known values are redacted from the output. `false` is a step-up act.
    public var maskOutput: Bool
    /// The whole of standard input, where it is text and known beforehand: an approval binds it. What is sent afterwards is dropped.
    public var input: String?
    /// Whether standard input comes afterwards, which no approval binds.
    public var sendsInput: Bool?
    /// Runs the command in a sandbox. A policy may want one in any case.
    public var sandbox: Bool?
    /// What the command writes in a sandbox goes to the working directory as it is. Persons only.
    public var writeThrough: Bool?
    /// Absolute paths that a command in a sandbox may read besides. Persons only.
    public var reads: [String]?
    /// The agent whose fake tokens the command gets in place of values, and by whose policy its requests go through the broker. Persons only.
    public var agent: String?
    /// Shows the fake tokens of the run in its output, in place of redacting them. Persons only.
    public var showTokens: Bool?

    public init(
        argv: [String], cwd: String? = nil, scope: String? = nil, environment: [String: String] = [:], secrets: [RunSecret] = [],
        all: Bool = false, environmentPrefix: String? = nil, preserveEnvironment: Bool = false, timeoutSeconds: Int? = nil,
        terminal: RunTerminal? = nil, fileMask: Int? = nil, purpose: String? = nil, maskOutput: Bool = true, input: String? = nil,
        sendsInput: Bool? = nil, sandbox: Bool? = nil, writeThrough: Bool? = nil, reads: [String]? = nil,
        agent: String? = nil, showTokens: Bool? = nil
    ) {
        self.argv = argv
        self.cwd = cwd
        self.scope = scope
        self.environment = environment
        self.secrets = secrets
        self.all = all
        self.environmentPrefix = environmentPrefix
        self.preserveEnvironment = preserveEnvironment
        self.timeoutSeconds = timeoutSeconds
        self.terminal = terminal
        self.fileMask = fileMask
        self.purpose = purpose
        self.maskOutput = maskOutput
        self.input = input
        self.sendsInput = sendsInput
        self.sandbox = sandbox
        self.writeThrough = writeThrough
        self.reads = reads
        self.agent = agent
        self.showTokens = showTokens
    }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            argv: try fields.decode([String].self, forKey: .argv),
            cwd: try fields.decodeIfPresent(String.self, forKey: .cwd),
            scope: try fields.decodeIfPresent(String.self, forKey: .scope),
            environment: try fields.decodeIfPresent([String: String].self, forKey: .environment) ?? [:],
            secrets: try fields.decodeIfPresent([RunSecret].self, forKey: .secrets) ?? [],
            all: try fields.decodeIfPresent(Bool.self, forKey: .all) ?? false,
            environmentPrefix: try fields.decodeIfPresent(String.self, forKey: .environmentPrefix),
            preserveEnvironment: try fields.decodeIfPresent(Bool.self, forKey: .preserveEnvironment) ?? false,
            timeoutSeconds: try fields.decodeIfPresent(Int.self, forKey: .timeoutSeconds),
            terminal: try fields.decodeIfPresent(RunTerminal.self, forKey: .terminal),
            fileMask: try fields.decodeIfPresent(Int.self, forKey: .fileMask),
            purpose: try fields.decodeIfPresent(String.self, forKey: .purpose),
            maskOutput: try fields.decodeIfPresent(Bool.self, forKey: .maskOutput) ?? true,
            input: try fields.decodeIfPresent(String.self, forKey: .input),
            sendsInput: try fields.decodeIfPresent(Bool.self, forKey: .sendsInput),
            sandbox: try fields.decodeIfPresent(Bool.self, forKey: .sandbox),
            writeThrough: try fields.decodeIfPresent(Bool.self, forKey: .writeThrough),
            reads: try fields.decodeIfPresent([String].self, forKey: .reads),
            agent: try fields.decodeIfPresent(String.self, forKey: .agent),
            showTokens: try fields.decodeIfPresent(Bool.self, forKey: .showTokens)
        )
    }
}

/// One secret of a run and where it goes.
public struct RunSecret: Codable, Sendable, Equatable {
    /// The most bytes that `before` and `after` have, each.
    public static let longestText = 1024

    /// `NAME`, `NAME#FIELD` or `tacit://…`.
    public var reference: String
    /// The environment variable; nil for its bindings, or the name derived from the secret's.
    public var variable: String?
    /// `true` sends the value to standard input instead, which then ends.
    public var stdin: Bool?
    /// `true` puts the value into a private file, which ends with the run; the variable holds its path.
    public var file: Bool?
    /// Text that stands before the value on standard input, and nowhere else. It is no secret; an approval binds it.
    public var before: String?
    /// Text that stands after the value on standard input, and nowhere else.
    public var after: String?

    public init(
        reference: String, variable: String? = nil, stdin: Bool? = nil, file: Bool? = nil, before: String? = nil, after: String? = nil
    ) {
        self.reference = reference
        self.variable = variable
        self.stdin = stdin
        self.file = file
        self.before = before
        self.after = after
    }
}

/// The caller's terminal and which of its streams are that terminal; the others stay pipes.
public struct RunTerminal: Codable, Sendable, Equatable {
    public var rows: UInt16
    public var columns: UInt16
    public var input: Bool
    public var output: Bool
    public var error: Bool
    /// The terminal's type, for TERM; nil leaves the environment's.
    public var term: String?
    /// How the command's terminal is to begin; nil for the system's usual modes.
    public var modes: RunTerminalModes?

    public init(
        rows: UInt16, columns: UInt16, input: Bool, output: Bool, error: Bool, term: String? = nil, modes: RunTerminalModes? = nil
    ) {
        self.rows = rows
        self.columns = columns
        self.input = input
        self.output = output
        self.error = error
        self.term = term
        self.modes = modes
    }
}

/// How a terminal treats what is typed and printed: what `stty` sets, as Linux numbers it.
public struct RunTerminalModes: Codable, Sendable, Equatable {
    public var input: UInt32
    public var output: UInt32
    public var local: UInt32
    /// The special characters, such as the one that erases.
    public var characters: [UInt8]

    public init(input: UInt32, output: UInt32, local: UInt32, characters: [UInt8]) {
        self.input = input
        self.output = output
        self.local = local
        self.characters = characters
    }
}

/// What redaction did in one run.
public struct RunReport: Codable, Sendable, Equatable {
    /// How often one needle was replaced in one view.
    public struct Redaction: Codable, Sendable, Equatable {
        public var name: String
        /// `raw`, `base64`, `hex`, …
        public var view: String
        public var count: Int

        public init(name: String, view: String, count: Int) {
            self.name = name
            self.view = view
            self.count = count
        }
    }

    /// False when the run was asked for with its output as it is.
    public var masked: Bool
    public var redactions: [Redaction]
    public var scannedBytes: Int
    /// What could not be scanned, one sentence each.
    public var unscanned: [String]
    /// What of the output was kept from an agent; nil when all was passed on.
    public var output: RunOutput?
    /// What confined the command; nil when no sandbox was asked for.
    public var sandbox: RunSandbox?
    /// What became of the files that the command changed; nil when it changed none but in its own place.
    public var files: RunChanges?
    /// True where the run's broker ended before the command: what that asked for since went nowhere. The keeper adds it.
    public var brokerEnded: Bool?

    public init(
        masked: Bool, redactions: [Redaction] = [], scannedBytes: Int = 0, unscanned: [String] = [], output: RunOutput? = nil,
        sandbox: RunSandbox? = nil, files: RunChanges? = nil
    ) {
        self.masked = masked
        self.redactions = redactions
        self.scannedBytes = scannedBytes
        self.unscanned = unscanned
        self.output = output
        self.sandbox = sandbox
        self.files = files
    }
}
