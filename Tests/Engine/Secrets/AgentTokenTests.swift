import Auditing
import Brokering
import Model
import Policies
import Storage
import TestKit
import Testing

@testable import Secrets

/// Tokens that agents ask for themselves, with an address at which they are good.
@Suite struct AgentTokenTests {
    private func agent(_ bench: VaultBench, _ name: String = "coder") async throws -> Asker {
        var agent = try await bench.open.agent(named: VaultBench.segment(name), for: bench.person())
        agent.source = .mcp
        return agent
    }

    private func wish(_ name: String = "app/key", purpose: String = "a test", life: Duration? = nil) throws -> AgentTokenWish {
        AgentTokenWish(scope: VaultBench.dev, reference: try SecretReference(parsing: name), purpose: purpose, life: life)
    }

    private func asked(_ grant: GrantID, _ path: String = "/v1/charges") -> AskedRequest {
        AskedRequest(
            scheme: "https", host: "api.stripe.com", port: 443, method: "GET", path: path, uses: [.init(grant: grant, place: .bearer, occurrences: 1)]
        )
    }

    private func isAllowed(_ judgement: RequestJudgement) -> Bool { if case .allow = judgement { true } else { false } }

    @Test("the agent gets a token like the provider's, the address, and the variables of its programs; requests with it are judged as any of its own")
    func issued() async throws {
        let bench = try await TokenTests.bench()
        let token = try await bench.open.token(wish(), by: agent(bench))
        let door = try #require(bench.brokers.doors.last)
        #expect(door.setup.tokens == [token.id: FakeToken(text: token.text)] && token.provider == "stripe")
        #expect(token.address.hasPrefix("http://127.0.0.1:4711/via/stripe") && token.variables.first?.value == token.text)
        let real = try await bench.reveal("app/key")
        #expect(token.text != real && bench.brokers.leaves.isEmpty)
        let (listed, other) = (await door.judge.judge(asked(token.id)), await door.judge.judge(asked(token.id, "/v2/x")))
        #expect(isAllowed(listed) && !isAllowed(other))
        #expect(token.entry > 0)
        let intent = try #require(try await bench.log().last { $0.action == .known(.tokenIssue) && $0.phase == .intent })
        #expect(intent.actor.kind == .known(.agent) && intent.detail.contains { $0.key == "purpose" })
        let views = try await bench.open.tokens(by: bench.person())
        #expect(views.map(\.id) == [token.id] && views.map(\.state) == [.live])
    }

    @Test("what an agent says of itself is kept without its live tokens, in whatever form, and with all else as it was") func words() async throws {
        let bench = try await TokenTests.bench()
        let mine = try await agent(bench)
        let token = try await bench.open.token(wish(), by: mine)
        let hexadecimal = Array(token.text.utf8).hexadecimal
        for (purpose, kept) in [
            ("ask with \(token.text), please", "ask with [REDACTED:app/key], please"), ("it is \(hexadecimal).", "it is [REDACTED:app/key:hex]."),
            ("a\u{1}\(token.text.prefix(20))\u{200B}\(token.text.dropFirst(20))", "a[REDACTED:app/key]"), ("no \(token.text.prefix(12)) in it", nil),
        ] {
            _ = try await bench.open.token(wish(purpose: purpose), by: mine)
            let intent = try #require(try await bench.log().last { $0.action == .known(.tokenIssue) && $0.phase == .intent })
            #expect(intent.detail.first { $0.key == "purpose" }?.value == kept ?? purpose)
        }
        let other = try await agent(bench, "other")
        #expect(try await bench.open.quoted(token.text, of: other) == token.text, "what another holds is not searched for")
        try await bench.relock()
        #expect(try await bench.open.quoted(token.text, of: mine) == token.text, "nor what is over")
    }

