/// What went wrong, as RFC 9457 problem details (`application/problem+json`).
public struct Problem: Error, Codable, Sendable, Equatable {
    /// `tacit:problem:` and the code.
    public var type: String
    /// One sentence in lower case.
    public var title: String
    /// The HTTP status.
    public var status: Int
    /// A stable name, `area.reason`.
    public var code: String
    /// The next step, where there is one.
    public var hint: String?
    /// The policy rule that decided; only for names that the asker may list.
    public var rule: String?
    /// Seconds after which a repetition may succeed.
    public var retryAfter: Int?
    /// The id of a request that waits for a person.
    public var request: String?

    public init(_ code: String, _ title: String, status: Int, hint: String? = nil, rule: String? = nil, retryAfter: Int? = nil) {
        self.type = "tacit:problem:\(code)"
        self.title = title
        self.status = status
        self.code = code
        self.hint = hint
        self.rule = rule
        self.retryAfter = retryAfter
    }
}

/// The header fields that are Tacit's own.
public enum WireHeader {
    /// Proof that a person was asked on this connection (`StepUp.token`).
    public static let stepUp = "Tacit-Step-Up"
    /// An agent's badge.
    public static let badge = "Tacit-Agent-Badge"
    /// What kind of program asks: `cli`, `mcp`, `sdk`.
    public static let source = "Tacit-Source"
    /// The model or host name that an agent reports of itself; never proof of anything.
    public static let reportedModel = "Tacit-Reported-Model"
    /// Facts about a value that is sent as octets.
    public static let fieldKind = "Tacit-Field-Kind"
    public static let version = "Tacit-Version"
    /// What a person is told about a run that begins: percent-encoded, one sentence a line.
    public static let notices = "Tacit-Notices"
    /// Behind the last byte of a backup: a `BackupOutcome`, percent-encoded.
    public static let outcome = "Tacit-Outcome"
    /// The index of the audit entry of a run's intent.
    public static let auditEntry = "Tacit-Audit-Entry"
}
