import Brokering
import Model
import Policies
import Redaction
import Secrets
import TestKit
import Testing

@testable import BrokerServer

/// What keeper and broker tell each other comes through as it was, and what is hostile is refused before it is used.
@Suite struct ControlMessageTests {
    private let random = SeededRandom(seed: 83)

    private func outcome(counts: [Int]) -> ControlMessage {
        .outcome(
            AskID(number: 7),
            RequestOutcome(
                result: "done", status: 200, bytesSent: 1, bytesReceived: 2, duration: .seconds(3),
                redactions: counts.map { .init(name: "app/key", view: "raw", count: $0) }, answers: ["app/key": 2]))
    }

    private var allowed: ControlMessage {
        var leave = RequestLeave(entry: 9, releases: [])
        leave.allowance = 5
        return .allow(AskID(number: 5), leave)
    }

    private var sealingLeave: RequestLeave {
        var leave = RequestLeave(entry: 9, releases: [])
        leave.seal = SealOrder(pointers: ["/token", "/refresh"], expiry: "/expires_in")
        return leave
    }

    private func described(_ use: RequestWish.TokenUse) -> AskedRequest {
        var request = AskedRequest(scheme: "https", host: "api.test", port: 443, method: "POST", path: "/v1/a", uses: [use])
        (request.givesCredentials, request.isBare) = (true, true)
        request.content = RequestContent(
            target: "/v1/a?b=c", fields: [.init("x-api-key", "FAKE-TOKEN")], headHash: random.bytes(32), bodyHash: random.bytes(32), bodyByteCount: 9)
        request.content?.operations = Set(["query viewer", "mutation createIssue"].compactMap(GraphQLOperation.init(parsing:)))
        return request
    }

    private var samples: [ControlMessage] {
        let grant: GrantID = random.id()
        let use = RequestWish.TokenUse(grant: grant, place: .header("x-api-key"), occurrences: 2)
        var tunnels = DoorSetup(tokens: [:], credential: "c", life: .seconds(9))
        tunnels.tunnelHosts = ["*.cdn.test", "cdn.test"]
        let release = ValueRelease(grant: grant, name: "app/key", value: Canary(random).secret, answersLeft: 2)
        return [
            .ask(
                AskID(number: 1), WorkID(number: 2),
                AskedRequest(scheme: "https", host: "api.test", port: 443, method: "GET", path: "/v1/a", uses: [use], strangers: [[1, 2]])),
            .ask(AskID(number: 3), WorkID(number: 2), described(use)), .describe(AskID(number: 3)), .withdraw(AskID(number: 3)),
            .allow(AskID(number: 1), RequestLeave(entry: 9, releases: [release], reachesOwnNetwork: true, authorities: "PEM")),
            .allow(AskID(number: 1), sealingLeave), .unsealed(AskID(number: 1)),
            .sealed(AskID(number: 1), [.init(text: "ghp_1", name: "a", grant: grant), .init(text: "tacit://a/b/c", name: "c", grant: nil)]),
            .seal(AskID(number: 1), NewCredentials(values: [Canary(random).secret, Canary(random).secret], expiry: .after(.seconds(3600)))),
            .seal(AskID(number: 1), NewCredentials(values: [Canary(random).secret], expiry: .at(Timestamp(nanoseconds: 7)))),
            .refuse(AskID(number: 1), RequestDenial(code: "a.b", message: "no", rule: "r", nextStep: "ask")), .refuse(AskID(number: 2), nil),
            .leaving(AskID(number: 1), answers: ["app/key", "app/key"]), .leaving(AskID(number: 1), answers: []), .mayLeave(AskID(number: 1), true),
            .consult(WorkID(number: 5)), .consulting(WorkID(number: 5)),
            .cancel(WorkID(number: 2)), outcome(counts: [3]), .failure(WorkID(number: 4), .stopped(.stray(grant))),
            .failure(WorkID(number: 4), .timeout), .failure(WorkID(number: 4), .overAllowance),
            .refuse(AskID(number: 4), RequestDenial(code: "rate_limited", message: "no", retryAfter: 3)), allowed,
            .failure(WorkID(number: 4), .stopped(.signature(.stale))), .revoke(grant), .failure(WorkID(number: 4), .stopped(.frames(.mask))),
            .failure(WorkID(number: 4), .revoked),
            .failure(WorkID(number: 4), .stopped(.egress(Egress(name: "app/key", bytesSent: 3)))),
            .misuse(WorkID(number: 5), grant, code: "broker.token-misplaced"), .opened(WorkID(number: 6), OpenDoor(port: 80, authority: "PEM")),
            .open(
                WorkID(number: 6),
                DoorSetup(
                    tokens: [grant: FakeToken(text: "tacit_0123456789")],
                    signing: [
                        SigningGrants(shownKeyID: "AKIA", keyID: grant, secretKey: grant, sessionToken: grant),
                        SigningGrants(shownKeyID: "AKIA", keyID: nil, secretKey: grant),
                    ], credential: "c", bodyHosts: ["*.api.test"], life: .seconds(9))),
            .open(WorkID(number: 7), tunnels),
            .reply(WorkID(number: 8), ErrandReply(status: 200, fields: [("a", "b")], body: [1, 2], isTruncated: true, withheld: .guessable)),
        ]
    }

    @Test func messagesComeThrough() throws {
        for message in samples {
            let bytes = message.encoded
            #expect(try ControlMessage(decoding: bytes).encoded == bytes)
        }
    }

    @Test func cutAndLengthenedMessagesAreRefused() {
        for message in samples {
            let bytes = message.encoded
            for count in 0..<bytes.count { #expect(throws: CanonicalError.self) { try ControlMessage(decoding: Array(bytes[..<count])) } }
            #expect(throws: CanonicalError.self) { try ControlMessage(decoding: bytes + [0]) }
        }
    }

    /// Sums of what a broker counts are taken in a keeper that must not stop at them.
    @Test func countsAreNoTraps() throws {
        #expect(throws: CanonicalError.self) { try ControlMessage(decoding: outcome(counts: [.max, .max]).encoded) }
        #expect(throws: CanonicalError.self) { try ControlMessage(decoding: outcome(counts: [-1]).encoded) }
        #expect(throws: CanonicalError.self) { try ControlMessage(decoding: outcome(counts: Array(repeating: 1, count: 4097)).encoded) }
    }

    @Test func bytesOfNobodyAreNoMessage() {
        for _ in 0..<2000 { _ = try? ControlMessage(decoding: random.bytes(random.int(in: 0...200))) }
    }
}
