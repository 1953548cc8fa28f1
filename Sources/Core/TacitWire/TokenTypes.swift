/// Asks for a fake token that is good in every run of an agent.
public struct TokenIssue: Codable, Sendable, Equatable {
    public var agent: String
    /// `PROJECT/ENVIRONMENT`, where a bare name is looked up.
    public var scope: String
    /// `NAME`, `NAME#FIELD` or a whole reference.
    public var secret: String
    /// How long it is good; thirty days when missing.
    public var ttlSeconds: Int?
    /// Whether it says what it is, as `tacit_openai_…`; like the service's own when missing.
    public var neutral: Bool?

    public init(agent: String, scope: String, secret: String, ttlSeconds: Int? = nil, neutral: Bool? = nil) {
        self.agent = agent
        self.scope = scope
        self.secret = secret
        self.ttlSeconds = ttlSeconds
        self.neutral = neutral
    }
}

/// A fake token, without the token.
public struct TokenSummary: Codable, Sendable, Equatable {
    public enum State: String, Codable, Sendable { case live, expired, revoked }
    public var id: String
    public var agent: String
    /// `PROJECT/ENVIRONMENT/NAME`, and `#FIELD` where it stands for one that was named.
    public var secret: String
    /// `********` and its last four characters.
    public var masked: String
    /// The kind of credential that it looks like, such as `github-ghp`.
    public var shape: String
    /// Whether it ends with the run that it was made for.
    public var ofRun: Bool
    public var issuedAt: String
    public var expiresAt: String
    public var revokedAt: String?
    public var state: State
    /// What was asked with it since the keeper was started; nil where nothing was.
    public var usage: TokenUsage?

    public init(
        id: String, agent: String, secret: String, masked: String, shape: String, ofRun: Bool = false, issuedAt: String, expiresAt: String,
        revokedAt: String? = nil, state: State = .live
    ) {
        self.id = id
        self.agent = agent
        self.secret = secret
        self.masked = masked
        self.shape = shape
        self.ofRun = ofRun
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
        self.revokedAt = revokedAt
        self.state = state
    }
}

/// What was asked with a fake token.
public struct TokenUsage: Codable, Sendable, Equatable {
    /// That were allowed.
    public var requests: Int
    public var refused: Int
    /// Of the bodies of requests and replies.
    public var bytesSent: Int64
    public var bytesReceived: Int64
    public var lastUsedAt: String

    public init(requests: Int, refused: Int, bytesSent: Int64, bytesReceived: Int64, lastUsedAt: String) {
        self.requests = requests
        self.refused = refused
        self.bytesSent = bytesSent
        self.bytesReceived = bytesReceived
        self.lastUsedAt = lastUsedAt
    }
}

/// The answer to issuing a token: the only time it is shown.
public struct TokenIssued: Codable, Sendable, Equatable {
    public var token: String
    public var summary: TokenSummary

    public init(token: String, summary: TokenSummary) {
        self.token = token
        self.summary = summary
    }
}

/// Ends tokens: these, an agent's, or all. One of the three.
public struct TokenRevoke: Codable, Sendable, Equatable {
    public var ids: [String]?
    public var agent: String?
    public var all: Bool?

    public init(ids: [String]? = nil, agent: String? = nil, all: Bool? = nil) {
        self.ids = ids
        self.agent = agent
        self.all = all
    }
}

/// How many tokens ended.
public struct TokensRevoked: Codable, Sendable, Equatable {
    public var tokens: Int

    public init(tokens: Int) { self.tokens = tokens }
}

/// What a freeze of every agent came to.
public struct AgentsFrozen: Codable, Sendable, Equatable {
    /// Since when; nil where the vault is locked, and the next unlock freezes them.
    public var since: String?
    public var tokens: Int
    public var sessions: Int
    public var files: Int
    public var brokers: Int
    public var runs: Int

    public init(since: String? = nil, tokens: Int = 0, sessions: Int = 0, files: Int = 0, brokers: Int = 0, runs: Int = 0) {
        self.since = since
        self.tokens = tokens
        self.sessions = sessions
        self.files = files
        self.brokers = brokers
        self.runs = runs
    }
}