    @Test("tokens of one agent share a broker, and another agent has its own; both end with the lock") func shared() async throws {
        let bench = try await TokenTests.bench()
        for _ in 0..<3 { _ = try await bench.open.token(wish(), by: agent(bench)) }
        _ = try await bench.open.token(wish(), by: agent(bench, "other"))
        #expect(bench.brokers.started == 2 && bench.brokers.doors.count == 4)
        try await bench.lock()
        #expect(bench.brokers.running == 0)
    }

    @Test("an agent has sixteen at most; what it ends makes room, and its tokens are good for nothing") func ends() async throws {
        let bench = try await TokenTests.bench()
        let first = try await bench.open.token(wish(), by: agent(bench))
        for _ in 1..<AgentDoors.tokensPerAgent { _ = try await bench.open.token(wish(), by: agent(bench)) }
        let agent = try await agent(bench)
        #expect(await ErrandTests.code { try await bench.open.token(wish(), by: agent) } == "request.invalid")
        let door = try #require(bench.brokers.doors.first)
        var sleep = SleepWish()
        sleep.what = .tokens
        let slumber = try await bench.open.sleep(sleep, by: agent)
        #expect(slumber.tokens == AgentDoors.tokensPerAgent && bench.brokers.running == 0)
        let after = await door.judge.judge(asked(first.id))
        #expect(!isAllowed(after))
        #expect(try await bench.open.tokens(by: bench.person()).allSatisfy { $0.state == .revoked })
        _ = try await bench.open.token(wish(), by: agent)
    }

    @Test("one expires, and its broker goes with the last") func expires() async throws {
        let bench = try await TokenTests.bench()
        let token = try await bench.open.token(wish(life: .seconds(60)), by: agent(bench))
        let door = try #require(bench.brokers.doors.last)
        bench.machine.advance(.seconds(61))
        let after = await door.judge.judge(asked(token.id))
        #expect(!isAllowed(after))
        try bench.open.agentDoors.end(at: bench.open.expiryClock())
        #expect(bench.brokers.running == 0)
    }

