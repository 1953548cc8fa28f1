import Auditing
import Brokering
import Model
import Policies
import TestKit
import Testing

@testable import Secrets

/// Fake tokens that are shown where they are not good: the person is told, and the policy may have the agent frozen.
@Suite struct MisuseTests {
    private func bench(_ more: String = #","on_misuse":"freeze""#) async throws -> VaultBench {
        let bench = try await ErrandTests.bench()
        for name in ["coder", "other"] { _ = try await bench.open.addAgent(SegmentName(name, of: .agent), by: bench.person()) }
        let rule = ErrandTests.rule.replacing("coder", with: "*")
        let json =
            #"{"policies":[{"name":"p","agent_id":"*","allowed_keys":["app/*"],"capabilities":["broker"]\#(more)}],"request_rules":[{\#(rule)}]}"#
        _ = try await bench.open.applyPolicy(json: Array(json.utf8), text: nil, expectedVersion: nil, by: bench.person())
        return bench
    }

    /// The door of a run for an agent.
    private func door(_ bench: VaultBench, _ agent: String = "coder") async throws -> FakeBrokers.Door {
        var wish = RunWish(arguments: ["claude"], scope: VaultBench.dev)
        wish.secrets = [.init(reference: try SecretReference(parsing: "app/key"))]
        wish.agent = try SegmentName(agent, of: .agent)
        _ = try await bench.open.prepareRun(wish, by: bench.person())
        return try #require(bench.brokers.doors.last)
    }

    /// Asks by a door; the code of its denial.
    private func ask(
        _ door: FakeBrokers.Door, showing strangers: [FakeToken] = [], at host: String = "api.stripe.com", _ port: Int = 443,
        _ method: String = "GET",
        _ path: String = "/v1/customers", in place: TokenPlace = .bearer, times: Int = 1, over scheme: String = "https"
    ) async throws -> String? {
        let grant = try #require(door.setup.tokens.keys.first)
        let request = AskedRequest(
            scheme: scheme, host: host, port: port, method: method, path: path,
            uses: [RequestWish.TokenUse(grant: grant, place: place, occurrences: times)], strangers: strangers.map { Array($0.text.utf8) })
        guard case .refuse(let denial) = await door.judge.judge(request) else { return nil }
        return denial?.code
    }

