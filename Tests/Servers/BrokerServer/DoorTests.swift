import BrokerServer
import Brokering
import Foundation
import Model
import Policies
import Redaction
import Secrets
import TestKit
import Testing

/// The forward proxy of a session, used by curl as any program uses it.
@Suite struct DoorTests {
    private let random = SeededRandom(seed: 82)

    @Test func programsUseTheValueAndSeeTheToken() async throws {
        let scene = try await DoorScene(random) { $0.leave($1) }
        let printed = try await scene.curl("/echo", ["--data", "{}"])
        let received = try #require(scene.service.received.first)
        #expect(received["authorization"] == "Bearer \(scene.grant.canary.text)" && received.body == Array("{}".utf8) && received.method == "POST")
        #expect(received["host"] == "localhost:\(scene.service.port)" && received["proxy-authorization"] == nil)
        #expect(printed.contains("X-Echo: Bearer \(scene.grant.token.text)") && printed.contains("\nBearer \(scene.grant.token.text){}"))
        #expect(!printed.contains(scene.grant.canary.text))
        let outcome = try #require(await scene.judge.outcomes(1).first)
        #expect(outcome.result == "done" && outcome.status == 200 && outcome.bytesSent == 2 && outcome.redactions.reduce(0) { $0 + $1.count } == 2)
        try await scene.end()
    }

    @Test func repliesHaveTheTokenThatWasUsed() async throws {
        let (second, other): (GrantID, _) = (random.id(), FakeToken(text: "ghp_zyxwvutsrqponmlkjihgfedcbaFEDCBA4321"))
        let scene = try await DoorScene(random, more: [second: other]) { grant, service, asked in
            .allow(
                RequestLeave(
                    entry: 7,
                    releases: asked.uses.map {
                        ValueRelease(grant: $0.grant, name: $0.grant == second ? "default/dev/deploy/key" : "deploy/key", value: grant.canary.secret)
                    },
                    reachesOwnNetwork: true, authorities: service.authorities))
        }
        for (token, foreign) in [(scene.grant.token, other), (other, scene.grant.token), (scene.grant.token, other)] {
            let printed = try await scene.curl("/echo", ["-H", "Authorization: Bearer \(token.text)"], withToken: false)
            #expect(printed.contains("X-Echo: Bearer \(token.text)\n") && !printed.contains(foreign.text), "\(printed)")
        }
        try await scene.end()
    }

