import Brokering
import Secrets
import TestKit
import Testing

/// Programs that go away, or hear no more, while something goes on for them.
@Suite(.timeLimit(.minutes(1))) struct LeavingTests {
    private let random = SeededRandom(seed: 87)

    private func request(_ scene: DoorScene, _ line: String, _ more: String = "", _ body: String = "") -> [UInt8] {
        let fields = "Host: localhost:\(scene.service.port)\r\nAuthorization: Bearer \(scene.grant.token.text)\r\n\(more)\r\n"
        return Array("\(line) HTTP/1.1\r\n\(fields)\(body)".utf8)
    }

    /// The head, and the first piece of a body that does not come to its end.
    private func upload(_ scene: DoorScene, _ path: String, _ piece: String) -> [UInt8] {
        let size = String(piece.utf8.count, radix: 16)
        return request(
            scene, "POST \(path)", "Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n", "\(size)\r\n\(piece)\r\n")
    }

    @Test func whoStillSendsHearsThatItsReplyIsRefused() async throws {
        let scene = try await DoorScene(random) { $0.leave($1) }
        let client = try await SocketClient(scene)
        try await client.send(upload(scene, "/early", "abc"))
        let head = await client.readHead()
        #expect(head.contains("Tacit-Denied: broker.reply-partial"), "\(head)")
        await client.ends()
        #expect(await scene.judge.outcomes(1).map(\.result) == ["broker.reply-partial"])
        try await scene.end()
    }

    @Test func whoSendsATokenInABodyHearsOfThat() async throws {
        let scene = try await DoorScene(random) { $0.leave($1) }
        let client = try await SocketClient(scene)
        try await client.send(upload(scene, "/silent", "abc \(scene.grant.token.text) def"))
        let head = await client.readHead()
        #expect(head.contains("Tacit-Denied: broker.token-misplaced"), "\(head)")
        #expect(await scene.judge.outcomes(1).map(\.result) == ["broker.token-misplaced"])
        #expect(await scene.judge.misused(1) == [scene.grant.id] && scene.service.received.isEmpty)
        try await scene.end()
    }

    @Test(arguments: [["http/1.1"], ["h2"]]) func whoGoesAwayLeavesNothingBehind(_ protocols: [String]) async throws {
        let scene = try await DoorScene(random, speaking: protocols) { $0.leave($1) }
        let client = try await SocketClient(scene)
        try await client.send(request(scene, "GET /echo") + request(scene, "GET /silent"))
        while scene.service.received.count < 2 { await Task.yield() }
        try await client.leave()
        #expect(await scene.judge.outcomes(2).map(\.result) == ["done", "broker.connection-cut"])
        try await scene.end()
    }

    @Test func whoGoesAwayInTheMiddleOfABodyLeavesNothingBehind() async throws {
        let scene = try await DoorScene(random) { $0.leave($1) }
        let client = try await SocketClient(scene)
        try await client.send(upload(scene, "/echo", "abc"))
        while scene.judge.asked.isEmpty { await Task.yield() }
        try await client.leave()
        #expect(await scene.judge.outcomes(1).map(\.result) == ["broker.connection-cut"])
        try await scene.end()
    }
}