    @Test("a misuse is told to a person, once for its kind, and counted; whoever else looks reads no name") func told() async throws {
        let bench = try await bench("")
        let (door, other) = (try await door(bench), try await door(bench, "other"))
        let mark = try bench.open.bell.count
        let token = try #require(other.setup.tokens.values.first)
        for _ in 0..<3 { #expect(try await ask(door, showing: [token]) == "token.foreign") }
        await door.judge.noteMisuse(of: try #require(door.setup.tokens.keys.first), code: "broker.token-misplaced")
        let views = try bench.open.misuses(for: bench.person())
        #expect(views.map(\.agent) == ["coder", "coder"] && views.map(\.code) == ["token.foreign", "broker.token-misplaced"])
        #expect(views.map(\.count) == [3, 1] && views.allSatisfy { !$0.isFrozen })
        #expect(try bench.open.bell.count == mark + 2, "whoever watches is woken once for each kind")
        #expect(try bench.open.misuses(for: try bench.agent()).isEmpty)
        let warning = try #require(try bench.open.warnings.first { $0.contains("fake token") })
        #expect(warning.contains("4 times") && !warning.contains("coder"))
        #expect(try await ask(door) == nil, "it goes on")
    }

    @Test("a token for a host that no rule about its secret names, or in a place that none has, is a misuse, and told so") func elsewhere()
        async throws
    {
        let bench = try await bench("")
        let door = try await door(bench)
        for host in ["evil.example", "api.stripe.com.evil.example", "stripe.com"] {
            #expect(try await ask(door, at: host) == "destination_not_allowed", "the program is told what is to be done")
        }
        for place in [TokenPlace.query("key"), .cookie("a"), .header("x-api-key"), .segment, .json("/k")] {
            #expect(try await ask(door, in: place) == "destination_not_allowed")
        }
        // Over plain http as well, where nothing goes in any case.
        for port in [80, 8080] { #expect(try await ask(door, at: "evil.example", port, over: "http") == "destination_not_allowed") }
        #expect(try await ask(door, 80, in: .query("key"), over: "http") == "destination_not_allowed")
        #expect(try await ask(door, 80, over: "http") == "destination_not_allowed", "which is no misuse: it was meant for where it may go")
        let views = try bench.open.misuses(for: bench.person())
        #expect(views.map(\.code) == ["token.elsewhere", "token.misplaced"] && views.map(\.count) == [5, 6])
        let entries = try await bench.log().filter { $0.action == .known(.tokenMisuse) }
        #expect(entries.map(\.decision.code) == ["token.elsewhere", "token.misplaced"], "others of the kind are counted")
        #expect(entries.allSatisfy { $0.subjects.map(\.secret).count == 1 && $0.subjects[0].secret != nil })
        #expect(try await ask(door) == nil, "it goes on")
    }

    @Test("what a program may mean honestly is denied, and no misuse: another path, method, port or count, another host of the service, none at all")
    func honest() async throws {
        let bench = try await bench()
        let door = try await door(bench)
        let denied = "destination_not_allowed"
        #expect(try await ask(door, at: "api.stripe.com", 443, "GET", "/admin") == denied)
        #expect(try await ask(door, at: "api.stripe.com", 443, "DELETE") == denied)
        #expect(try await ask(door, at: "api.stripe.com", 8443) == denied)
        #expect(try await ask(door, at: "api.stripe.com", 443, "GET", "/admin", in: .query("key")) == denied)
        #expect(try await ask(door, at: "files.stripe.com") == denied)
        #expect(try await ask(door, times: 2) == denied)
        let bare = AskedRequest(scheme: "https", host: "evil.example", port: 443, method: "GET", path: "/", uses: [])
        guard case .refuse(let denial) = await door.judge.judge(bare) else { throw TestFailure("it went") }
        #expect(denial?.code == denied)
        #expect(try bench.open.misuses(for: bench.person()).isEmpty)
        #expect(try await ask(door) == nil, "nobody was frozen")
        _ = try await bench.open.applyPolicy(
            json: Array(#"{"policies":[{"name":"p","agent_id":"*","allowed_keys":["app/*"],"capabilities":["broker"],"on_misuse":"freeze"}]}"#.utf8),
            text: nil, expectedVersion: nil, by: bench.person())
        #expect(try await ask(door, at: "evil.example") == denied, "no rule is about its secret any more")
        #expect(try bench.open.misuses(for: bench.person()).isEmpty)
    }

    @Test("where the policy says so, the agent is frozen, over a lock, and no other; a person lets it act again") func frozen() async throws {
        let bench = try await bench()
        let (first, other) = (try await door(bench), try await door(bench, "other"))
        let token = try #require(other.setup.tokens.values.first)
        #expect(try await ask(first, showing: [token]) == "token.foreign")
        #expect(try await ask(first) == "agents.frozen")
        #expect(try await ask(other) == nil, "it was the other's token, and the other goes on")
        let states = try await bench.open.tokens(by: bench.person()).map { "\($0.agent) \($0.state)" }
        #expect(states.sorted() == ["coder revoked", "other live"])
        let entry = try #require(try await bench.log().last { $0.action == .known(.agentsFreeze) })
        #expect(entry.detail.contains(AuditFact("reason", "token.foreign")) && entry.detail.contains(AuditFact("tokens", 1)))
        #expect(try bench.open.misuses(for: bench.person()).map(\.isFrozen) == [true])
        #expect(try bench.open.warnings.contains { $0.contains("an agent is frozen") })
        #expect(await ErrandTests.code { _ = try await door(bench) } == "agents.frozen")
        try await bench.relock()
        #expect(await ErrandTests.code { _ = try await door(bench) } == "agents.frozen")
        _ = try await door(bench, "other")
        try await bench.open.thawAgents(by: bench.person())
        #expect(try await ask(try await door(bench)) == nil)
        #expect(try bench.open.warnings.allSatisfy { !$0.contains("frozen") })
        try await bench.relock()
        #expect(try await ask(try await door(bench)) == nil, "the thaw holds, too")
        #expect(try await bench.verify().missingOutcomes.count <= 5)
    }

    @Test("every misuse freezes: a token elsewhere, out of its place, one that is over, an unknown one, and a broker that asks for another request")
    func everyKind() async throws {
        let misuses: [@Sendable (MisuseTests, VaultBench, FakeBrokers.Door) async throws -> Void] = [
            { tests, _, door in
                let code = try await tests.ask(door, at: "evil.example")
                #expect(code == "destination_not_allowed")
            },
            { tests, _, door in
                let code = try await tests.ask(door, in: .cookie("a"))
                #expect(code == "destination_not_allowed")
            },
            { _, _, door in
                await door.judge.noteMisuse(
                    of: door.setup.tokens.keys.first ?? GrantID(random: .init { [UInt8](repeating: 0, count: $0) }), code: "broker.token-misplaced")
            },
            { tests, bench, door in
                _ = try await bench.open.revokeTokens(.agent(SegmentName("coder", of: .agent)), by: bench.person())
                #expect(try await tests.ask(door) == "token.revoked")
            },
            { _, bench, door in
                let use = RequestWish.TokenUse(grant: bench.random.id(), place: .bearer, occurrences: 1)
                _ = await door.judge.judge(
                    AskedRequest(scheme: "https", host: "api.stripe.com", port: 443, method: "GET", path: "/v1/customers", uses: [use]))
            },
            { _, bench, _ in
                bench.brokers.play { script in
                    script.asks = {
                        AskedRequest(scheme: $0.scheme, host: "evil.com", port: $0.port, method: $0.method, path: $0.path, uses: $0.uses)
                    }
                }
                let agent = try await bench.open.agent(named: SegmentName("coder", of: .agent), for: bench.person())
                #expect(await ErrandTests.code { try await ErrandTests.request(bench, by: agent) } != nil)
            },
        ]
        for misuse in misuses {
            let bench = try await bench()
            let door = try await door(bench)
            try await misuse(self, bench, door)
            #expect(try await ask(door) == "agents.frozen")
        }
    }

    @Test("a store that fails keeps nobody from being frozen") func failing() async throws {
        let freeze = AgentFreeze()
        let (one, other): (AgentID, AgentID) = (SeededRandom(seed: 1).id(), SeededRandom(seed: 2).id())
        #expect(freeze.begin(one, at: Timestamp(nanoseconds: 1)) && !freeze.begin(one, at: Timestamp(nanoseconds: 2)))
        #expect(freeze.denial(of: one) != nil && freeze.denial(of: other) == nil && freeze.denial(of: AgentID?.none) == nil && freeze.isOn)
        freeze.begin(AgentID?.none, at: Timestamp(nanoseconds: 1))
        #expect(freeze.denial(of: AgentID?.none) != nil && freeze.count == 2)
        freeze.end()
        #expect(!freeze.isOn)
    }
}
