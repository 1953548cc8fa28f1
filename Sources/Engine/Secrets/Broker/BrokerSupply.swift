package import Brokering
package import Model

/// Gives out brokers: processes that parse the network and hold no keys, no store, and of values only those that a judge released to them.
package protocol BrokerSupply: Sendable {
    /// Starts a fresh broker. It holds nothing.
    func start() async throws -> any RunningBroker
}

/// The broker of one session. Letting go of it ends it.
package protocol RunningBroker: AnyObject, Sendable {
    /// Whether it still runs. What one held that died is gone with it.
    var isRunning: Bool { get }
    /// Makes one request that has a token in it: asks `judge` before any of it leaves, and gives the reply with every released value taken out.
    ///
    /// Throws a `BrokerFailure` where there is no reply; `.refused` when the judge said so.
    func perform(_ errand: Errand, judgedBy judge: any RequestJudge) async throws -> ErrandReply
    /// Ends it, and with it the values that it holds. Idempotent.
    func end()
}

/// Says whether requests of one session may leave. It is asked by a process that hostile bytes may have taken over.
package protocol RequestJudge: Sendable {
    /// Decides, and writes the intent; what it releases is sent from then on.
    func judge(_ request: AskedRequest) async -> RequestJudgement
    /// Told once of each request that was allowed, however it ended.
    func conclude(_ outcome: RequestOutcome) async
}

/// What a judge says of a request.
package enum RequestJudgement: Sendable {
    case allow(RequestLeave)
    case refuse
}

/// A request that may leave, and with what.
package struct RequestLeave: Sendable {
    /// For each grant in the request its value.
    package var releases: [ValueRelease]
    /// Whether the policy names the host as one of the person's own network.
    package var reachesOwnNetwork: Bool
    /// The certificates, in PEM, that the service's is verified against; nil for those of the system.
    package var authorities: String?

    package init(releases: [ValueRelease], reachesOwnNetwork: Bool = false, authorities: String? = nil) {
        (self.releases, self.reachesOwnNetwork, self.authorities) = (releases, reachesOwnNetwork, authorities)
    }
}

/// A value on its way into requests, and what stands for it in replies.
package struct ValueRelease: Sendable {
    package var grant: GrantID
    /// What stands in a redacted reply.
    package var name: String
    package var value: SecretValue
    /// How many guesses at it replies may still answer; nil for the usual number.
    package var answersLeft: Int?

    package init(grant: GrantID, name: String, value: SecretValue, answersLeft: Int? = nil) {
        (self.grant, self.name, self.value, self.answersLeft) = (grant, name, value, answersLeft)
    }
}
