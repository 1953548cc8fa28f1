import BrokerServer
import Brokering
import CProcess
import CompressedMembers
import Model
import Secrets
import Synchronization
import TestKit

/// A broker in this process, on the other end of a real control socket.
struct BrokerHarness {
    let handle: BrokerHandle
    let ended: Task<Void, any Error>

    init() async throws {
        var ends: [Int32] = [-1, -1]
        guard unsafe tacit_socket_pair(0, &ends) == 0 else { throw BrokerFailure.unavailable }
        let other = ends[1]
        ended = Task { try await Broker.serve(other, LibraryMembers()) }
        handle = try await BrokerHandle(descriptor: ends[0])
    }
}

/// Says what a test wants, and remembers what it was asked and told.
final class TestJudge: RequestJudge {
    private let judgement: @Sendable (AskedRequest) async -> RequestJudgement
    private let sealing: @Sendable (NewCredentials) async -> [SealedCredential]?
    private let state = Mutex(
        (asked: [AskedRequest](), outcomes: [RequestOutcome](), misused: [GrantID](), egresses: [AskedRequest](), sealed: [NewCredentials]()))

    init(
        sealing: @escaping @Sendable (NewCredentials) async -> [SealedCredential]? = { _ in nil },
        _ judgement: @escaping @Sendable (AskedRequest) async -> RequestJudgement
    ) {
        (self.sealing, self.judgement) = (sealing, judgement)
    }

    private let answered = Mutex((names: [String](), areWithheld: false, times: 0))

    /// What was counted of answers before they were given.
    var answers: [String] { answered.withLock(\.names) }

    /// How often it was asked whether something may be seen.
    var askedToLeave: Int { answered.withLock(\.times) }

    /// From now on nothing of a reply may be seen.
    func withhold() { answered.withLock { $0.areWithheld = true } }

    func mayLeave(answering names: [String], of entry: Int64) async -> Bool {
        answered.withLock { answered in
            answered.names += names
            answered.times += 1
            return !answered.areWithheld
        }
    }

    /// What it was given to seal.
    var sealed: [NewCredentials] { state.withLock { $0.sealed } }

    func seal(_ credentials: NewCredentials, of entry: Int64) async -> [SealedCredential]? {
        state.withLock { $0.sealed.append(credentials) }
        return await sealing(credentials)
    }

    var asked: [AskedRequest] { state.withLock { $0.asked } }
    var outcomes: [RequestOutcome] { state.withLock { $0.outcomes } }

    var misused: [GrantID] { state.withLock { $0.misused } }

    func noteMisuse(of grant: GrantID, code: String) async {
        state.withLock { $0.misused.append(grant) }
        told.continuation.yield()
    }

    func noteEgress(_ request: AskedRequest) async {
        state.withLock { $0.egresses.append(request) }
        told.continuation.yield()
    }

    /// Requests with a value in them, once there were so many.
    func egresses(_ count: Int) async -> [AskedRequest] {
        func all() -> [AskedRequest] { state.withLock { $0.egresses } }
        if all().count < count { for await _ in told.stream where all().count >= count { break } }
        return all()
    }

    /// What was misused, once so often: a program may have its answer before that is told.
    func misused(_ count: Int) async -> [GrantID] {
        if misused.count < count { for await _ in told.stream where misused.count >= count { break } }
        return misused
    }

    func judge(_ request: AskedRequest) async -> RequestJudgement {
        state.withLock { $0.asked.append(request) }
        return await judgement(request)
    }

    func conclude(_ outcome: RequestOutcome, of entry: Int64) async {
        state.withLock { $0.outcomes.append(outcome) }
        told.continuation.yield()
    }

    private let told = AsyncStream<Void>.makeStream()

    /// How requests ended, once so many did: a program may have its reply before that is told.
    func outcomes(_ count: Int) async -> [RequestOutcome] {
        if outcomes.count < count { for await _ in told.stream where outcomes.count >= count { break } }
        return outcomes
    }
}

/// One grant, its token and the value behind it.
struct TestGrant {
    let id: GrantID
    let token = FakeToken(text: "ghp_abcdefghijklmnopqrstuvwxyzABCDEF1234")
    let canary: Canary

    init(_ random: SeededRandom) {
        id = random.id()
        canary = Canary(random)
    }

    func errand(_ path: String, to service: LocalService, method: String = "GET", body: [UInt8] = [], keeping bytes: Int = 16384) throws -> Errand {
        try errand(path, toPort: service.port, method: method, body: body, keeping: bytes)
    }

    func errand(_ path: String, toPort port: Int, method: String = "GET", body: [UInt8] = [], keeping bytes: Int = 16384) throws -> Errand {
        let authority = "localhost:\(port)"
        var fields: [ReceivedHead.Field] = [.init("Host", Array(authority.utf8)), .init("Authorization", Array("Bearer \(token.text)".utf8))]
        if !body.isEmpty { fields.append(.init("Content-Length", Array("\(body.count)".utf8))) }
        return Errand(
            origin: try Origin(url: "https://\(authority)"),
            head: ReceivedHead(version: .http1_1, method: method, target: Array(path.utf8), fields: fields),
            body: body, tokens: [id: token], timeout: .seconds(20), mostBytes: bytes)
    }

    func leave(_ service: LocalService, ownNetwork: Bool = true, trusting authorities: String? = nil) -> RequestJudgement {
        leave(trusting: authorities ?? service.authorities, ownNetwork: ownNetwork)
    }

    func leave(trusting authorities: String, ownNetwork: Bool = true) -> RequestJudgement {
        .allow(
            RequestLeave(
                entry: 7, releases: [ValueRelease(grant: id, name: "deploy/key", value: canary.secret)], reachesOwnNetwork: ownNetwork,
                authorities: authorities))
    }
}