    @Test func baseAddressesLeadToTheProvidersHost() async throws {
        let scene = try await DoorScene(random) { _, _ in .refuse(nil) }
        let base = "http://127.0.0.1:\(scene.door.port)/via"
        let token = ["-H", "Authorization: Bearer \(scene.grant.token.text)"]
        let options = ["-sS", "-i", "--max-time", "90", "--noproxy", "*"] + token
        let printed = try await DoorScene.curl(
            options + ["--data", "{}", "\(base)/github/repos/a/b", "\(base)/gitlab/api/v4/user", "\(base)/nobody/x"])
        #expect(
            scene.judge.asked.map(\.host) == ["api.github.com", "gitlab.com"] && scene.judge.asked.map(\.path) == ["/repos/a/b", "/api/v4/user"])
        #expect(scene.judge.asked.allSatisfy { $0.uses.map(\.place) == [.bearer] && $0.scheme == "https" && $0.port == 443 && $0.method == "POST" })
        #expect(printed.components(separatedBy: "Tacit-Denied: broker.refused").count == 3 && printed.contains("HTTP/1.1 404 "))
        let stranger = try await DoorScene.curl(["-sS", "-i", "--noproxy", "*", "-H", "Authorization: Bearer ghp_x", "\(base)/github/user"])
        #expect(stranger.contains("HTTP/1.1 401 ") && stranger.contains("door.without-token"))
        let page = try await DoorScene.curl(options + ["-H", "Origin: https://evil.example", "\(base)/github/user"])
        let rebound = try await DoorScene.curl(options + ["-H", "Host: evil.example:\(scene.door.port)", "\(base)/github/user"])
        #expect(page.contains("door.from-page") && rebound.contains("door.ambiguous") && scene.judge.asked.count == 2)
        try await scene.end()
    }

    @Test(arguments: ["/base64", "/gzip", "/split", "/redirect", "/large"])
    func repliesAreWhole(_ path: String) async throws {
        let scene = try await DoorScene(random) { $0.leave($1) }
        let printed = try await scene.curl(path)
        #expect(printed.hasSuffix("\nexit(0)") && !printed.contains(scene.grant.canary.text))
        #expect(path != "/split" || printed.contains("<Bearer \(scene.grant.token.text)>"))
        #expect(path != "/large" || printed.count > 100_000)
        try await scene.end()
    }

    @Test func whatTheKeeperWithholdsIsNotSeen() async throws {
        let scene = try await DoorScene(random) { $0.leave($1) }
        scene.judge.withhold()
        let unasked = try await scene.curl("/echo")
        #expect(unasked.contains(scene.grant.token.text) && scene.judge.askedToLeave == 0, "it answers no guess")
        await scene.broker.handle.consult()
        for path in ["/echo", "/large"] {
            let printed = try await scene.curl(path)
            #expect(!printed.contains(scene.grant.token.text) && !printed.contains("xxx") && printed.contains("broker.reply-withheld"), "\(printed)")
        }
        #expect(await scene.judge.outcomes(3).map(\.result) == ["done", "broker.reply-withheld", "broker.reply-withheld"])
        try await scene.end()
    }

    @Test func oneTunnelServesRequestsOneAfterTheOther() async throws {
        let scene = try await DoorScene(random) { $0.leave($1) }
        let printed = try await scene.curl("/echo", ["https://localhost:\(scene.service.port)/hello", "--data", "x"])
        #expect(scene.service.received.map(\.uri) == ["/hello", "/echo"] && printed.hasSuffix("\nexit(0)"))
        try await scene.end()
    }

    @Test func refusedRequestsAreToldAndReachNobody() async throws {
        let scene = try await DoorScene(random) { _, _ in .refuse(nil) }
        let printed = try await scene.curl("/echo", ["--data", "secret plan"])
        #expect(
            printed.contains("HTTP/1.1 403 ") && printed.contains("Tacit-Denied: broker.refused") && printed.contains(#""code":"broker.refused""#))
        #expect(scene.service.connectionCount == 0 && scene.judge.outcomes.isEmpty)
        try await scene.end()
    }

    @Test func tokensInOtherPlacesGoNowhere() async throws {
        let scene = try await DoorScene(random) { $0.leave($1) }
        let printed = try await scene.curl("/echo", ["-H", "X-\(scene.grant.token.text): 1"])
        #expect(printed.contains("Tacit-Denied: broker.token-misplaced") && scene.judge.asked.isEmpty && scene.service.connectionCount == 0)
        #expect(await scene.judge.misused(1) == [scene.grant.id])
        try await scene.end()
    }

    @Test func tokensInStreamsCutThem() async throws {
        let scene = try await DoorScene(random) { $0.leave($1) }
        let printed = try await scene.curl(
            "/echo", ["-H", "Content-Type: application/octet-stream", "--data-binary", "abc \(scene.grant.token.text)"])
        #expect(
            !printed.contains("HTTP/1.1 200 OK") && !scene.service.received.contains { String(decoding: $0.body, as: UTF8.self).contains("ghp_") })
        #expect(await scene.judge.outcomes(1).map(\.result) == ["broker.token-misplaced"])
        try await scene.end()
    }

    @Test func packedBodiesAreUnpackedAndLookedThrough() async throws {
        let scene = try await DoorScene(random) { $0.leave($1) }
        let text = String(repeating: "0032want 0123456789\n", count: 100)
        let member = LocalService.gzip(Array(text.utf8))
        func sent(_ body: [UInt8]) async throws -> String {
            try Data(body).write(to: URL(filePath: scene.directory.path("packed")))
            let fields = ["Content-Encoding: gzip", "Content-Type: application/x-git-upload-pack-request"].flatMap { ["-H", $0] }
            return try await scene.curl("/large", fields + ["--data-binary", "@\(scene.directory.path("packed"))"])
        }
        #expect(try await sent(member).contains("HTTP/1.1 200 OK"))
        #expect(scene.service.received.first?.body == Array(text.utf8) && scene.service.received.first?["content-encoding"] == nil)
        for body in [LocalService.gzip(Array("\(text)\(scene.grant.token.text)".utf8)), Array(member.dropLast(9)), Array("no member".utf8)] {
            _ = try await sent(body)
        }
        #expect(scene.service.received.count == 1)
        #expect(
            await scene.judge.outcomes(4).map(\.result) == ["done", "broker.token-misplaced"] + Array(repeating: "broker.body-unreadable", count: 2))
        try await scene.end()
    }

    /// Python's HTTP library spoke so for twenty years.
    @Test func tunnelsAreOpenedInTheOldWay() async throws {
        let scene = try await DoorScene(random) { $0.leave($1) }
        let printed = try await scene.curl("/echo", ["--proxy1.0", "127.0.0.1:\(scene.door.port)", "--proxy-user", "tacit:\(scene.credential)"])
        #expect(printed.contains("\nBearer \(scene.grant.token.text)") && scene.service.received.count == 1)
        let refused = try await scene.curl("/echo", ["--proxy1.0", "127.0.0.1:\(scene.door.port)", "--proxy-user", "tacit:x"])
        #expect(refused.contains(" 407 ") && scene.service.received.count == 1)
        try await scene.end()
    }

    @Test func bodiesAreExchangedWhereRulesSaySo() async throws {
        let scene = try await DoorScene(random, bodyHosts: ["localhost"]) { $0.leave($1) }
        let token = scene.grant.token.text
        let printed = try await scene.curl("/echo", ["-H", "Content-Type: application/json", "--data", #"{"key": "\#(token)"}"#], withToken: false)
        #expect(scene.service.received.first?.body == Array(#"{"key": "\#(scene.grant.canary.text)"}"#.utf8))
        #expect(printed.contains(#"{"key": "\#(token)"}"#) && scene.judge.asked.first?.uses.map(\.place) == [.json("/key")])
        try await scene.end()
    }

    @Test func otherProgramsHaveNoCredential() async throws {
        let scene = try await DoorScene(random) { $0.leave($1) }
        for proxy in ["http://127.0.0.1:\(scene.door.port)", "http://tacit:4f1d7c0c9b@127.0.0.1:\(scene.door.port)"] {
            let printed = try await scene.curl("/echo", through: proxy)
            #expect(printed.contains("HTTP/1.1 407 ") && !printed.contains("200"))
        }
        let page = try await scene.curl("/echo", ["--proxy-header", "Origin: https://page.test"])
        #expect(page.contains("Tacit-Denied: door.from-page") && scene.judge.asked.isEmpty && scene.service.connectionCount == 0)
        try await scene.end()
    }

    @Test func longHeadsAreNotRead() async throws {
        let scene = try await DoorScene(random) { $0.leave($1) }
        let printed = try await scene.curl("/echo", ["--proxy-header", "X-Long: \(String(repeating: "x", count: 70_000))"])
        #expect(!printed.contains("HTTP/1.1 200") && scene.judge.asked.isEmpty)
        try await scene.end()
    }

    @Test(arguments: [["http/1.1"], ["h2"]])
    func partsComeFromWhoHasNoValue(_ protocols: [String]) async throws {
        let scene = try await DoorScene(random, speaking: protocols) { grant, service, asked in
            asked.uses.isEmpty
                ? .allow(RequestLeave(entry: 7, releases: [], reachesOwnNetwork: true, authorities: service.authorities)) : grant.leave(service)
        }
        func part(withToken: Bool) async throws -> String {
            try await scene.curl("/partial", ["-r", "0-1", "--output", scene.directory.path("part"), "-D", "-"], withToken: withToken)
        }
        let first = try await part(withToken: false)
        #expect(first.contains("HTTP/1.1 206 ") && first.lowercased().contains("content-range: bytes 0-1/9"), "\(first)")
        #expect(first.hasSuffix("exit(0)"))
        #expect(scene.service.received.map { $0["range"] } == ["bytes=0-1"])
        for withToken in [true, false] {
            let later = try await part(withToken: withToken)
            #expect(later.contains("HTTP/1.1 502 ") && later.contains("Tacit-Denied: broker.reply-partial"), "\(later)")
        }
        #expect(scene.service.received.map { $0["range"] } == ["bytes=0-1", nil, "bytes=0-1"])
        try await scene.end()
    }

    @Test func cutRepliesLookCut() async throws {
        let scene = try await DoorScene(random) { $0.leave($1) }
        let printed = try await scene.curl("/cut")
        #expect(!printed.hasSuffix("\nexit(0)"))
        #expect(await scene.judge.outcomes(1).map(\.result) == ["broker.connection-cut"])
        try await scene.end()
    }
}
