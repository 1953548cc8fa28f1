import Brokering
import Model
import Secrets
import TestKit
import Testing

@testable import BrokerServer

/// A connection to a service carries another request only where nothing about the last one was odd.
@Suite struct ConnectionReuseTests {
    private let random = SeededRandom(seed: 84)

    /// A broker and a service that answers as a test has it.
    private struct Scene {
        let service: RawService
        let broker: BrokerHarness
        let grant: TestGrant
        private let judge: TestJudge

        init(_ random: SeededRandom, _ answer: @escaping @Sendable (RawService.Request) -> RawService.Answer) async throws {
            (service, broker, grant) = (try await RawService(answering: answer), try await BrokerHarness(), TestGrant(random))
            let leave = grant.leave(trusting: service.authorities)
            judge = TestJudge { _ in leave }
        }

        func ask(_ method: String = "GET", body: String = "", leave: RequestJudgement? = nil) async throws -> ErrandReply {
            let judge = if let leave { TestJudge { _ in leave } } else { judge }
            return try await broker.handle.perform(
                try grant.errand("/", toPort: service.port, method: method, body: Array(body.utf8)), judgedBy: judge)
        }

        func failure(_ method: String = "GET", body: String = "", leave: RequestJudgement? = nil) async -> BrokerFailure? {
            await #expect(throws: BrokerFailure.self) { try await ask(method, body: body, leave: leave) }
        }

        func end() async throws {
            broker.handle.end()
            try await service.end()
        }
    }

