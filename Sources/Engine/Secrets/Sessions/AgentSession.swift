import Model

/// A time in which an agent may use what a rule keeps for sessions. It is known to this unlock alone: nothing of it is stored.
///
/// All moments are since boot: no clock that is set makes one longer.
struct AgentSession: Sendable {
    let id: String
    let holder: SessionHolder
    let agent: String
    /// Where its names are looked up.
    let place: Scope
    let covers: [SessionCover]
    let purpose: String
    /// Whether a person woke it.
    let isPersons: Bool
    let wokenAt: Timestamp
    let until: Timestamp
    /// How long it stays awake without being used.
    let patience: Duration
    var usedAt: Timestamp

    /// When it falls asleep unless it is used.
    var sleepsAt: Timestamp { min(until, usedAt.advanced(by: patience)) }

    func isAwake(_ now: Timestamp) -> Bool { now < sleepsAt }

    func covers(_ name: SecretName, in scope: Scope, tags: [String]) -> Bool { covers.contains { $0.covers(name, in: scope, tags: tags) } }

    /// How long a session may last, how long it does unless told, and how long it is left unused.
    static let lives = Duration.seconds(60)...Duration.seconds(8 * 3600)
    static let usualLife = Duration.seconds(15 * 60)
    static let usualPatience = Duration.seconds(5 * 60)
}
