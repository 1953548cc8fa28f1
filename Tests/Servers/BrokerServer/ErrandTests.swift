import BrokerServer
import Brokering
import Model
import Policies
import Redaction
import Secrets
import TestKit
import Testing

/// A request that the keeper has made, to a real service over TLS, and its reply.
@Suite struct ErrandTests {
    private let random = SeededRandom(seed: 81)

    private func answered(
        _ path: String, method: String = "GET", body: [UInt8] = [], keeping bytes: Int = 16384
    ) async throws -> (reply: ErrandReply, service: LocalService, judge: TestJudge, grant: TestGrant) {
        let service = try await LocalService()
        let grant = TestGrant(random)
        let judge = TestJudge { _ in grant.leave(service) }
        let broker = try await BrokerHarness()
        defer { broker.handle.end() }
        let reply = try await broker.handle.perform(try grant.errand(path, to: service, method: method, body: body, keeping: bytes), judgedBy: judge)
        try await service.end()
        #expect(!reply.everything.contains(grant.canary.text))
        return (reply, service, judge, grant)
    }

    @Test func valueGoesOutAndNoneComesBack() async throws {
        let (reply, service, judge, grant) = try await answered("/echo", method: "POST", body: Array("{}".utf8))
        let received = try #require(service.received.first)
        #expect(received["authorization"] == "Bearer \(grant.canary.text)")
        #expect(received["accept-encoding"] == "identity" && received["host"] == "localhost:\(service.port)" && received.body == Array("{}".utf8))
        #expect(reply.status == 200 && reply.text == "Bearer [REDACTED:deploy/key]{}")
        #expect(reply.field("x-echo") == "Bearer [REDACTED:deploy/key]" && reply.field("set-cookie") == nil)
        let asked = try #require(judge.asked.first)
        #expect(asked.method == "POST" && asked.path == "/echo" && asked.uses.map(\.place) == [.bearer] && asked.uses.map(\.grant) == [grant.id])
        let outcome = try #require(judge.outcomes.first)
        #expect(judge.outcomes.count == 1 && outcome.result == "done" && outcome.status == 200 && outcome.bytesSent == 2)
        #expect(outcome.redactions.map(\.count).reduce(0, +) == 2)
    }

    @Test(arguments: ["/base64", "/gzip", "/brotli", "/split", "/redirect"])
    func repliesAreSearched(_ path: String) async throws {
        let (reply, _, judge, _) = try await answered(path)
        #expect(reply.everything.contains("[REDACTED:deploy/key"))
        #expect(judge.outcomes.map(\.result) == ["done"])
        // A redirect is the agent's matter: it asks again, and is judged again.
        #expect(path != "/redirect" || reply.status == 302)
    }

    @Test func whatTheKeeperWithholdsIsNotSeen() async throws {
        let service = try await LocalService()
        let grant = TestGrant(random)
        let judge = TestJudge { _ in grant.leave(service) }
        judge.withhold()
        let broker = try await BrokerHarness()
        defer { broker.handle.end() }
        await broker.handle.consult()
        let reply = try await broker.handle.perform(try grant.errand("/echo", to: service, method: "POST", body: Array("{}".utf8)), judgedBy: judge)
        try await service.end()
        #expect(reply.status == 200 && reply.fields.isEmpty && reply.body.isEmpty && reply.redactions.isEmpty && reply.withheld == .fuse)
    }

    @Test(arguments: ["/large", "/brotli-bomb"])
    func repliesAreCutBehindTheSearch(_ path: String) async throws {
        let (reply, _, _, _) = try await answered(path, keeping: 1000)
        #expect(reply.isTruncated && reply.body.count == 1000)
    }

    private func failure(
        _ path: String, timeout: Duration = .seconds(20), _ judgement: @escaping @Sendable (TestGrant, LocalService) -> RequestJudgement
    ) async throws -> (failure: BrokerFailure?, service: LocalService, judge: TestJudge) {
        let service = try await LocalService()
        let grant = TestGrant(random)
        let judge = TestJudge { _ in judgement(grant, service) }
        let broker = try await BrokerHarness()
        defer { broker.handle.end() }
        var errand = try grant.errand(path, to: service)
        errand.timeout = timeout
        let failure = await #expect(throws: BrokerFailure.self) { try await broker.handle.perform(errand, judgedBy: judge) }
        try await service.end()
        return (failure, service, judge)
    }

