import BrokerServer
import Brokering
import Model
import NIOCore
import NIOHPACK
import Policies
import Secrets
import TestKit
import Testing

/// HTTP/2 on either side of the broker: the same judgement as of HTTP/1.1, and nothing of it lost on the way.
@Suite struct HTTP2Tests {
    private let random = SeededRandom(seed: 85)

    private func head(_ scene: DoorScene, _ path: String, method: String = "GET", _ more: [(String, String)] = []) -> HPACKHeaders {
        HPACKHeaders(
            [
                (":method", method), (":scheme", "https"), (":authority", "localhost:\(scene.service.port)"), (":path", path),
                ("authorization", "Bearer \(scene.grant.token.text)"),
            ] + more)
    }

    @Test(arguments: [["http/1.1"], ["h2"]])
    func programsUseTheValueAndSeeTheToken(_ protocols: [String]) async throws {
        let scene = try await DoorScene(random, speaking: protocols) { $0.leave($1) }
        let printed = try await scene.curl("/echo", ["--data", "{}"], over: "--http2")
        let received = try #require(scene.service.received.first)
        #expect(received["authorization"] == "Bearer \(scene.grant.canary.text)" && received.body == Array("{}".utf8) && received.method == "POST")
        #expect(received["host"] == "localhost:\(scene.service.port)")
        #expect(printed.contains("HTTP/2 200") && printed.contains("x-echo: Bearer \(scene.grant.token.text)"))
        #expect(printed.contains("\nBearer \(scene.grant.token.text){}") && printed.hasSuffix("\nexit(0)"))
        #expect(!printed.contains(scene.grant.canary.text))
        try await scene.end()
    }

    @Test(arguments: ["/base64", "/gzip", "/split", "/redirect", "/large", "/trailers"], ["--http1.1", "--http2"])
    func servicesOfHTTP2AreSearched(_ path: String, _ version: String) async throws {
        let scene = try await DoorScene(random, speaking: ["h2"]) { $0.leave($1) }
        let printed = try await scene.curl(path, ["-H", "TE: trailers"], over: version)
        #expect(printed.hasSuffix("\nexit(0)") && !printed.contains(scene.grant.canary.text))
        #expect(path != "/split" || printed.contains("<Bearer \(scene.grant.token.text)>"))
        #expect(path != "/large" || printed.count > 100_000)
        try await scene.end()
    }

    @Test(arguments: [["http/1.1"], ["h2"]]) func servicesHintSoOftenAndNoOftener(_ protocols: [String]) async throws {
        let scene = try await DoorScene(random, speaking: protocols) { $0.leave($1) }
        let few = try await scene.curl("/hints/16")
        #expect(few.contains("HTTP/1.1 200 ") && few.contains("\nhinted"))
        let many = try await scene.curl("/hints/17")
        #expect(many.contains("Tacit-Denied: broker.reply-status") && !many.contains("hinted"), "\(many)")
        #expect(await scene.judge.outcomes(2).map(\.result) == ["done", "broker.reply-status"])
        try await scene.end()
    }

    /// A table is the connection's, and other requests go over it.
    @Test func valuesStandInNoTable() async throws {
        let scene = try await DoorScene(random, speaking: ["h2"]) { $0.leave($1) }
        _ = try await scene.curl("/echo", ["-A", "a program"], over: "--http2")
        #expect(scene.service.keptValues.contains("a program"))
        _ = try await scene.curl("/echo", ["-A", "agent \(scene.grant.token.text)"], withToken: false, over: "--http2")
        #expect(scene.service.received.last?["user-agent"] == "agent \(scene.grant.canary.text)")
        #expect(!scene.service.keptValues.contains { $0.contains(scene.grant.canary.text) })
        try await scene.end()
    }

