/// The policy in force.
public struct PolicyState: Codable, Sendable, Equatable {
    /// 0 when none was ever applied.
    public var version: Int64
    /// The JSON document that decides; nil when none was ever applied.
    public var document: String?
    /// The YAML text it was made from, kept only to be shown.
    public var text: String?
    public var appliedAt: String?

    public init(version: Int64, document: String? = nil, text: String? = nil, appliedAt: String? = nil) {
        self.version = version
        self.document = document
        self.text = text
        self.appliedAt = appliedAt
    }
}

/// Puts a policy in force. `If-Match` takes the version it replaces.
public struct PolicyApply: Codable, Sendable, Equatable {
    public var document: String
    public var text: String?

    public init(document: String, text: String? = nil) {
        self.document = document
        self.text = text
    }
}

/// Asks what the policy would decide, and why.
public struct PolicyQuestion: Codable, Sendable, Equatable {
    /// An agent's name, or `unidentified`.
    public var agent: String
    /// `PROJECT/ENVIRONMENT`.
    public var scope: String
    public var name: String?
    public var capability: String
    /// The tags that the secret is taken to have; those that it has when missing.
    public var tags: [String]?
    /// The model that the agent would report.
    public var model: String?
    /// What is taken to be so: `session`, `acknowledgement`, `approval`.
    public var given: [String]?
    /// The command that would have the secret. Its program is opened, and not executed.
    public var argv: [String]?
    /// The request that would leave through the broker: a method, one space and an `https` URL in its canonical form. Without a name it has no token.
    public var request: String?
    /// Where in the request the token would stand, such as `bearer` or `header: X-Api-Key`.
    public var place: String?
    /// What the request would ask of a GraphQL service, such as `query viewer`.
    public var operations: [String]?

    public init(
        agent: String, scope: String, name: String? = nil, capability: String, tags: [String]? = nil, model: String? = nil, given: [String]? = nil,
        argv: [String]? = nil, request: String? = nil, place: String? = nil, operations: [String]? = nil
    ) {
        self.agent = agent
        self.scope = scope
        self.name = name
        self.capability = capability
        self.tags = tags
        self.model = model
        self.given = given
        self.argv = argv
        self.request = request
        self.place = place
        self.operations = operations
    }
}

/// What the policy decides and how it got there.
public struct PolicyAnswer: Codable, Sendable, Equatable {
    public var allowed: Bool
    public var code: String
    public var rule: String?
    /// Why, in one sentence; for a denial.
    public var reason: String?
    /// What the agent is told that it can do next; for a denial.
    public var nextStep: String?
    /// What must happen for the permission to hold; for a permission.
    public var obligations: [String]?
    /// One line for each policy and rule that was looked at.
    public var steps: [String]

    public init(
        allowed: Bool, code: String, rule: String? = nil, reason: String? = nil, nextStep: String? = nil, obligations: [String]? = nil,
        steps: [String]
    ) {
        self.allowed = allowed
        self.code = code
        self.rule = rule
        self.reason = reason
        self.nextStep = nextStep
        self.obligations = obligations
        self.steps = steps
    }
}

/// A registered agent.
public struct AgentSummary: Codable, Sendable, Equatable {
    public var name: String
    public var createdAt: String
    public var revokedAt: String?
    /// The policies whose `agent_id` matches it, in order.
    public var policies: [String]
    /// For how many secrets nothing leaves its runs, until a person resets it; nil for none.
    public var withheldSecrets: Int?
    /// Whether it is refused everything, until a person thaws it; nil where it is not.
    public var frozen: Bool?

    public init(
        name: String, createdAt: String, revokedAt: String? = nil, policies: [String] = [], withheldSecrets: Int? = nil, frozen: Bool? = nil
    ) {
        self.name = name
        self.createdAt = createdAt
        self.revokedAt = revokedAt
        self.policies = policies
        self.withheldSecrets = withheldSecrets
        self.frozen = frozen
    }
}

/// What letting an agent's output pass again came to.
public struct OutputReset: Codable, Sendable, Equatable {
    /// For how many secrets it was withheld.
    public var secrets: Int

    public init(secrets: Int) { self.secrets = secrets }
}

/// The answer to registering an agent: the only time its badge is shown.
public struct AgentAdded: Codable, Sendable, Equatable {
    public var name: String
    public var badge: String

    public init(name: String, badge: String) {
        self.name = name
        self.badge = badge
    }
}

/// One audit entry as the viewer shows it.
public struct AuditItem: Codable, Sendable, Equatable {
    public var index: Int64
    public var time: String
    public var actor: String
    public var source: String
    public var action: String
    public var mode: String
    /// `PROJECT/ENVIRONMENT/NAME` and version, as far as the entry has them.
    public var subjects: [String]
    public var decision: String
    public var rule: String?
    /// `intent`, or `outcome of N: …`.
    public var phase: String?
    public var repeated: Int?
    /// Machine user, host, process, platform and small facts.
    public var details: [String: String]

    public init(
        index: Int64, time: String, actor: String, source: String, action: String, mode: String, subjects: [String] = [], decision: String,
        rule: String? = nil, phase: String? = nil, repeated: Int? = nil, details: [String: String] = [:]
    ) {
        self.index = index
        self.time = time
        self.actor = actor
        self.source = source
        self.action = action
        self.mode = mode
        self.subjects = subjects
        self.decision = decision
        self.rule = rule
        self.phase = phase
        self.repeated = repeated
        self.details = details
    }
}

/// The verdict of a verification.
public struct AuditVerification: Codable, Sendable, Equatable {
    public var intact: Bool
    public var entries: Int64
    public var checkpoints: Int
    /// One sentence: the counts, or the break with index, expected and actual.
    public var message: String
    /// Intents without an outcome, by index.
    public var missingOutcomes: [Int64]
    public var warnings: [String]
    /// The index of the first entry, where earlier ones were pruned.
    public var start: Int64?

    public init(
        intact: Bool, entries: Int64, checkpoints: Int, message: String, missingOutcomes: [Int64] = [], warnings: [String] = [], start: Int64? = nil
    ) {
        self.intact = intact
        self.entries = entries
        self.checkpoints = checkpoints
        self.message = message
        self.missingOutcomes = missingOutcomes
        self.warnings = warnings
        self.start = start
    }
}

/// Asks for a verification; a note is a checkpoint that the person kept elsewhere.
public struct VerificationRequest: Codable, Sendable, Equatable {
    public var trustedNotes: [String]

    public init(trustedNotes: [String] = []) { self.trustedNotes = trustedNotes }
}

/// A signed checkpoint (C2SP note) and the key that verifies it.
public struct CheckpointNote: Codable, Sendable, Equatable {
    public var note: String
    public var verifierKey: String

    public init(note: String, verifierKey: String) {
        self.note = note
        self.verifierKey = verifierKey
    }
}