    @Test func refusedRequestsConnectToNobody() async throws {
        let (failure, service, judge) = try await failure("/") { _, _ in .refuse(nil) }
        #expect(failure == .refused && service.connectionCount == 0 && judge.asked.count == 1 && judge.outcomes.isEmpty)
    }

    @Test func ownNetworkIsReachedOnlyWhereThePolicySaysSo() async throws {
        let (failure, service, judge) = try await failure("/") { grant, service in grant.leave(service, ownNetwork: false) }
        #expect(failure == .address(AddressRefusal(kind: .loopback)) && service.connectionCount == 0)
        #expect(judge.outcomes.map(\.result) == ["broker.address-loopback"])
    }

    @Test func servicesProveWhoTheyAre() async throws {
        let other = try await LocalService()
        let (failure, service, judge) = try await failure("/") { grant, service in grant.leave(service, trusting: other.authorities) }
        #expect(failure == .untrusted && service.received.isEmpty && judge.outcomes.map(\.result) == ["broker.certificate-untrusted"])
        try await other.end()
    }

    @Test func certificatesAreOfTheHost() async throws {
        let service = try await LocalService(named: .name("other.test"))
        let grant = TestGrant(random)
        let broker = try await BrokerHarness()
        defer { broker.handle.end() }
        let judge = TestJudge { _ in grant.leave(service) }
        let failure = await #expect(throws: BrokerFailure.self) {
            try await broker.handle.perform(try grant.errand("/", to: service), judgedBy: judge)
        }
        #expect(failure == .untrusted && service.received.isEmpty)
        try await service.end()
    }

    @Test(
        arguments: [
            ("/partial", BrokerFailure.reply(.partial)), ("/brotli-cut", .reply(.coding)), ("/brotli-behind", .reply(.coding)), ("/cut", .cut),
        ])
    func repliesThatCannotBeSearchedAreNone(_ path: String, _ expected: BrokerFailure) async throws {
        let (failure, _, judge) = try await failure(path) { grant, service in grant.leave(service) }
        #expect(failure == expected && judge.outcomes.map(\.result) == [expected.code])
    }

    @Test func silentServicesAreNotWaitedForLonger() async throws {
        let (failure, _, judge) = try await failure("/silent", timeout: .milliseconds(1500)) { grant, service in grant.leave(service) }
        #expect(failure == .timeout && judge.outcomes.map(\.result) == ["broker.timeout"])
    }

    @Test func ambiguousRequestsAreNotAskedAbout() async throws {
        let (failure, service, judge) = try await failure("/a/../b") { grant, service in grant.leave(service) }
        #expect(failure == .stopped(.ambiguous(.pathDotSegment)) && judge.asked.isEmpty && service.connectionCount == 0)
    }

    @Test func brokersEndWithTheirKeeper() async throws {
        let service = try await LocalService()
        let grant = TestGrant(random)
        let broker = try await BrokerHarness()
        let judge = TestJudge { _ in
            broker.handle.end()
            return grant.leave(service)
        }
        let failure = await #expect(throws: BrokerFailure.self) {
            try await broker.handle.perform(try grant.errand("/", to: service), judgedBy: judge)
        }
        #expect(failure == .unavailable && !broker.handle.isRunning)
        try? await broker.ended.value
        #expect(service.connectionCount == 0)
        try await service.end()
    }
}

extension ErrandReply {
    fileprivate var text: String { String(decoding: body, as: UTF8.self) }
    fileprivate var everything: String { fields.map { "\($0.name): \($0.value)" }.joined(separator: "\n") + "\n\n" + text }

    fileprivate func field(_ name: String) -> String? { fields.first { $0.name.lowercased() == name }?.value }
}
