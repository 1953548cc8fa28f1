import BrokerServer
import Brokering
import Foundation
import Model
import Secrets
import TestKit

/// A door, a service behind it, and what a program of the session has.
struct DoorScene {
    let service: LocalService
    let grant: TestGrant
    let judge: TestJudge
    let broker: BrokerHarness
    let door: OpenDoor
    let directory: TemporaryDirectory
    let credential = "4f1d7c0c9a"

    init(
        _ random: SeededRandom, bodyHosts: [String] = [], tunnels: [String] = [], more tokens: [GrantID: FakeToken] = [:],
        signing: [SigningGrants] = [],
        speaking protocols: [String] = ["http/1.1"], sealing: @escaping @Sendable (NewCredentials) async -> [SealedCredential]? = { _ in nil },
        judging judgement: @escaping @Sendable (TestGrant, LocalService, AskedRequest) async -> RequestJudgement
    ) async throws {
        let (service, grant, broker) = (try await LocalService(speaking: protocols), TestGrant(random), try await BrokerHarness())
        judge = TestJudge(sealing: sealing) { await judgement(grant, service, $0) }
        (self.service, self.grant, self.broker) = (service, grant, broker)
        var setup = DoorSetup(
            tokens: tokens.merging([grant.id: grant.token]) { first, _ in first }, signing: signing, credential: credential,
            bodyHosts: bodyHosts, life: .seconds(3600))
        setup.tunnelHosts = tunnels
        door = try await broker.handle.open(setup, judgedBy: judge)
        directory = try TemporaryDirectory()
        try Data(door.authority.utf8).write(to: URL(filePath: directory.path("ca.pem")))
    }

    init(
        _ random: SeededRandom, bodyHosts: [String] = [], tunnels: [String] = [], more tokens: [GrantID: FakeToken] = [:],
        signing: [SigningGrants] = [], speaking protocols: [String] = ["http/1.1"],
        _ judgement: @escaping @Sendable (TestGrant, LocalService) -> RequestJudgement
    ) async throws {
        try await self.init(random, bodyHosts: bodyHosts, tunnels: tunnels, more: tokens, signing: signing, speaking: protocols) {
            grant, service, _ in
            judgement(grant, service)
        }
    }

    var proxy: String { "http://tacit:\(credential)@127.0.0.1:\(door.port)" }

    /// What curl prints: heads, then body, then its exit status. It is waited for on a thread of its own: the broker needs those of the tests.
    func curl(
        _ path: String, _ arguments: [String] = [], withToken: Bool = true, over version: String = "--http1.1", through proxy: String? = nil
    ) async throws -> String {
        let token = withToken ? ["-H", "Authorization: Bearer \(grant.token.text)"] : []
        let words =
            ["-sS", "-i", version, "-w", "\n", "--max-time", "90", "--proxy", proxy ?? self.proxy, "--cacert", directory.path("ca.pem")] + token
            + arguments
            + ["https://localhost:\(service.port)\(path)"]
        return try await Self.curl(words)
    }

    static func curl(_ words: [String]) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(
                    with: Result {
                        let child = try ChildProcess("/usr/bin/curl", words)
                        var lines: [String] = []
                        while let line = child.readLine() { lines.append(line.hasSuffix("\r") ? String(line.dropLast()) : line) }
                        return lines.joined(separator: "\n") + "\n\(child.wait())"
                    })
            }
        }
    }

    func end() async throws {
        broker.handle.end()
        try await service.end()
    }
}
