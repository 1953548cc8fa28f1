import BrokerServer
import Brokering
import Crypto
import Foundation
import Model
import NIOCore
import NIOHPACK
import Policies
import Secrets
import TestKit
import Testing

/// Requests that a person is asked about: the keeper is told all of them, what was told is what goes, and others go on meanwhile.
@Suite struct DoorApprovalTests {
    private let random = SeededRandom(seed: 86)

    /// Wants to be told all of each request below `/asked`, and says what `decide` says of it.
    private func scene(
        speaking protocols: [String] = ["http/1.1"], _ decide: @escaping @Sendable (RequestContent) async -> Bool = { _ in true }
    ) async throws -> DoorScene {
        try await DoorScene(
            random, speaking: protocols,
            judging: { grant, service, request in
                guard request.path.hasPrefix("/asked") else { return grant.leave(service) }
                guard let content = request.content else { return .describe }
                return await decide(content) ? grant.leave(service) : .refuse(RequestDenial(code: "not_permitted", message: "no"))
            })
    }

    @Test(arguments: ["--http1.1", "--http2"]) func theKeeperIsToldAllOfIt(_ version: String) async throws {
        let scene = try await scene()
        let body = String(repeating: "amount=1&", count: 10_000)
        let printed = try await scene.curl(
            "/asked/echo?of=%2Fme", ["-H", "Content-Type: application/octet-stream", "-H", "X-Trace: 7", "--data", body], over: version)
        #expect(printed.contains(" 200") && scene.judge.asked.count == 2 && scene.judge.asked.first?.content == nil)
        let content = try #require(scene.judge.asked.last?.content)
        #expect(content.target == "/asked/echo?of=%2Fme" && content.bodyByteCount == body.utf8.count)
        #expect(content.bodyHash == Array(SHA256.hash(data: Data(body.utf8))))
        let shown = Dictionary(content.fields.map { ($0.name.lowercased(), $0.value) }) { first, _ in first }
        #expect(shown["authorization"] == "Bearer FAKE-TOKEN" && shown["x-trace"] == "7")
        #expect(!"\(content)".contains(scene.grant.token.text), "nobody is shown a token")
        let received = try #require(scene.service.received.first)
        #expect(received.body == Array(body.utf8) && received["authorization"] == "Bearer \(scene.grant.canary.text)")
        try await scene.end()
    }

