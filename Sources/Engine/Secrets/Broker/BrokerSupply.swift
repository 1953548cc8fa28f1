package import Brokering
package import Model

/// Gives out brokers: processes that parse the network and hold no keys, no store, and of values only those that a judge released to them.
package protocol BrokerSupply: Sendable {
    /// Starts a fresh broker. It holds nothing. Its doors are at `place`; nil for one of its own on this machine's loopback.
    func start(at place: (any DoorPlace)?) async throws -> any RunningBroker
    /// A place for the broker of a run without a sandbox, beside the one that it makes itself; nil where there is none.
    func place() -> (any DoorPlace)?
}

extension BrokerSupply { package func place() -> (any DoorPlace)? { nil } }

/// Where a broker listens for one run. Whoever made the place knows what it is; letting go of it takes its name away.
package protocol DoorPlace: AnyObject, Sendable {
    /// The path, as the run's programs see it, of the socket beside the loopback; nil for none.
    var socketPath: String? { get }
}

/// The broker of one session. Letting go of it ends it.
package protocol RunningBroker: AnyObject, Sendable {
    /// Whether it still runs. What one held that died is gone with it.
    var isRunning: Bool { get }
    /// Makes one request that has a token in it: asks `judge` before any of it leaves, and gives the reply with every released value taken out.
    ///
    /// Throws a `BrokerFailure` where there is no reply; `.refused` when the judge said so.
    func perform(_ errand: Errand, judgedBy judge: any RequestJudge) async throws -> ErrandReply
    /// Opens a forward proxy for the programs of one session, as long as the broker runs; `judge` is asked of each request that comes in by it.
    func open(_ setup: DoorSetup, judgedBy judge: any RequestJudge) async throws -> OpenDoor
    /// Ends the requests that go on with a token which is over: a reply that streams, a WebSocket.
    func endRequests(with grant: GrantID)
    /// Has it ask the judge before anything of a reply is seen, and not only where a guess is answered. When this returns, nothing more is seen unasked.
    func consult() async
    /// Ends it, and with it the values that it holds. Idempotent.
    func end()
}

extension RunningBroker {
    package func open(_ setup: DoorSetup, judgedBy judge: any RequestJudge) async throws -> OpenDoor { throw BrokerFailure.unavailable }
    /// One that cannot end a part of what it does ends all of it.
    package func endRequests(with grant: GrantID) { end() }
    package func consult() async { end() }
}

/// Says whether requests of one session may leave. It is asked by a process that hostile bytes may have taken over.
package protocol RequestJudge: Sendable {
    /// Decides, and writes the intent; what it releases is sent from then on.
    func judge(_ request: AskedRequest) async -> RequestJudgement
    /// As `judge`, for a program that may go away meanwhile.
    func judge(_ request: AskedRequest, for program: AskingProgram) async -> RequestJudgement
    /// Told once of each request that was allowed, by the entry of its intent, however it ended; of an errand before `perform` returns.
    func conclude(_ outcome: RequestOutcome, of entry: Int64) async
    /// Counts what the reply to a request that was allowed is about to answer, by the names of values, and says whether what waits of it may be seen.
    func mayLeave(answering names: [String], of entry: Int64) async -> Bool
    /// Takes the new credentials in the reply to a request that was allowed, by the entry of its intent, and says what stands for each of them, once all are
    /// stored; nil where they cannot be, and the reply goes no further.
    func seal(_ credentials: NewCredentials, of entry: Int64) async -> [SealedCredential]?
    /// Told of a token that stood where no token may stand. The request went nowhere.
    func noteMisuse(of grant: GrantID, code: String) async
    /// Told of a request with a real value in it, without its path. It went nowhere.
    func noteEgress(_ request: AskedRequest) async
    /// Told once that the door is closed whose requests it judges.
    func end() async
}

extension RequestJudge {
    package func judge(_ request: AskedRequest, for program: AskingProgram) async -> RequestJudgement { await judge(request) }
    package func end() async {}
    /// Where nobody counts, nothing may be seen.
    package func mayLeave(answering names: [String], of entry: Int64) async -> Bool { false }
    package func noteMisuse(of grant: GrantID, code: String) async {}
    package func noteEgress(_ request: AskedRequest) async {}
    package func seal(_ credentials: NewCredentials, of entry: Int64) async -> [SealedCredential]? { nil }
}

/// What a service gave in a reply that is sealed.
package struct NewCredentials: Sendable {
    /// In the order of the rule's pointers.
    package var values: [SecretValue?]
    /// Nil where the rule does not say that the reply tells.
    package var expiry: CredentialExpiry?

    package init(values: [SecretValue?], expiry: CredentialExpiry?) { (self.values, self.expiry) = (values, expiry) }
}

/// What stands for a credential that is in the vault now.
package struct SealedCredential: Sendable, Equatable {
    /// What the agent gets in its place: a fake token, or where it holds none, a reference.
    package var text: String
    /// What stands in a redacted reply for its other spellings.
    package var name: String
    /// The grant of the token; nil for a reference.
    package var grant: GrantID?

    package init(text: String, name: String, grant: GrantID?) { (self.text, self.name, self.grant) = (text, name, grant) }
}

/// What a judge says of a request.
package enum RequestJudgement: Sendable {
    case allow(RequestLeave)
    /// All of it has to be told first, since a person is to be asked, or it is judged by what it asks of GraphQL: it is asked about once more, with its
    /// content.
    case describe
    /// With what its sender is told; nil where somebody else tells it.
    case refuse(RequestDenial?)
}

/// Why a request may not leave, for the program that sent it.
package struct RequestDenial: Sendable, Equatable {
    package var code: String
    package var message: String
    package var rule: String?
    package var nextStep: String?
    /// In how many seconds it may be asked again; nil where time changes nothing.
    package var retryAfter: Int?

    package init(code: String, message: String, rule: String? = nil, nextStep: String? = nil, retryAfter: Int? = nil) {
        (self.code, self.message, self.rule, self.nextStep, self.retryAfter) = (code, message, rule, nextStep, retryAfter)
    }

    /// The answer to a tunnel in which each request is judged.
    package static let intercepted = RequestDenial(code: "tunnel.intercepted", message: "requests to this host are looked into")
}

/// A request that may leave, and with what.
package struct RequestLeave: Sendable {
    /// The index of the entry by which it was allowed.
    package var entry: Int64
    /// For each grant in the request its value.
    package var releases: [ValueRelease]
    /// Whether the policy names the host as one of the person's own network.
    package var reachesOwnNetwork: Bool
    /// The certificates, in PEM, that the service's is verified against; nil for those of the system.
    package var authorities: String?
    /// Whether the policy lets data of the reply pass that nobody can look into.
    package var passesUnscanned = false
    /// How many bytes its bodies may have, both ways together; nil for as many as they like.
    package var allowance: Int64?
    /// What of the reply is sealed before anything of it goes on; nil for nothing.
    package var seal: SealOrder?
    /// Whether a value in it can be renewed: where the service answers that it is not good, the judge is asked once more.
    package var isRenewable = false

    package init(entry: Int64, releases: [ValueRelease], reachesOwnNetwork: Bool = false, authorities: String? = nil) {
        (self.entry, self.releases, self.reachesOwnNetwork, self.authorities) = (entry, releases, reachesOwnNetwork, authorities)
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
