/// Asks for a fake token for a program that takes a key and an address.
public struct AgentTokenRequest: Codable, Sendable, Equatable {
    /// `PROJECT/ENVIRONMENT`, where a bare name is looked up.
    public var scope: String
    /// `NAME`, `NAME#FIELD` or a whole reference.
    public var secret: String
    public var purpose: String
    /// 60 to 28,800; 3,600 when missing.
    public var ttlSeconds: Int?

    public init(scope: String, secret: String, purpose: String, ttlSeconds: Int? = nil) {
        (self.scope, self.secret, self.purpose, self.ttlSeconds) = (scope, secret, purpose, ttlSeconds)
    }
}

/// A fake token, and where it is good.
public struct AgentTokenAnswer: Codable, Sendable, Equatable {
    public var tokenId: String
    /// It holds no secret. It is told here, and never again.
    public var token: String
    public var provider: String
    /// The provider's address through the broker.
    public var baseUrl: String
    /// The variables in which the provider's programs look for both.
    public var env: [HeaderField]
    public var expiresAt: String
    public var auditEntry: Int64

    public init(tokenId: String, token: String, provider: String, baseUrl: String, env: [HeaderField], expiresAt: String, auditEntry: Int64) {
        (self.tokenId, self.token, self.provider, self.baseUrl) = (tokenId, token, provider, baseUrl)
        (self.env, self.expiresAt, self.auditEntry) = (env, expiresAt, auditEntry)
    }
}
