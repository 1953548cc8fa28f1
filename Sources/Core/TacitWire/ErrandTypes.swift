/// A header field of a request or reply that goes through the broker.
public struct HeaderField: Codable, Sendable, Equatable {
    public var name: String
    public var value: String

    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// How a body stands in JSON.
public enum BodyEncoding: String, Codable, Sendable { case text, base64 }

/// Asks for one request with a secret, which the broker makes. How the credential is attached is no part of it.
public struct ErrandRequest: Codable, Sendable, Equatable {
    /// `PROJECT/ENVIRONMENT`, where a bare name is looked up.
    public var scope: String
    /// `NAME`, `NAME#FIELD` or a whole reference.
    public var secret: String
    /// `GET` when missing.
    public var method: String?
    public var url: String
    public var headers: [HeaderField]?
    public var body: String?
    /// `text` when missing.
    public var bodyEncoding: BodyEncoding?
    public var purpose: String
    public var timeoutSeconds: Int?
    public var maxOutputBytes: Int?

    public init(
        scope: String, secret: String, method: String? = nil, url: String, headers: [HeaderField]? = nil, body: String? = nil,
        bodyEncoding: BodyEncoding? = nil, purpose: String, timeoutSeconds: Int? = nil, maxOutputBytes: Int? = nil
    ) {
        self.scope = scope
        self.secret = secret
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.bodyEncoding = bodyEncoding
        self.purpose = purpose
        self.timeoutSeconds = timeoutSeconds
        self.maxOutputBytes = maxOutputBytes
    }
}

/// What the service answered, without values.
public struct ErrandAnswer: Codable, Sendable, Equatable {
    /// Placeholders of one value, in one spelling.
    public struct Redaction: Codable, Sendable, Equatable {
        public var name: String
        public var form: String
        public var count: Int

        public init(name: String, form: String, count: Int) {
            self.name = name
            self.form = form
            self.count = count
        }
    }

    public var status: Int
    public var headers: [HeaderField]
    public var body: String
    public var bodyEncoding: BodyEncoding
    /// Whether more of the body came than is here.
    public var truncated: Bool
    public var redactions: [Redaction]
    /// Why the rest of the body was kept back: `compressed`, `guessable` or `fuse`; nil when it was not.
    public var withheld: String?
    /// From when the request was allowed.
    public var durationMs: Int64
    public var auditEntry: Int64

    public init(
        status: Int, headers: [HeaderField], body: String, bodyEncoding: BodyEncoding, truncated: Bool, redactions: [Redaction],
        withheld: String? = nil, durationMs: Int64, auditEntry: Int64
    ) {
        self.status = status
        self.headers = headers
        self.body = body
        self.bodyEncoding = bodyEncoding
        self.truncated = truncated
        self.redactions = redactions
        self.withheld = withheld
        self.durationMs = durationMs
        self.auditEntry = auditEntry
    }
}
