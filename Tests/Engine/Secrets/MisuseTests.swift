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
    private func ask(_ door: FakeBrokers.Door, showing strangers: [FakeToken] = []) async throws -> String? {
        let grant = try #require(door.setup.tokens.keys.first)
        let request = AskedRequest(
            scheme: "https", host: "api.stripe.com", port: 443, method: "GET", path: "/v1/customers",
            uses: [RequestWish.TokenUse(grant: grant, place: .bearer, occurrences: 1)], strangers: strangers.map { Array($0.text.utf8) })
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

    @Test("every misuse freezes: a token out of its place, one that is over, an unknown one, and a broker that asks for another request")
    func everyKind() async throws {
        let misuses: [@Sendable (MisuseTests, VaultBench, FakeBrokers.Door) async throws -> Void] = [
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
