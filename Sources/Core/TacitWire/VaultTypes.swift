/// The state of the vault and of whoever asks. Needs no unlock.
public struct VaultStatus: Codable, Sendable, Equatable {
    public enum State: String, Codable, Sendable { case absent, locked, unlocked }
    public var state: State
    /// The keeper's own version and process id.
    public var keeperVersion: String
    public var keeperProcess: Int32
    /// Who the keeper takes the asker for.
    public var actor: Asker
    /// RFC 3339: when the idle lock falls if no person acts; nil while locked.
    public var locksAt: String?
    /// RFC 3339: until when agents have a lease.
    public var leaseUntil: String?
    /// RFC 3339: until when reveals in the asker's terminal are not asked again; nil when each is.
    public var revealGraceUntil: String?
    /// Runs that are going on.
    public var runs: [RunSummary]
    /// Agents' sessions that are awake: an agent's own, or, to a person, all.
    public var sessions: [SessionSummary]?
    /// Warnings that a person should act on (`rollback suspected`, `clock went back`, …), each one sentence.
    public var warnings: [String]
    /// To a person, how far a new organization key is that is being made.
    public var rotating: OrganizationProgress?
    /// What a password would be refused with, right or wrong, after too many wrong ones; nil when it would be tried.
    public var passwordRefusal: Problem?

    public init(
        state: State, keeperVersion: String, keeperProcess: Int32, actor: Asker, locksAt: String? = nil, leaseUntil: String? = nil,
        revealGraceUntil: String? = nil, runs: [RunSummary] = [], sessions: [SessionSummary]? = nil, warnings: [String] = [],
        rotating: OrganizationProgress? = nil, passwordRefusal: Problem? = nil
    ) {
        self.state = state
        self.keeperVersion = keeperVersion
        self.keeperProcess = keeperProcess
        self.actor = actor
        self.locksAt = locksAt
        self.leaseUntil = leaseUntil
        self.revealGraceUntil = revealGraceUntil
        self.runs = runs
        self.sessions = sessions
        self.warnings = warnings
        self.rotating = rotating
        self.passwordRefusal = passwordRefusal
    }
}

/// Who the keeper takes the asker for.
public struct Asker: Codable, Sendable, Equatable {
    public enum Kind: String, Codable, Sendable { case person, agent, unidentified }
    public var kind: Kind
    /// The agent's name.
    public var name: String?
    /// What the policy lets the agent do, in its current project and environment.
    public var capabilities: [String]?
    /// Why the asker is unidentified: about the asker alone, and told to nobody else.
    public var doubt: Doubt?
    /// Whether everything is refused to the agent until a person lets it act again; nil where it is not.
    public var frozen: Bool?
    /// Whether changes and runs ask the person for the password again; nil where they do not.
    public var readOnly: Bool?

    /// A reason, and the next step.
    public struct Doubt: Codable, Sendable, Equatable {
        /// A stable name, `asker.reason`.
        public var code: String
        /// One sentence in lower case.
        public var message: String
        public var hint: String

        public init(code: String, message: String, hint: String) {
            self.code = code
            self.message = message
            self.hint = hint
        }
    }

    public init(kind: Kind, name: String? = nil, capabilities: [String]? = nil, doubt: Doubt? = nil, frozen: Bool? = nil, readOnly: Bool? = nil) {
        self.kind = kind
        self.name = name
        self.capabilities = capabilities
        self.doubt = doubt
        self.frozen = frozen
        self.readOnly = readOnly
    }
}

/// A run that is going on.
public struct RunSummary: Codable, Sendable, Equatable {
    public var id: String
    public var actor: Asker
    /// The first word of the command.
    public var program: String
    public var startedAt: String

    public init(id: String, actor: Asker, program: String, startedAt: String) {
        self.id = id
        self.actor = actor
        self.program = program
        self.startedAt = startedAt
    }
}

/// The answer to making a vault.
public struct VaultCreated: Codable, Sendable, Equatable {
    public var organization: String
    /// The checkpoint key that others may keep (C2SP vkey).
    public var verifierKey: String

    public init(organization: String, verifierKey: String) {
        self.organization = organization
        self.verifierKey = verifierKey
    }
}

/// The answer to an unlock.
public struct Unlocked: Codable, Sendable, Equatable {
    public var locksAt: String?
    public var leaseUntil: String?
    /// What was found at unlock: absorbed pending entries, failed attempts, suspected rollback.
    public var notices: [String]
    /// The weak hash parameters of the slot were replaced.
    public var slotUpgraded: Bool

    public init(locksAt: String? = nil, leaseUntil: String? = nil, notices: [String] = [], slotUpgraded: Bool = false) {
        self.locksAt = locksAt
        self.leaseUntil = leaseUntil
        self.notices = notices
        self.slotUpgraded = slotUpgraded
    }
}

/// The answer to a password given with a command: valid for the connection it was given on.
public struct StepUp: Codable, Sendable, Equatable {
    public var token: String
    /// RFC 3339: until when reveals in this terminal are not asked again, when a grace was opened.
    public var revealGraceUntil: String?

    public init(token: String, revealGraceUntil: String? = nil) {
        self.token = token
        self.revealGraceUntil = revealGraceUntil
    }
}

/// One way to open the root key.
public struct SlotSummary: Codable, Sendable, Equatable {
    public enum Kind: String, Codable, Sendable { case password, recovery }
    public var id: String
    public var kind: Kind
    /// The PHC string without salt and hash (`argon2id m=65536,t=3,p=4`).
    public var parameters: String?
    public var createdAt: String

    public init(id: String, kind: Kind, parameters: String? = nil, createdAt: String) {
        self.id = id
        self.kind = kind
        self.parameters = parameters
        self.createdAt = createdAt
    }
}

/// What is protected here and what is not.
public struct DoctorReport: Codable, Sendable, Equatable {
    public enum Level: String, Codable, Sendable { case good, advice, bad }
    public struct Finding: Codable, Sendable, Equatable {
        public var level: Level
        /// A stable name: `memory.locked`, `swap.encrypted`, `core.disabled` …
        public var code: String
        public var title: String
        public var hint: String?

        public init(_ level: Level, _ code: String, _ title: String, hint: String? = nil) {
            self.level = level
            self.code = code
            self.title = title
            self.hint = hint
        }
    }
    public var findings: [Finding]

    public init(findings: [Finding]) { self.findings = findings }
}

/// How far a rotation got.
public struct RotationResult: Codable, Sendable, Equatable {
    /// The new generation of the key.
    public var generation: Int64
    /// How many keys were wrapped anew.
    public var rewrapped: Int

    public init(generation: Int64, rewrapped: Int) {
        self.generation = generation
        self.rewrapped = rewrapped
    }
}
