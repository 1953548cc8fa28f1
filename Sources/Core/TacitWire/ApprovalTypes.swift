/// What an agent asked a person for, and where it stands.
public struct ApprovalItem: Codable, Sendable, Equatable {
    public enum Standing: String, Codable, Sendable {
        case pending, approved, denied, expired, done
        case usedUp = "used_up"
    }

    public var id: String
    /// What a person types to say that this request is meant.
    public var code: String
    public var standing: Standing
    /// `run`, `inject`, `reveal`, `mask`, `request`, `send` or `proposal`.
    public var kind: String
    public var createdAt: String
    /// Until when it waits; of an approved one, until when it may be used.
    public var expiresAt: String
    /// Until when the same, asked again, is denied without asking a person; of a denied one.
    public var deniedUntil: String?
    /// How many uses are left; nil when it is not approved.
    public var uses: Int64?
    /// The rule that wants a person.
    public var rule: String
    /// Who asks: facts of the keeper's.
    public var agent: String
    public var process: Int64
    public var executable: String
    /// The secrets of a use, in order, or those that a proposal is about.
    public var secrets: [ApprovalSecret]
    public var program: String?
    public var programHash: String?
    public var arguments: [String]
    public var workingDirectory: String?
    /// How the program is confined; nil where none runs.
    public var sandbox: ApprovalSandbox?
    /// How long the program may run, in seconds.
    public var timeLimitSeconds: Int64?
    public var hasInput: Bool
    /// The session file that values are to be written into.
    public var file: ApprovalFile?
    /// The request that the broker is to make, or that a program is to send through it.
    public var request: ApprovalHTTPRequest?
    /// What the program reads and no approval binds.
    public var notBound: [String]
    /// The capability that a proposal asks for.
    public var capability: String?
    /// The program that a proposal names; the agent's own words, as the next two.
    public var proposedProgram: String?
    /// Where a proposal is about, as `PROJECT/ENVIRONMENT`.
    public var scope: String?
    /// The env file that a proposal would have imported; the agent's own words.
    public var proposedFile: String?
    /// What the agent says of itself and of its purpose; its own words.
    public var reportedModel: String?
    public var purpose: String

    public init(
        id: String, code: String, standing: Standing, kind: String, createdAt: String, expiresAt: String, uses: Int64? = nil, rule: String,
        agent: String, process: Int64, executable: String, secrets: [ApprovalSecret], program: String? = nil, programHash: String? = nil,
        arguments: [String] = [], workingDirectory: String? = nil, sandbox: ApprovalSandbox? = nil, timeLimitSeconds: Int64? = nil,
        hasInput: Bool = false,
        file: ApprovalFile? = nil, notBound: [String] = [], capability: String? = nil, proposedProgram: String? = nil,
        reportedModel: String? = nil, purpose: String
    ) {
        self.id = id
        self.code = code
        self.standing = standing
        self.kind = kind
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.uses = uses
        self.rule = rule
        self.agent = agent
        self.process = process
        self.executable = executable
        self.secrets = secrets
        self.program = program
        self.programHash = programHash
        self.arguments = arguments
        self.workingDirectory = workingDirectory
        self.sandbox = sandbox
        self.timeLimitSeconds = timeLimitSeconds
        self.hasInput = hasInput
        self.file = file
        self.notBound = notBound
        self.capability = capability
        self.proposedProgram = proposedProgram
        self.reportedModel = reportedModel
        self.purpose = purpose
    }
}

/// One secret of a request, and where its value goes.
public struct ApprovalSecret: Codable, Sendable, Equatable {
    public enum Way: String, Codable, Sendable {
        /// A variable of the program.
        case env
        /// A private file of the run; the variable holds its path.
        case file
        case stdin
        /// A line of a session file.
        case line
        /// A place in the request that the broker makes; the variable names it.
        case request
    }

    /// `PROJECT/ENVIRONMENT/NAME@VERSION`, with `#FIELD` where the secret has several; of a proposal, without the version.
    public var name: String
    /// Nil where the value, or its mask, goes to whoever asks.
    public var `as`: Way?
    /// The variable that is set, or the key of the line.
    public var variable: String?
    /// The agent's text before and after the value on standard input, as it is; nil for none.
    public var before: String?
    public var after: String?
    /// Of a proposal: the current version of what has this name; nil where nothing has.
    public var version: Int64?
    /// Of a proposal: whether that version was stored after the proposal was made.
    public var isNew: Bool?
    /// Of a proposal: whether the agent may know of the name.
    public var isListed: Bool?
    /// Of a proposal for a right: what in the policy keeps the agent out; nil where nothing does.
    public var barrier: String?

    public init(name: String, as way: Way? = nil, variable: String? = nil, before: String? = nil, after: String? = nil) {
        self.name = name
        self.as = way
        self.variable = variable
        self.before = before
        self.after = after
    }
}

/// What the broker is to send, without its credential.
public struct ApprovalHTTPRequest: Codable, Sendable, Equatable {
    public var method: String
    public var url: String
    /// The agent's own, in their order.
    public var headers: [HeaderField]
    /// SHA-256 of the body; nil where there is none.
    public var bodyHash: String?
    /// How long the body of a program's request is, in bytes; nil of one that the broker makes.
    public var bodyBytes: Int64?

