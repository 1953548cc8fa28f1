/// Wakes a session: for the agent that asks, or, by a person, for a registered one.
public struct SessionWake: Codable, Sendable, Equatable {
    /// `PROJECT/ENVIRONMENT`, where its names are looked up.
    public var scope: String
    /// `NAME`, `tacit://PROJECT/ENVIRONMENT/NAME`, `tag:NAME` or `env:NAME`.
    public var covers: [String]
    public var purpose: String
    public var ttlSeconds: Int?
    /// How long it stays awake without being used.
    public var idleSeconds: Int?
    /// The agent it is for, where a person wakes it.
    public var agent: String?

    public init(
        scope: String, covers: [String], purpose: String, ttlSeconds: Int? = nil, idleSeconds: Int? = nil, agent: String? = nil
    ) {
        self.scope = scope
        self.covers = covers
        self.purpose = purpose
        self.ttlSeconds = ttlSeconds
        self.idleSeconds = idleSeconds
        self.agent = agent
    }
}

/// A session that is awake.
public struct SessionSummary: Codable, Sendable, Equatable {
    public var id: String
    /// The agent's name, or `unidentified`.
    public var agent: String
    public var scope: String
    public var covers: [String]
    /// In the words of whoever woke it.
    public var purpose: String
    public var wokenBy: WokenBy
    public var wokenAt: String
    public var expiresAt: String
    /// When it falls asleep unless it is used.
    public var sleepsAt: String
    /// The audit entry of its waking, in the answer to that.
    public var auditEntry: Int64?

    public enum WokenBy: String, Codable, Sendable { case agent, person }

    public init(
        id: String, agent: String, scope: String, covers: [String], purpose: String, wokenBy: WokenBy, wokenAt: String, expiresAt: String,
        sleepsAt: String, auditEntry: Int64? = nil
    ) {
        self.id = id
        self.agent = agent
        self.scope = scope
        self.covers = covers
        self.purpose = purpose
        self.wokenBy = wokenBy
        self.wokenAt = wokenAt
        self.expiresAt = expiresAt
        self.sleepsAt = sleepsAt
        self.auditEntry = auditEntry
    }
}

/// Ends sessions and removes session files: an agent's own, or, by a person, any.
public struct SessionSleep: Codable, Sendable, Equatable {
    public enum What: String, Codable, Sendable { case all, session, files, tokens }
    /// Everything when missing.
    public var what: What?
    /// Only these sessions and files.
    public var ids: [String]?
    /// Only this agent's, where a person asks.
    public var agent: String?

    public init(what: What? = nil, ids: [String]? = nil, agent: String? = nil) {
        self.what = what
        self.ids = ids
        self.agent = agent
    }
}

/// What ended.
public struct SessionsEnded: Codable, Sendable, Equatable {
    public var sessions: Int
    public var files: Int
    /// Tokens of agents' own.
    public var tokens: Int

    public init(sessions: Int, files: Int, tokens: Int = 0) {
        (self.sessions, self.files, self.tokens) = (sessions, files, tokens)
    }
}

/// A tag rule, as an agent that it is about may know it.
public struct RuleSummary: Codable, Sendable, Equatable {
    public var rule: String
    public var kind: String
    /// `tag:PATTERN`.
    public var appliesTo: [String]
    public var met: Bool
    /// The tool to call, or what to tell the person.
    public var meetBy: String
    public var until: String?
    /// `enforced`, or `ceremony` where the agent itself can satisfy it.
    public var strength: String
    public var strengthReason: String

    public init(
        rule: String, kind: String, appliesTo: [String], met: Bool, meetBy: String, until: String? = nil, strength: String, strengthReason: String
    ) {
        self.rule = rule
        self.kind = kind
        self.appliesTo = appliesTo
        self.met = met
        self.meetBy = meetBy
        self.until = until
        self.strength = strength
        self.strengthReason = strengthReason
    }
}

/// The programs that a command rule lists or denies, as an agent that it is about may know them.
public struct ProgramRule: Codable, Sendable, Equatable {
    public enum Kind: String, Codable, Sendable {
        case programs
        case deniedPrograms = "denied_programs"
    }