    @Test func theKeeperIsToldWhatIsAskedOfGraphQL() async throws {
        let scene = try await scene()
        let body = ["-H", "Content-Type: application/json", "--data"]
        for (path, arguments) in [
            ("/asked/graphql", body + [#"{"query":"query Q { me: viewer { login } }","operationName":"Q"}"#]),
            ("/asked/graphql?query=%7Bviewer%7D", []),
        ] {
            #expect(try await scene.curl(path, arguments).contains("HTTP/1.1 200 "))
            #expect(scene.judge.asked.last?.content?.operations.map(\.description) == ["query viewer"], "\(path)")
            #expect(scene.judge.asked.last?.isBare == false)
        }
        for (path, arguments) in [
            ("/asked/graphql", body + [#"[{"query":"{viewer}"}]"#]), ("/asked/graphql?query=%7Bviewer%7D", body + [#"{"query":"{viewer}"}"#]),
            ("/asked/graphql", ["-H", "Content-Type: text/plain", "--data", #"{"query":"{viewer}"}"#]), ("/asked/graphql", []),
        ] {
            #expect(try await scene.curl(path, arguments).contains("HTTP/1.1 200 "))
            #expect(scene.judge.asked.last?.content?.operations.isEmpty == true, "\(path)")
        }
        #expect(scene.judge.asked.last?.isBare == true)
        try await scene.end()
    }

    @Test func whatIsTooLongToHoldBackIsNotAskedAbout() async throws {
        let scene = try await scene()
        try Data(repeating: 0x61, count: (1 << 20) + 1).write(to: URL(filePath: scene.directory.path("long")))
        let body = ["-H", "Content-Type: application/octet-stream", "--data-binary", "@\(scene.directory.path("long"))"]
        for more in [[], ["-H", "Transfer-Encoding: chunked"]] {
            let printed = try await scene.curl("/asked/echo", body + more)
            #expect(printed.contains("HTTP/1.1 413 ") && printed.contains("Tacit-Denied: broker.body-too-long"))
        }
        #expect(scene.judge.asked.allSatisfy { $0.content == nil } && scene.service.received.isEmpty)
        let whole = Data(repeating: 0x61, count: 1 << 20)
        try whole.write(to: URL(filePath: scene.directory.path("long")))
        #expect(try await scene.curl("/asked/echo", body).contains("HTTP/1.1 200 "))
        #expect(scene.service.received.map(\.body.count) == [whole.count])
        try await scene.end()
    }

    @Test func whatIsRefusedReachesNobody() async throws {
        let scene = try await scene { _ in false }
        let printed = try await scene.curl("/asked/echo", ["--data", "x"])
        #expect(printed.contains("HTTP/1.1 403 ") && printed.contains("Tacit-Denied: not_permitted") && scene.service.connectionCount == 0)
        let token = scene.grant.token.text
        let stray = try await scene.curl("/asked/echo", ["-H", "Content-Type: application/octet-stream", "--data-binary", "a \(token)"])
        #expect(stray.contains("broker.token-misplaced") && scene.judge.asked.count(where: { $0.content != nil }) == 1)
        try await scene.end()
    }

    @Test func otherStreamsGoOnMeanwhile() async throws {
        let gate = AsyncStream<Void>.makeStream()
        let scene = try await scene(speaking: ["h2"]) { _ in
            for await _ in gate.stream { break }
            return true
        }
        let client = try await TunnelClient(scene)
        async let waiting = client.ask(head(scene, "/asked/echo", method: "POST"), pieces: ["held"])
        while scene.judge.asked.allSatisfy({ $0.content == nil }) { await Task.yield() }
        for number in 0..<5 { #expect(try await client.ask(head(scene, "/echo", method: "POST"), pieces: ["\(number)"]).status == "200") }
        #expect(scene.service.received.count == 5)
        gate.continuation.finish()
        #expect(try await waiting.status == "200" && scene.service.received.last?.body == Array("held".utf8))
        await client.end()
        try await scene.end()
    }

    @Test(arguments: ["--http1.1", "--http2"]) func whoeverGoesAwayTakesItsWishBack(_ version: String) async throws {
        let judge = LeavingJudge()
        let (service, grant, broker) = (try await LocalService(speaking: ["http/1.1"]), TestGrant(random), try await BrokerHarness())
        let setup = DoorSetup(tokens: [grant.id: grant.token], credential: "4f1d7c0c9a", life: .seconds(3600))
        let door = try await broker.handle.open(setup, judgedBy: judge)
        let directory = try TemporaryDirectory()
        try Data(door.authority.utf8).write(to: URL(filePath: directory.path("ca.pem")))
        let program = try ChildProcess(
            "/usr/bin/curl",
            [
                "-sS", version, "--proxy", "http://tacit:4f1d7c0c9a@127.0.0.1:\(door.port)", "--cacert", directory.path("ca.pem"), "-H",
                "Authorization: Bearer \(grant.token.text)", "--data", "x", "https://localhost:\(service.port)/asked",
            ])
        for await _ in judge.asked.stream { break }
        program.kill()
        for await _ in judge.left.stream { break }
        #expect(service.connectionCount == 0)
        broker.handle.end()
        try await service.end()
    }

    private func head(_ scene: DoorScene, _ path: String, method: String = "GET") -> HPACKHeaders {
        HPACKHeaders([
            (":method", method), (":scheme", "https"), (":authority", "localhost:\(scene.service.port)"), (":path", path),
            ("authorization", "Bearer \(scene.grant.token.text)"),
        ])
    }
}

/// Says nothing until whoever asks has gone, and tells so.
private final class LeavingJudge: RequestJudge {
    let asked = AsyncStream<Void>.makeStream()
    let left = AsyncStream<Void>.makeStream()

    func judge(_ request: AskedRequest) async -> RequestJudgement { .refuse(nil) }

    func judge(_ request: AskedRequest, for program: AskingProgram) async -> RequestJudgement {
        guard request.content != nil else { return .describe }
        asked.continuation.yield()
        let gone = AsyncStream<Void>.makeStream()
        program.whenItLeaves { gone.continuation.finish() }
        for await _ in gone.stream {}
        left.continuation.yield()
        return .refuse(nil)
    }

    func conclude(_ outcome: RequestOutcome, of entry: Int64) async {}
}