    public init(method: String, url: String, headers: [HeaderField], bodyHash: String? = nil, bodyBytes: Int64? = nil) {
        self.method = method
        self.url = url
        self.headers = headers
        self.bodyHash = bodyHash
        self.bodyBytes = bodyBytes
    }
}

/// How the program of a request is confined.
public struct ApprovalSandbox: Codable, Sendable, Equatable {
    public enum Strictness: String, Codable, Sendable {
        /// It runs without a sandbox.
        case none
        /// It goes without one where the machine has none.
        case fallback
        case required
    }

    public var strictness: Strictness
    /// What it may read besides its working directory.
    public var reads: [String]
    /// Whether files leave that could not be searched for values.
    public var passesUnscanned: Bool

    public init(_ strictness: Strictness, reads: [String] = [], passesUnscanned: Bool = false) {
        self.strictness = strictness
        self.reads = reads
        self.passesUnscanned = passesUnscanned
    }
}

/// The session file of a request.
public struct ApprovalFile: Codable, Sendable, Equatable {
    /// `dotenv` or `json`.
    public var format: String
    /// How often it can be read, of a pipe; nil for a file.
    public var reads: Int64?
    /// After which time it is removed.
    public var seconds: Int64

    public init(format: String, reads: Int64?, seconds: Int64) {
        self.format = format
        self.reads = reads
        self.seconds = seconds
    }
}

/// What agents asked for.
public struct ApprovalList: Codable, Sendable, Equatable {
    /// Oldest first; nil where the asker has seen all of it.
    public var items: [ApprovalItem]?
    /// Passed as `since`, it makes the next answer wait until something was asked or decided.
    public var mark: Int64
    /// Fake tokens that were shown where they are not good, since the vault was unlocked.
    public var misuses: [TokenMisuse]?

    public init(items: [ApprovalItem]?, mark: Int64, misuses: [TokenMisuse]? = nil) {
        self.items = items
        self.mark = mark
        self.misuses = misuses
    }
}

/// A fake token that an agent showed where it is not good.
public struct TokenMisuse: Codable, Sendable, Equatable {
    public var agent: String
    /// What was wrong, as the log has it.
    public var code: String
    public var firstAt: String
    /// How often it happened.
    public var count: Int
    /// Whether the policy had the agent frozen.
    public var frozen: Bool

    public init(agent: String, code: String, firstAt: String, count: Int, frozen: Bool) {
        self.agent = agent
        self.code = code
        self.firstAt = firstAt
        self.count = count
        self.frozen = frozen
    }
}

/// A person's decision about one request.
public struct ApprovalDecision: Codable, Sendable, Equatable {
    public enum Verdict: String, Codable, Sendable { case approve, deny, done }
    public var verdict: Verdict
    /// The code that stands beside the request, typed by the person.
    public var code: String
    public var uses: Int64?
    /// How long an approval may be used, in seconds.
    public var seconds: Int64?
    /// The six digits of the person's authenticator, where they stand for the password.
    public var timedCode: String?

    public init(_ verdict: Verdict, code: String, uses: Int64? = nil, seconds: Int64? = nil, timedCode: String? = nil) {
        self.verdict = verdict
        self.code = code
        self.uses = uses
        self.seconds = seconds
        self.timedCode = timedCode
    }
}

/// What an agent would like to have: new secrets, or rights to some that are there.
public struct AccessProposal: Codable, Sendable, Equatable {
    /// `PROJECT/ENVIRONMENT`.
    public var scope: String
    public var names: [String]
    public var capability: String?
    /// The program that they would be used with, as an absolute path or a name.
    public var program: String?
    /// The env file that a person would import, as an absolute path.
    public var file: String?
    public var reason: String

    public init(scope: String, names: [String], capability: String? = nil, program: String? = nil, file: String? = nil, reason: String) {
        self.scope = scope
        self.names = names
        self.capability = capability
        self.program = program
        self.file = file
        self.reason = reason
    }
}

/// A request of the asker's own, as far as an agent may know of it.
public struct AccessRequestState: Codable, Sendable, Equatable {
    public var id: String
    public var standing: ApprovalItem.Standing
    public var expiresAt: String

    public init(id: String, standing: ApprovalItem.Standing, expiresAt: String) {
        self.id = id
        self.standing = standing
        self.expiresAt = expiresAt
    }
}

/// The authenticator whose codes can stand for the password when a request is decided.
public struct AuthenticatorState: Codable, Sendable, Equatable {
    public var enrolled: Bool
    /// Whether its first code was typed: before that it opens nothing.
    public var confirmed: Bool
    public var createdAt: String?
    /// Wrong codes until it closes; a decision with the password opens it again.
    public var triesLeft: Int64

    public init(enrolled: Bool, confirmed: Bool, createdAt: String? = nil, triesLeft: Int64) {
        self.enrolled = enrolled
        self.confirmed = confirmed
        self.createdAt = createdAt
        self.triesLeft = triesLeft
    }
}

/// The six digits of an authenticator.
public struct TimedCode: Codable, Sendable, Equatable {
    public var code: String
    public init(code: String) { self.code = code }
}
