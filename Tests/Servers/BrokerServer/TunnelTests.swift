import BrokerServer
import Brokering
import Foundation
import Secrets
import TestKit
import Testing

/// Tunnels that nobody looks into, used by curl.
@Suite struct TunnelTests {
    private let random = SeededRandom(seed: 84)

    private func scene(_ judgement: RequestJudgement = .allow(RequestLeave(entry: 7, releases: [], reachesOwnNetwork: true))) async throws
        -> DoorScene
    {
        try await DoorScene(random, tunnels: ["localhost"]) { _, _ in judgement }
    }

    /// Asks for the service, which is to prove itself by its own certificate.
    private func curl(_ scene: DoorScene, _ path: String, _ arguments: [String] = [], host: String = "localhost") async throws -> String {
        let folder = try TemporaryDirectory()
        try Data(scene.service.authorities.utf8).write(to: URL(filePath: folder.path("own.pem")))
        let words = ["-sS", "-i", "--http1.1", "-w", "\n", "--max-time", "90", "--proxy", scene.proxy, "--cacert", folder.path("own.pem")]
        return try await DoorScene.curl(words + arguments + ["https://\(host):\(scene.service.port)\(path)"])
    }

    @Test func bytesPassAsTheyAreAndAreCounted() async throws {
        let scene = try await scene()
        let token = ["-H", "Authorization: Bearer \(scene.grant.token.text)"]
        let printed = try await curl(scene, "/echo", token + ["--data", "{}"])
        // The token is nobody's there: no value comes in its place.
        #expect(scene.service.received.first?["authorization"] == "Bearer \(scene.grant.token.text)" && printed.hasSuffix("exit(0)"))
        let asked = try #require(scene.judge.asked.first)
        #expect(asked.isTunnel && asked.host == "localhost" && asked.port == scene.service.port && asked.uses.isEmpty && scene.judge.asked.count == 1)
        let outcome = try #require(await scene.judge.outcomes(1).first)
        #expect(outcome.result == "done" && outcome.status == nil && outcome.bytesSent > 300 && outcome.bytesReceived > 300)
        let large = try await curl(scene, "/large")
        #expect(large.count > 100_000 && large.hasSuffix("exit(0)"))
        try await scene.end()
    }

    @Test func anotherHostInTheHandshakeIsRefused() async throws {
        let scene = try await scene()
        let printed = try await curl(
            scene, "/echo", ["--connect-to", "other.example:\(scene.service.port):localhost:\(scene.service.port)"], host: "other.example")
        #expect(!printed.hasSuffix("exit(0)") && scene.service.received.isEmpty && scene.judge.asked.first?.host == "localhost")
        let outcome = try #require(await scene.judge.outcomes(1).first)
        #expect(outcome.result == "broker.tunnel-name" && outcome.bytesSent == 0)
        try await scene.end()
    }

    @Test func whatIsNoHandshakeIsRefused() async throws {
        let scene = try await scene()
        let words = [
            "-sS", "--max-time", "90", "--noproxy", "", "--proxytunnel", "--proxy", scene.proxy, "http://localhost:\(scene.service.port)/echo",
        ]
        let printed = try await DoorScene.curl(words)
        #expect(!printed.hasSuffix("exit(0)") && scene.service.received.isEmpty)
        #expect(await scene.judge.outcomes(1).first?.result == "broker.tunnel-name")
        try await scene.end()
    }

    @Test func theKeeperDecides() async throws {
        let scene = try await DoorScene(random, tunnels: ["localhost"], judging: { $2.isTunnel ? .refuse(.intercepted) : $0.leave($1) })
        let printed = try await scene.curl("/echo", ["--data", "{}"])
        #expect(scene.service.received.first?["authorization"] == "Bearer \(scene.grant.canary.text)" && printed.hasSuffix("exit(0)"))
        #expect(scene.judge.asked.map(\.isTunnel) == [true, false])
        try await scene.end()
        let denied = try await self.scene(.refuse(RequestDenial(code: "rate_limited", message: "too many", nextStep: "wait")))
        let refused = try await curl(denied, "/echo")
        #expect(refused.contains("HTTP/1.1 403") && refused.contains("Tacit-Denied: rate_limited") && denied.service.received.isEmpty)
        try await denied.end()
        let guarded = try await self.scene(.allow(RequestLeave(entry: 7, releases: [], reachesOwnNetwork: false)))
        let kept = try await curl(guarded, "/echo")
        #expect(kept.contains("HTTP/1.1 403") && guarded.service.connectionCount == 0)
        #expect(await guarded.judge.outcomes(1).first?.result.hasPrefix("broker.address") == true)
        try await guarded.end()
    }

    @Test func hostsThatNoRuleTunnelsAreNotAskedAbout() async throws {
        let scene = try await DoorScene(random, tunnels: ["cdn.example.com"]) { $0.leave($1) }
        _ = try await scene.curl("/echo", ["--data", "{}"])
        #expect(scene.judge.asked.map(\.isTunnel) == [false])
        try await scene.end()
    }
}
