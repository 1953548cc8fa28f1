/// One request that came to the broker, and what became of it.
public struct TrafficEntry: Codable, Sendable, Equatable {
    /// Counts from 1 since the vault was unlocked.
    public var number: Int64
    public var time: String
    public var agent: String
    public var method: String
    /// The host, and the port where it is not 443.
    public var authority: String
    /// Without the query.
    public var path: String
    /// The secrets whose tokens were in it.
    public var secrets: [String]
    /// `allow` or `deny`.
    public var decision: String
    /// Why it was denied, or how it ended where it was allowed: `done`, or what went wrong.
    public var result: String
    public var rule: String?
    /// Of the reply.
    public var status: Int?
    public var bytesSent: Int64?
    public var bytesReceived: Int64?
    public var durationMs: Int64?
    /// How often a value was taken out of the reply.
    public var redactions: Int?

    public init(
        number: Int64, time: String, agent: String, method: String, authority: String, path: String, secrets: [String], decision: String,
        result: String
    ) {
        (self.number, self.time, self.agent, self.method) = (number, time, agent, method)
        (self.authority, self.path, self.secrets, self.decision, self.result) = (authority, path, secrets, decision, result)
    }
}