    public var rule: String
    public var kind: Kind
    /// Paths, and patterns over them; of denied programs also names. Empty where any file of the pinned contents is listed.
    public var programs: [String]
    /// Patterns over the secrets that the rule is about, as far as the agent may list one that they match; empty where it is about every secret.
    public var keys: [String]
    /// Whether the content of the file decides, too.
    public var pinned: Bool
    /// Whether it may be a program that runs any code it is given.
    public var anyCode: Bool
    public var strength: String
    public var strengthReason: String

    public init(
        rule: String, kind: Kind, programs: [String], keys: [String], pinned: Bool, anyCode: Bool, strength: String, strengthReason: String
    ) {
        self.rule = rule
        self.kind = kind
        self.programs = programs
        self.keys = keys
        self.pinned = pinned
        self.anyCode = anyCode
        self.strength = strength
        self.strengthReason = strengthReason
    }
}

/// The rules about what an agent may list.
public struct RuleList: Codable, Sendable, Equatable {
    /// The tag rules, in the order in which they are asked.
    public var items: [RuleSummary]
    /// The programs that may have at least one of the secrets, and those that may not.
    public var programs: [ProgramRule]
    /// Whether a program that no rule lists gets a secret.
    public var unlistedPrograms: Bool

    public init(items: [RuleSummary], programs: [ProgramRule] = [], unlistedPrograms: Bool = true) {
        self.items = items
        self.programs = programs
        self.unlistedPrograms = unlistedPrograms
    }
}

/// An agent's acknowledgement of a rule about one secret.
public struct RuleAcknowledgement: Codable, Sendable, Equatable {
    public var scope: String
    public var name: String
    public var rule: String
    public var purpose: String

    public init(scope: String, name: String, rule: String, purpose: String) {
        self.scope = scope
        self.name = name
        self.rule = rule
        self.purpose = purpose
    }
}

/// The answer to an acknowledgement.
public struct RuleAcknowledged: Codable, Sendable, Equatable {
    public var rule: String
    public var name: String
    public var validUntil: String
    /// `ceremony`: an acknowledgement leaves a trace and keeps nobody out.
    public var strength: String
    public var auditEntry: Int64

    public init(rule: String, name: String, validUntil: String, strength: String, auditEntry: Int64) {
        self.rule = rule
        self.name = name
        self.validUntil = validUntil
        self.strength = strength
        self.auditEntry = auditEntry
    }
}

/// Asks for a session file.
public struct FileInjection: Codable, Sendable, Equatable {
    public enum Content: String, Codable, Sendable { case references, values }
    public enum Format: String, Codable, Sendable { case dotenv, json }

    /// `PROJECT/ENVIRONMENT`, where bare names are looked up.
    public var scope: String
    public var secrets: [RunSecret]
    public var purpose: String
    /// References when missing.
    public var content: Content?
    /// `dotenv` when missing.
    public var format: Format?
    public var ttlSeconds: Int?
    /// Offers it as a pipe that can be read this often.
    public var reads: Int?

    public init(
        scope: String, secrets: [RunSecret], purpose: String, content: Content? = nil, format: Format? = nil, ttlSeconds: Int? = nil,
        reads: Int? = nil
    ) {
        self.scope = scope
        self.secrets = secrets
        self.purpose = purpose
        self.content = content
        self.format = format
        self.ttlSeconds = ttlSeconds
        self.reads = reads
    }
}

/// A session file: where it is, and not what is in it.
public struct FileInjected: Codable, Sendable, Equatable {
    /// What stands in it: `tokens` where values were asked for and the policy lists requests with the secrets.
    public enum Content: String, Codable, Sendable { case references, values, tokens }

    public var id: String
    public var path: String
    public var content: Content
    public var variables: [String]
    public var expiresAt: String
    /// How often it can be read; nil for a file.
    public var reads: Int?
    /// False where it lies on a disk, since this machine has no place in memory for it; true of a pipe.
    public var inMemory: Bool
    public var auditEntry: Int64

    public init(
        id: String, path: String, content: Content, variables: [String], expiresAt: String, reads: Int? = nil, inMemory: Bool,
        auditEntry: Int64
    ) {
        self.id = id
        self.path = path
        self.content = content
        self.variables = variables
        self.expiresAt = expiresAt
        self.reads = reads
        self.inMemory = inMemory
        self.auditEntry = auditEntry
    }
}