    @Test func requestsShareAConnection() async throws {
        let scene = try await DoorScene(random, speaking: ["h2"]) { $0.leave($1) }
        let client = try await TunnelClient(scene)
        #expect(try await client.ask(head(scene, "/echo")).isWhole)
        let texts = try await withThrowingTaskGroup(of: String.self) { group in
            for number in 0..<20 { group.addTask { try await client.ask(head(scene, "/echo", method: "POST"), pieces: ["\(number)"]).text } }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(texts == Set((0..<20).map { "Bearer \(scene.grant.token.text)\($0)" }))
        #expect(scene.service.connectionCount == 1 && scene.service.received.count == 21)
        await client.end()
        try await scene.end()
    }

    /// Answers that are many and long are read one after the other, and cost a broker nothing.
    @Test func manyQuestionsAtOnceAreAllAnswered() async throws {
        let comment = String(repeating: "# an authority\n", count: 4000)
        let scene = try await DoorScene(random, speaking: ["h2"]) { $0.leave($1, trusting: comment + $1.authorities) }
        let client = try await TunnelClient(scene)
        let statuses = try await withThrowingTaskGroup(of: String?.self) { group in
            for _ in 0..<90 { group.addTask { try await client.ask(head(scene, "/echo")).status } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(statuses.count == 90 && statuses.allSatisfy { $0 == "200" })
        #expect(scene.broker.handle.isRunning)
        await client.end()
        try await scene.end()
    }

    @Test(arguments: [
        // The tunnel leads to one host, and the request names another.
        ([(":authority", "other.test")], "broker.host-disagrees"), ([("host", "other.test")], "broker.host-disagrees"),
        ([("host", "localhost")], "broker.host-disagrees"), ([(":scheme", "http")], "broker.scheme-disagrees"),
        ([(":path", "/a/../b")], "broker.path-dot-segment"), ([("connection", "close")], "broker.connection-field"),
        ([("transfer-encoding", "chunked")], "broker.connection-field"), ([("te", "gzip")], "broker.connection-field"),
        ([("keep-alive", "1")], "broker.connection-field"), ([("x_forwarded_host", "other.test")], "broker.routing-field"),
        ([("content-length", "5")], "broker.length-illegal"),
    ])
    func headsAreJudgedAsTheyCame(_ changed: [(String, String)], _ code: String) async throws {
        let scene = try await DoorScene(random, speaking: ["h2"]) { $0.leave($1) }
        let client = try await TunnelClient(scene)
        var head = head(scene, "/echo")
        for (name, value) in changed {
            if name.hasPrefix(":") { head.replaceOrAdd(name: name, value: value) } else { head.add(name: name, value: value) }
        }
        // What the library's own reading refuses has its stream ended, or its connection.
        let reply = try? await client.ask(head)
        #expect(reply?.status == nil || reply?["tacit-denied"] == code)
        #expect(scene.judge.asked.isEmpty && scene.service.connectionCount == 0)
        await client.end()
        try await scene.end()
    }

    @Test(arguments: [[("X-Upper", "1")], [(":authority", "localhost")], [(":unknown", "1")], [("x-line", "a\r\nhost: other.test")]])
    func headsThatAreNoneReachNobody(_ more: [(String, String)]) async throws {
        let scene = try await DoorScene(random, speaking: ["h2"]) { $0.leave($1) }
        let client = try await TunnelClient(scene)
        let reply = try? await client.ask(head(scene, "/echo", more))
        #expect(reply?.status != "200" && scene.judge.asked.isEmpty && scene.service.connectionCount == 0)
        await client.end()
        try await scene.end()
    }

    @Test(arguments: [["http/1.1"], ["h2"]])
    func trailersGoBothWaysAndHoldNoValue(_ protocols: [String]) async throws {
        let scene = try await DoorScene(random, speaking: protocols) { $0.leave($1) }
        let client = try await TunnelClient(scene)
        let fields = [("te", "trailers"), ("trailer", "x-sum"), ("content-type", "application/grpc")]
        let reply = try await client.ask(head(scene, "/trailers", method: "POST", fields), pieces: ["a", "b"], trailers: ["x-sum": "7"])
        let received = try #require(scene.service.received.first)
        #expect(received.body == Array("ab".utf8))
        #expect(received.trailers.map(\.0) == ["x-sum"] && received.trailers.map(\.1) == ["7"])
        #expect(reply.isWhole && reply.text == "body" && reply.trailers.map(\.name) == ["x-check"])
        #expect(reply.trailers.map(\.value) == ["Bearer \(scene.grant.token.text)"])
        await client.end()
        try await scene.end()
    }

    @Test(arguments: [("x-sum", true), ("content-length", false), ("authorization", false), ("x-http-method-override", false)])
    func trailersAreNoWayRound(_ name: String, _ holdsToken: Bool) async throws {
        let scene = try await DoorScene(random) { $0.leave($1) }
        let client = try await TunnelClient(scene)
        let value = holdsToken ? scene.grant.token.text : "1"
        let reply = try? await client.ask(head(scene, "/echo", method: "POST"), pieces: ["a"], trailers: HPACKHeaders([(name, value)]))
        #expect(reply?.status != "200" && scene.service.received.isEmpty)
        #expect(await scene.judge.misused(holdsToken ? 1 : 0) == (holdsToken ? [scene.grant.id] : []))
        await client.end()
        try await scene.end()
    }

    @Test func streamsThatAreTakenBackEndTheConnection() async throws {
        let scene = try await DoorScene(random) { $0.leave($1) }
        let client = try await TunnelClient(scene)
        #expect(try await client.ask(head(scene, "/echo")).status == "200")
        for _ in 0..<400 { client.beginAndReset(head(scene, "/silent", method: "POST")) }
        try await client.channel.closeFuture.get()
        #expect(scene.judge.asked.count < 400)
        #expect(try await scene.curl("/echo", over: "--http2").contains("HTTP/2 200"))
        try await scene.end()
    }
}