    private static let plain = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond"

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nfir\r\n2\r\nst\r\n0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\nKeep-Alive: timeout=60\r\n\r\n1",
    ])
    func wholeRepliesLeaveTheirConnection(_ reply: String) async throws {
        let scene = try await Scene(random) { .init($0.index == 1 ? reply : Self.plain) }
        _ = try await scene.ask()
        #expect(try await scene.ask().body == Array("second".utf8))
        #expect(scene.service.connectionCount == 1 && scene.service.requests.map(\.index) == [1, 2])
        #expect(!scene.service.requests.contains { $0.head.lowercased().contains("connection:") })
        try await scene.end()
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: Close\r\n\r\n1",
        "HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\n1",
        // What stands behind a reply is nobody's reply: a whole one, the beginning of one, a byte.
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1HTTP/1.1 200 OK\r\nX: ",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1\n", "HTTP/1.1 204 No Content\r\nContent-Length: 6\r\n\r\nstolen",
        "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 304 Not Modified\r\nContent-Length: 6\r\n\r\nstolen",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;a=b\r\n1\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n1\r\n0\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nKeep-Alive: timeout=1\r\n\r\n1",
        // A connection that is somebody's is nobody else's.
        "HTTP/1.1 401 No\r\nContent-Length: 1\r\nWWW-Authenticate: NTLM\r\n\r\n1",
    ])
    func oddOnesDoNot(_ reply: String) async throws {
        let scene = try await Scene(random) { .init($0.connection == 1 ? reply : Self.plain) }
        _ = try await scene.ask()
        #expect(try await scene.ask().body == Array("second".utf8))
        #expect(scene.service.requests.map(\.connection) == [1, 2])
        try await scene.end()
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n1\r\n0\r\n\r\n", ReplyRefusal.framing),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n12", .framing),
        ("HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n1", .framing),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n", .framing),
        ("HTTP/1.1 200 OK\nContent-Length: 1\n\n1", .framing), ("HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 1\r\n\r\n1", .framing),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\n1\r\n0\r\n\r\n", .framing),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n1", .framing),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n12\r\n0\r\n\r\n", .framing),
        ("HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 1\r\n\r\n1", .fields), ("HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\n1", .fields),
        ("HTTP/1.1 200 OK\r\nNothing\r\n\r\n", .fields), ("HTTP/2.0 200 OK\r\n\r\n", .status), ("ICY 200 OK\r\n\r\n", .status),
        ("HTTP/1.1 20 OK\r\n\r\n", .status),
        ("HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 90_000), .tooLarge),
    ])
    func repliesThatAreReadInTwoWaysAreNone(_ reply: String, _ refusal: ReplyRefusal) async throws {
        let scene = try await Scene(random) { .init($0.connection == 1 ? reply : Self.plain) }
        #expect(await scene.failure() == .reply(refusal))
        #expect(try await scene.ask().body == Array("second".utf8))
        #expect(scene.service.requests.map(\.connection) == [1, 2])
        try await scene.end()
    }

    @Test func readsBrokenOffEndTheConnection() async throws {
        let long = "HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n" + String(repeating: "x", count: 20_000)
        let scene = try await Scene(random) { .init($0.connection == 1 ? long : Self.plain) }
        let first = try await scene.ask()
        #expect(first.isTruncated)
        let second = try await scene.ask().body
        #expect(second == Array("second".utf8) && scene.service.requests.map(\.connection) == [1, 2])
        try await scene.end()
    }

    /// A service that answers before the body, or that may read a body as a request, gets no other request on that connection.
    @Test func connectionsThatCarriedABodyAreNotUsedAgain() async throws {
        let scene = try await Scene(random) { _ in .init(Self.plain) }
        _ = try await scene.ask()
        _ = try await scene.ask("POST", body: "GET /admin HTTP/1.1\r\nX: ")
        _ = try await scene.ask()
        // The second goes over that of the first, unless it comes before that rests.
        let used = scene.service.requests.map(\.connection)
        #expect(used.count == 3 && used[2] != used[1])
    }

    @Test func bodiesWhereNoneIsExpectedHaveTheirOwnConnection() async throws {
        let scene = try await Scene(random) { _ in .init(Self.plain) }
        _ = try await scene.ask()
        _ = try await scene.ask("DELETE", body: "{}")
        _ = try await scene.ask()
        #expect(scene.service.requests.map(\.connection) == [1, 2, 1])
        #expect(scene.service.requests[1].head.contains("Connection: close"))
        try await scene.end()
    }

    @Test func connectionsThatWereClosedMeanwhileAreTriedOnceMore() async throws {
        let scene = try await Scene(random) { $0.connection == 1 && $0.index == 2 ? .init("", closes: true) : .init(Self.plain) }
        _ = try await scene.ask()
        #expect(try await scene.ask().body == Array("second".utf8))
        #expect(scene.service.requests.map(\.connection) == [1, 1, 2])
        try await scene.end()
    }

    @Test func onceIsOnce() async throws {
        let scene = try await Scene(random) { $0.connection == 1 && $0.index == 1 ? .init(Self.plain) : .init("", closes: true) }
        _ = try await scene.ask()
        #expect(await scene.failure() == .cut && scene.service.requests.map(\.connection) == [1, 1, 2])
        try await scene.end()
    }

    @Test func whatHasBegunIsNotAskedAgain() async throws {
        let scene = try await Scene(random) { $0.index == 2 ? .init("H", closes: true) : .init(Self.plain) }
        _ = try await scene.ask()
        #expect(await scene.failure() == .cut && scene.service.requests.map(\.connection) == [1, 1])
        try await scene.end()
    }

    /// On whichever connection it went: nobody knows whether it took effect.
    @Test func whatMayHaveTakenEffectIsNotSentAgain() async throws {
        let scene = try await Scene(random) { $0.head.hasPrefix("POST") ? .init("", closes: true) : .init(Self.plain) }
        _ = try await scene.ask()
        #expect(await scene.failure("POST", body: "{}") == .cut)
        #expect(scene.service.requests.count { $0.head.hasPrefix("POST") } == 1)
        try await scene.end()
    }

    /// What a rule says of the addresses and authorities holds for every request, whatever connection another rule left.
    @Test func connectionsAreNotSharedBetweenRules() async throws {
        let scene = try await Scene(random) { _ in .init(Self.plain) }
        let other = try await LocalService()
        _ = try await scene.ask()
        #expect(await scene.failure(leave: scene.grant.leave(trusting: other.authorities)) == .untrusted)
        let abroad = scene.grant.leave(trusting: scene.service.authorities, ownNetwork: false)
        #expect(await scene.failure(leave: abroad) == .address(AddressRefusal(kind: .loopback)))
        #expect(scene.service.requests.count == 1)
        try await other.end()
        try await scene.end()
    }
}