    @Test("first calls at once share one broker, and each token is good") func atOnce() async throws {
        let bench = try await TokenTests.bench()
        let agent = try await agent(bench)
        bench.brokers.play { $0.isHeld = true }
        let tokens = try await withThrowingTaskGroup(of: AgentToken.self) { group in
            for _ in 0..<6 { group.addTask { try await bench.open.token(wish(), by: agent) } }
            while try await bench.log().count(where: { $0.action == .known(.tokenIssue) && $0.phase == .intent }) < 6 { await Task.yield() }
            bench.brokers.play { $0.isHeld = false }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(bench.brokers.started == 1 && bench.brokers.running == 1 && Set(tokens.map(\.id)).count == 6)
        for token in tokens {
            let door = try #require(bench.brokers.doors.first { $0.setup.tokens[token.id] != nil })
            let answer = await door.judge.judge(asked(token.id))
            #expect(isAllowed(answer))
        }
    }

    @Test("a broker that does not answer keeps no other agent waiting", .timeLimit(.minutes(1))) func silentBroker() async throws {
        let bench = try await TokenTests.bench()
        let (mine, other) = (try await agent(bench), try await agent(bench, "other"))
        let (isSilent, isAsked) = (Flag(true), Flag(false))
        bench.brokers.play { script in
            script.opening = {
                guard !isAsked.isSet else { return }
                isAsked.set()
                while isSilent.isSet { await Task.yield() }
                throw BrokerFailure.unavailable
            }
        }
        async let waiting = ErrandTests.code { try await bench.open.token(wish(), by: mine) }
        while !isAsked.isSet { await Task.yield() }
        _ = try await bench.open.token(wish(), by: other)
        isSilent.set(false)
        #expect(await waiting == "broker.unavailable")
        #expect(try await bench.open.tokens(by: bench.person()).map(\.state).sorted { "\($0)" < "\($1)" } == [.live, .revoked])
    }

    @Test("the tokens of a broker that died end with the next one's start") func deadBroker() async throws {
        let bench = try await TokenTests.bench()
        let first = try await bench.open.token(wish(), by: agent(bench))
        bench.brokers.killAll()
        let second = try await bench.open.token(wish(), by: agent(bench))
        let states = Dictionary(uniqueKeysWithValues: try await bench.open.tokens(by: bench.person()).map { ($0.id, $0.state) })
        #expect(states == [first.id: .revoked, second.id: .live])
    }

    @Test("an agent that asks without end is told to wait, and of its tokens that are over only the latest are kept") func without() async throws {
        let bench = try await TokenTests.bench()
        let agent = try await agent(bench)
        _ = try await bench.open.issueToken(TokenTests.wish(life: .seconds(60)), by: bench.person())
        _ = try await bench.open.token(wish(life: .seconds(60)), by: self.agent(bench, "other"))
        var sleep = SleepWish()
        sleep.what = .tokens
        var codes: [String?] = []
        for _ in 0..<33 {
            codes.append(await ErrandTests.code { try await bench.open.token(wish(), by: agent) })
            _ = try await bench.open.sleep(sleep, by: agent)
        }
        #expect(codes.dropLast().allSatisfy { $0 == nil } && codes.last == "token.too-often")
        for _ in 0..<4 {
            bench.machine.advance(.seconds(61))
            for _ in 0..<32 {
                _ = try await bench.open.token(wish(), by: agent)
                _ = try await bench.open.sleep(sleep, by: agent)
            }
        }
        bench.machine.advance(.seconds(61))
        let last = try await bench.open.token(wish(), by: agent)
        // With those of others, and the one that lives.
        let kept = try await bench.open.book.records(.grant).count
        #expect(kept == OpenVault.deadGrantsPerAgent + 3)
        let door = try #require(bench.brokers.doors.last)
        let answer = await door.judge.judge(asked(last.id))
        #expect(isAllowed(answer))
        #expect(try await bench.verify().verdict.isIntact)
        try await bench.relock()
    }

    @Test("while the clock is in doubt nothing is forgotten") func doubtfulClock() async throws {
        let bench = try await TokenTests.bench()
        let agent = try await agent(bench)
        var sleep = SleepWish()
        sleep.what = .tokens
        _ = try await bench.open.token(wish(), by: agent)
        bench.machine.setWall(by: .seconds(-600))
        for _ in 0..<5 {
            bench.machine.advance(.seconds(61))
            for _ in 0..<30 {
                _ = try await bench.open.token(wish(), by: agent)
                _ = try await bench.open.sleep(sleep, by: agent)
            }
        }
        let kept = try await bench.open.book.records(.grant).count
        #expect(kept == 151)
    }

    @Test("nobody gets one that may make no request with the secret, or for a service without an address") func refused() async throws {
        let bench = try await TokenTests.bench()
        let agent = try await agent(bench)
        try await bench.set("db/key", bench.canary().secret)
        #expect(await ErrandTests.code { try await bench.open.token(wish("db/key"), by: bench.nobody()) } != nil)
        #expect(await ErrandTests.code { try await bench.open.token(wish("db/key"), by: agent) } != nil)
        #expect(await ErrandTests.code { try await bench.open.token(wish("app/none"), by: agent) } == "secret.not-found")
        for life in [Duration.seconds(59), .seconds(28_801)] {
            #expect(await ErrandTests.code { try await bench.open.token(wish(life: life), by: agent) } == "request.invalid")
        }
        let elsewhere = #","request_rules":[{"name":"own","agent_id":"*","keys":["app/*"],"hosts":["api.example.com"],"paths":["/**"]}]"#
        try await bench.allow([.broker], agent: "*", rules: elsewhere)
        #expect(await ErrandTests.code { try await bench.open.token(wish(), by: agent) } == "unavailable")
        try await bench.allow([.envInject], agent: "*", rules: TokenTests.rules)
        #expect(await ErrandTests.code { try await bench.open.token(wish(), by: agent) } == "not_permitted")
        #expect(bench.brokers.started == 0)
    }
}
