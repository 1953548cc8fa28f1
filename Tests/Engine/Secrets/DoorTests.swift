import Auditing
import Brokering
import Model
import Policies
import TestKit
import Testing

@testable import Secrets

/// Runs with fake tokens: what their programs get, and by whose leave a value goes out for one.
@Suite struct DoorTests {
    /// A run that a person starts for `coder`, and the door that was opened for it.
    private struct Scene {
        let bench: VaultBench
        let run: PreparedRun
        let door: FakeBrokers.Door

        init(_ bench: VaultBench, _ names: [String] = ["app/key"]) async throws {
            self.bench = bench
            run = try await bench.open.prepareRun(DoorTests.wish(names), by: bench.person())
            door = try #require(bench.brokers.doors.last)
        }

        var grant: GrantID { get throws { try #require(door.setup.tokens.keys.first) } }

        func ask(
            _ path: String = "/v1/customers", host: String = "api.stripe.com", method: String = "GET", _ grants: [GrantID]? = nil,
            scheme: String = "https"
        ) async throws -> RequestJudgement {
            let uses = try (grants ?? [grant]).map { RequestWish.TokenUse(grant: $0, place: .bearer, occurrences: 1) }
            return await door.judge.judge(AskedRequest(scheme: scheme, host: host, port: 443, method: method, path: path, uses: uses))
        }
    }

    private static func wish(_ names: [String], agent: String? = "coder") throws -> RunWish {
        var wish = RunWish(arguments: ["claude"], scope: VaultBench.dev)
        wish.secrets = try names.map { .init(reference: try SecretReference(parsing: $0)) }
        wish.agent = try agent.map { try SegmentName($0, of: .agent) }
        return wish
    }

    private func bench(_ more: String = "") async throws -> VaultBench {
        let bench = try await ErrandTests.bench(more)
        _ = try await bench.open.addAgent(SegmentName("coder", of: .agent), by: bench.person())
        return bench
    }

    private func denial(_ judgement: RequestJudgement) -> RequestDenial? {
        guard case .refuse(let denial) = judgement else { return nil }
        return denial
    }

    private func leave(_ judgement: RequestJudgement) throws -> RequestLeave {
        guard case .allow(let leave) = judgement else { throw TestFailure("it was refused: \(judgement)") }
        return leave
    }

    @Test("the program gets a token of the value's place, and the way to the broker; nothing was released") func tokens() async throws {
        let scene = try await Scene(try await bench())
        let value = try #require(scene.run.job.values.first)
        let (token, real) = (try #require(scene.door.setup.tokens.values.first), try await scene.bench.reveal("app/key"))
        #expect(value.value.text == token.text && token.text != real && value.kind == .plain && value.variable == "APP_KEY")
        let proxy = try #require(scene.run.job.proxy)
        #expect(proxy.variables["HTTPS_PROXY"] == "http://tacit:\(scene.door.setup.credential)@127.0.0.1:4711" && proxy.authority == "the run's own")
        #expect(scene.door.setup.credential.count == 32 && scene.bench.brokers.leaves.isEmpty)
        // Where there is another network, plain http goes by that.
        #expect(proxy.variables["HTTP_PROXY"] == nil && proxy.variables["http_proxy"] == nil)
        let other = try await Scene(scene.bench)
        #expect(try other.run.job.values.first?.value.text != token.text && other.grant != scene.grant)
    }

    @Test("where the broker is the only way out, plain http is asked of it, too") func only() async throws {
        let bench = try await bench()
        var wish = try Self.wish(["app/key"])
        wish.isSandboxed = true
        let run = try await bench.open.prepareRun(wish, by: bench.person())
        let variables = try #require(run.job.proxy?.variables)
        for name in ["HTTP_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"] { #expect(variables[name] == variables["HTTPS_PROXY"]) }
    }

    @Test("what only a person may want of a run is refused to whoever is none, as such, and written down") func persons() async throws {
        let bench = try await bench()
        let agent = try await bench.open.agent(named: VaultBench.segment("coder"), for: bench.person())
        let changes: [@Sendable (inout RunWish) -> Void] = [{ $0.writesThrough = true }, { $0.reads = ["/srv"] }, { _ in }]
        for (index, change) in changes.enumerated() {
            for asker in [agent, bench.nobody()] {
                var wish = try Self.wish(["app/key"], agent: index == 2 ? "coder" : nil)
                wish.isSandboxed = true
                change(&wish)
                #expect(await ErrandTests.code { try await bench.open.prepareRun(wish, by: asker) } == "not_permitted")
            }
        }
        // One entry of each; repetitions are counted.
        let denied = try await bench.log().filter { $0.action == .known(.run) && $0.decision.code == "not_permitted" }
        #expect(denied.count == 2)
    }

    @Test("a listed request gets the value as it is then, once its intent is written, and its end is written") func allowed() async throws {
        let scene = try await Scene(try await bench())
        let first = try leave(await scene.ask())
        let (real, grant) = (try await scene.bench.reveal("app/key"), try scene.grant)
        #expect(first.releases.map(\.value.text) == [real] && first.releases.map(\.grant) == [grant])
        let newer = scene.bench.canary()
        try await scene.bench.set("app/key", newer.secret)
        #expect(try leave(await scene.ask()).releases.map(\.value) == [newer.secret])
        await scene.door.judge.conclude(RequestOutcome(result: "done", status: 200, duration: .milliseconds(3)), of: first.entry)
        let log = try await scene.bench.log()
        let intent = try #require(log.first { $0.action == .known(.request) && $0.phase == .intent })
        #expect(intent.detail.count { $0.key == "run" } == 1)
        #expect(intent.detail.contains(AuditFact("path", "/v1/customers")) && intent.detail.contains(AuditFact("method", "GET")))
        #expect(log.contains { $0.action == .known(.request) && $0.phase == .outcome(of: first.entry, result: "done") })
    }

    @Test("what no rule lists is refused with its reason, and nothing is opened") func refused() async throws {
        let scene = try await Scene(try await bench())
        for judgement in [
            try await scene.ask("/admin"), try await scene.ask(host: "api.stripe.com.evil.com"), try await scene.ask(method: "DELETE"),
            try await scene.ask("/v1/customers", host: "evil.com", []),
        ] {
            let denial = try #require(self.denial(judgement))
            #expect(denial.code == "destination_not_allowed" && denial.nextStep?.isEmpty == false)
        }
        // Without a token, where one could go, it goes with nothing.
        #expect(try leave(await scene.ask("/v1/customers", [])).releases.isEmpty)
        #expect(
            try await !scene.bench.log().contains {
                $0.action == .known(.request) && $0.phase == .intent && $0.subjects.contains { $0.secret != nil }
            })
    }

    @Test("a rule that lists GET opens no WebSocket unless it says so: no value is opened, and the program is told what is not written")
    func webSockets() async throws {
        let scene = try await Scene(try await bench())
        for grants in [nil, [] as [GrantID]?] {
            let denial = try #require(self.denial(try await scene.ask("/v1/customers", grants, scheme: "wss")))
            #expect(denial.code == "destination_not_allowed" && denial.rule != nil && denial.message.contains("`websocket: allow`"))
            #expect(denial.nextStep?.contains("`websocket: allow`") == true)
        }
        #expect(try await !scene.bench.log().contains { $0.action == .known(.request) && $0.phase == .intent })
        let open = try await Scene(try await bench(#","websocket":"allow""#))
        for scheme in ["wss", "https"] { #expect(try leave(await open.ask(scheme: scheme)).releases.count == 1) }
        let intents = try await open.bench.log().filter { $0.action == .known(.request) && $0.phase == .intent }
        #expect(intents.map { $0.detail.contains(AuditFact("scheme", "wss")) }.sorted { !$0 && $1 } == [false, true])
        let elsewhere = [try await open.ask("/admin", scheme: "wss"), try await open.ask(method: "POST", scheme: "wss")]
        #expect(elsewhere.allSatisfy { self.denial($0) != nil })
    }

    @Test("a token of nobody's, and one out of its place, are misuses") func misuse() async throws {
        let scene = try await Scene(try await bench())
        #expect(denial(try await scene.ask("/v1/customers", [scene.grant, scene.bench.random.id()])) != nil)
        await scene.door.judge.noteMisuse(of: try scene.grant, code: "broker.token-misplaced")
        let log = try await scene.bench.log()
        #expect(log.count { $0.action == .known(.tokenMisuse) } == 2)
    }

    @Test("a rule's rate holds for programs, too") func terms() async throws {
        let limited = try await Scene(try await bench(#","rate":"2/hour""#))
        for _ in 0..<2 { _ = try leave(await limited.ask()) }
        #expect(denial(try await limited.ask())?.code == "rate_limited")
    }

    @Test("paths at which a provider gives out credentials are refused") func credentials() async throws {
        let bench = try await bench()
        let json =
            #"{"policies":[{"name":"p","agent_id":"coder","allowed_keys":["app/*"],"capabilities":["broker"]}],"request_rules":[{"name":"g","agent_id":"coder","keys":["app/*"],"hosts":["api.github.com"],"methods":["POST"],"paths":["/**"]}]}"#
        _ = try await bench.open.applyPolicy(json: Array(json.utf8), text: nil, expectedVersion: nil, by: bench.person())
        let scene = try await Scene(bench)
        #expect(denial(try await scene.ask("/app/installations/1/access_tokens", host: "api.github.com", method: "POST")) != nil)
        #expect(try leave(await scene.ask("/repos/a/b/issues", host: "api.github.com", method: "POST")).releases.count == 1)
    }

    @Test("after a lock its tokens are good for nothing, and its broker is gone") func locked() async throws {
        let scene = try await Scene(try await bench())
        _ = try leave(await scene.ask())
        try await scene.bench.lock()
        #expect(denial(try await scene.ask())?.code == "vault.locked" && scene.bench.brokers.running == 0)
        try await scene.bench.unlock()
        #expect(denial(try await scene.ask())?.code == "vault.locked")
    }

    @Test("a revoked agent's runs have no broker any more, also where its name is given again") func revoked() async throws {
        let scene = try await Scene(try await bench())
        try await scene.bench.open.revokeAgent(SegmentName("coder", of: .agent), by: scene.bench.person())
        #expect(scene.bench.brokers.running == 0)
        #expect(denial(try await scene.ask()) != nil)
        _ = try await scene.bench.open.addAgent(SegmentName("coder", of: .agent), by: scene.bench.person())
        #expect(denial(try await scene.ask()) != nil)
    }

    @Test("a reply's answers about the value of another request count") func answers() async throws {
        let bench = try await bench()
        try await bench.set("app/other", bench.canary().secret)
        let scene = try await Scene(bench, ["app/key", "app/other"])
        let grants = try scene.run.job.values.map { value in
            try #require(scene.door.setup.tokens.first { $0.value.text == value.value.text }?.key)
        }
        _ = try leave(await scene.ask("/v1/a", [grants[0]]))
        let second = try leave(await scene.ask("/v1/b", [grants[1]]))
        let told = RequestOutcome(result: "done", status: 200, duration: .zero, answers: ["app/key": 2])
        await scene.door.judge.conclude(told, of: second.entry)
        #expect(try leave(await scene.ask("/v1/a", [grants[0]])).releases.map(\.answersLeft) == [1])
    }

    @Test("what replies are about to answer counts with what the runs of the agent answer, before it is seen") func liveAnswers() async throws {
        let bench = try await bench()
        let (first, second) = (try await Scene(bench), try await Scene(bench))
        let (one, two) = (try leave(await first.ask()), try leave(await second.ask()))
        #expect(await first.door.judge.mayLeave(answering: ["app/key", "app/key"], of: one.entry))
        #expect(await second.door.judge.mayLeave(answering: [], of: two.entry))
        #expect(bench.brokers.consulted == 0)
        #expect(await second.door.judge.mayLeave(answering: ["nobody knows it"], of: two.entry), "it counts against what the request had")
        #expect(bench.brokers.consulted == 2, "both ask from now on, before the last answer is seen")
        for (scene, entry) in [(first, one.entry), (second, two.entry)] {
            #expect(await !scene.door.judge.mayLeave(answering: [], of: entry))
            #expect(await !scene.door.judge.mayLeave(answering: ["app/key"], of: entry))
        }
        await first.door.judge.conclude(RequestOutcome(result: "done", duration: .zero), of: one.entry)
        #expect(await !first.door.judge.mayLeave(answering: [], of: one.entry), "it has ended")
        #expect(try leave(await second.ask()).releases.map(\.answersLeft) == [0])
    }

    @Test("the broker of a run ends with it") func ends() async throws {
        let bench = try await bench()
        let started = try await bench.vault.start(Scene(bench).run) {}
        #expect(bench.brokers.running == 1)
        await bench.vault.finish(started, result: "exit 0", detail: [])
        #expect(bench.brokers.running == 0)
        do { _ = try await Scene(bench) }
        #expect(bench.brokers.running == 0, "a run that nobody starts keeps none")
    }

    @Test("nothing is started for an agent that may not, for one that is not there, or by an agent") func notStarted() async throws {
        let bench = try await bench()
        #expect(
            await ErrandTests.code { try await bench.open.prepareRun(Self.wish(["db/key"]), by: bench.person()) }
                == EngineError.invalid("", hint: nil).code)
        #expect(
            await ErrandTests.code { try await bench.open.prepareRun(Self.wish(["app/key"], agent: "nobody"), by: bench.person()) }
                == "agent.not-found")
        #expect(await ErrandTests.code { try await bench.open.prepareRun(Self.wish(["app/key"]), by: bench.agent()) } != nil)
        try await ErrandTests.apply(bench, capabilities: #""env_inject""#)
        #expect(await ErrandTests.code { try await bench.open.prepareRun(Self.wish(["app/key"]), by: bench.person()) } == "not_permitted")
        #expect(bench.brokers.started == 0 && bench.brokers.doors.isEmpty)
    }

    @Test("a plain field stands as it is, beside the token of the secret one") func plainFields() async throws {
        let bench = try await bench()
        var write = VaultBench.write("app/db", bench.canary().secret, field: "user", kind: .plain)
        write.fields.append(.init(name: VaultBench.segment("password"), kind: .secret, value: bench.canary().secret))
        write.bindings = [("PGUSER", VaultBench.segment("user")), ("PGPASSWORD", VaultBench.segment("password"))]
        _ = try await bench.open.set(write, in: VaultBench.dev, by: bench.person())
        let scene = try await Scene(bench, ["app/db"])
        let values = Dictionary(scene.run.job.values.map { ($0.variable ?? "", $0.value.text) }) { first, _ in first }
        #expect(values["PGUSER"] == write.fields[0].value.text && values["PGPASSWORD"] == scene.door.setup.tokens.values.first?.text)
    }

    @Test("a tunnel that nobody looks into is a rule's matter, and an entry of its own; any other is opened and looked into") func tunnels()
        async throws
    {
        let rules = #"},{"name":"cdn","agent_id":"*","hosts":["cdn.example.com","api.stripe.com"],"tunnel":"allow","rate":"2/hour""#
        let scene = try await Scene(try await bench(rules))
        #expect(scene.door.setup.tunnelHosts == ["cdn.example.com", "api.stripe.com"])
        func ask(_ host: String, _ port: Int = 443) async -> RequestJudgement {
            await scene.door.judge.judge(
                AskedRequest(scheme: RequestQuestion.tunnelScheme, host: host, port: port, method: "CONNECT", path: "/", uses: []))
        }
        let allowed = try leave(await ask("cdn.example.com"))
        #expect(allowed.releases.isEmpty && !allowed.reachesOwnNetwork)
        await scene.door.judge.conclude(
            RequestOutcome(result: "done", bytesSent: 10, bytesReceived: 20, duration: .seconds(3)), of: allowed.entry)
        let log = try await scene.bench.log()
        let intent = try #require(log.last { $0.action == .known(.request) && $0.phase == .intent })
        #expect(intent.detail.contains(AuditFact("authority", "cdn.example.com")) && intent.detail.contains(AuditFact("method", "CONNECT")))
        let outcome = try #require(log.last { $0.phase == .outcome(of: allowed.entry, result: "done") })
        #expect(outcome.detail.contains { $0.key == "bytes-sent" })
        for (host, port) in [("api.stripe.com", 443), ("evil.example", 443), ("cdn.example.com", 22)] {
            let answer = denial(await ask(host, port))
            #expect(answer == .intercepted, "\(host)")
        }
        _ = try leave(await ask("cdn.example.com"))
        let third = denial(await ask("cdn.example.com"))
        #expect(third?.code == "rate_limited")
        try await scene.bench.lock()
        let locked = denial(await ask("cdn.example.com"))
        #expect(locked?.code == "vault.locked")
    }
}
