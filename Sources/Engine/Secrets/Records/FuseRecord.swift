import Model
import Redaction

/// How often the output of one agent's runs answered guesses at one secret, lately, and whether that was too often.
///
/// Three answers within a day blow the fuse: from then on nothing leaves that agent's runs with that secret until a person resets it.
struct FuseRecord: Sendable, Equatable {
    static let limit = AnswerBook.usualLimit
    static let window = Duration.seconds(24 * 60 * 60)

    /// Nil for those who show no badge; they share one.
    var agent: AgentID?
    /// When the last answers were given, at most as many as blow it.
    private(set) var times: [Timestamp]
    private(set) var blownAt: Timestamp?

    init(agent: AgentID?) { (self.agent, times) = (agent, []) }

    init(decoding bytes: [UInt8]) throws {
        var reader = CanonicalReader(bytes)
        guard try reader.byte() == 1 else { throw EngineError.unreadable }
        agent = try reader.optional { reader throws(CanonicalError) in try reader.id() }
        times = try reader.list { reader throws(CanonicalError) in try reader.timestamp() }
        blownAt = try reader.optional { reader throws(CanonicalError) in try reader.timestamp() }
        try reader.finish()
        guard times.count <= Self.limit else { throw EngineError.unreadable }
    }

    var encoded: [UInt8] {
        var writer = CanonicalWriter(capacity: 80)
        writer.write(byte: 1)
        writer.write(optional: agent)
        writer.write(list: times) { $0.write($1) }
        writer.write(optional: blownAt)
        return writer.bytes
    }

    /// How many answers there may still be; 0 once it is blown. A time that lies ahead counts: the clock was set back, or forward before.
    func left(at now: Timestamp) -> Int { blownAt == nil ? max(0, Self.limit - recent(at: now).count) : 0 }

    /// Counts answers that were given now.
    mutating func add(_ count: Int, at now: Timestamp) {
        times = Array((recent(at: now) + Array(repeating: now, count: min(count, Self.limit))).suffix(Self.limit))
        if times.count >= Self.limit, blownAt == nil { blownAt = now }
    }

    private func recent(at now: Timestamp) -> [Timestamp] { times.filter { $0.advanced(by: Self.window) > now } }

    /// By what the record is found within its secret.
    static func name(of agent: AgentID?) -> String { agent.map { "\($0)" } ?? "unidentified" }
}
