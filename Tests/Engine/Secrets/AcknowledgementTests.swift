import Auditing
import Model
import Policies
import TestKit
import Testing

@testable import Secrets

/// Rules as agents see them, and what an acknowledgement is worth.
@Suite struct AcknowledgementTests {
    private typealias Sessions = AgentSessionTests
    private static let byAgent = #""require_confirmation","by":"agent""#

    private func acknowledge(
        _ bench: VaultBench, _ name: String = "app/key", rule: String = "rule", purpose: String = "a test", by asker: Asker? = nil
    ) async throws -> Acknowledgement {
        try await bench.open.acknowledge(
            rule: rule, for: VaultBench.name(name), in: VaultBench.dev, purpose: purpose, by: try asker ?? bench.agent())
    }

    private func rules(_ bench: VaultBench, _ name: String? = "app/key", by asker: Asker? = nil) async throws -> [RuleView] {
        try await bench.open.rules(about: name.map(VaultBench.name), in: VaultBench.dev, by: try asker ?? bench.agent()).rules
    }

    @Test("of a rule that wants a person, an agent is told that the use itself asks for it") func person() async throws {
        let bench = try await Sessions.bench(#""require_confirmation","by":"person""#)
        #expect(try await rules(bench).map(\.meetBy) == [PolicyDenial.makeCall])
    }

    @Test("an agent is told which programs may have what it may list, and of no rule about anything else") func programs() async throws {
        let bench = try await Sessions.bench(#""notify""#)
        let pin = String(repeating: "ab", count: 32)
        let policy = #"{"name":"p","agent_id":"coder","allowed_keys":["app/*"],"capabilities":["env_inject"],"unsandboxed":"allow"}"#
        let rules = [
            #"{"name":"one","agent_id":"coder","keys":["db/key","app/k*"],"programs":["/usr/bin/curl","/opt/*/bin/x"]}"#,
            #"{"name":"pinned","agent_id":"coder","keys":["app/other"],"programs":["/usr/bin/python3"],"sha256":["\#(pin)"],"any_code":"allow"}"#,
            #"{"name":"hidden","agent_id":"coder","keys":["db/**"],"programs":["/usr/bin/psql"]}"#,
            #"{"name":"elsewhere","agent_id":"coder","environments":["shop/prod"],"keys":["**"],"programs":["/usr/bin/kubectl"]}"#,
            #"{"name":"others","agent_id":"second","keys":["**"],"programs":["/usr/bin/wc"]}"#,
            #"{"name":"guard","agent_id":"coder","denied_programs":["printenv"]}"#,
        ]
        let json = #"{"policies":[\#(policy)],"command_rules":[\#(rules.joined(separator: ","))]}"#
        _ = try await bench.open.applyPolicy(json: Array(json.utf8), text: nil, expectedVersion: nil, by: bench.person())
        let one = try await bench.open.rules(about: VaultBench.name("app/key"), in: VaultBench.dev, by: bench.agent()).programs
        #expect(one.entries.map(\.rule) == ["one", "guard"] && !one.allowsUnlisted)
        #expect(one.entries.map(\.programs) == [["/usr/bin/curl", "/opt/*/bin/x"], ["printenv"]])
        #expect(one.entries.map(\.isDenial) == [false, true] && one.entries.map(\.strength) == [.ceremony, .ceremony])
        #expect(one.entries.map(\.keys) == [["app/k*"], []])
        let all = try await bench.open.rules(about: nil, in: VaultBench.dev, by: bench.agent()).programs
        #expect(all.entries.map(\.rule) == ["one", "pinned", "guard"])
        // A pattern that is only about what the agent may not list is not told.
        #expect(all.entries.map(\.keys) == [["app/k*"], ["app/other"], []])
        #expect(all.entries.map(\.isPinned) == [false, true, false] && all.entries.map(\.allowsAnyCode) == [false, true, false])
        #expect(
            await Sessions.code { _ = try await bench.open.rules(about: VaultBench.name("db/key"), in: VaultBench.dev, by: bench.agent()) }
                == "secret.not-found")
        #expect(try await bench.open.rules(about: nil, in: VaultBench.dev, by: bench.person()).programs.entries.isEmpty)
    }

    @Test("an acknowledgement meets its rule for one secret, one agent and five minutes") func life() async throws {
        let bench = try await Sessions.bench(Self.byAgent)
        #expect(await Sessions.mask(bench) == "acknowledgement_required")
        let taken = try await acknowledge(bench)
        #expect(taken.rule == "rule")
        #expect(await Sessions.mask(bench) == nil)
        #expect(await Sessions.mask(bench, "app/other") == "acknowledgement_required")
        #expect(await Sessions.mask(bench, by: Sessions.stranger(bench)) == "acknowledgement_required")
        #expect(try await rules(bench).map(\.isMet) == [true])
        #expect(try await rules(bench).first?.until != nil)
        bench.machine.setWall(by: .seconds(-86_400))
        bench.machine.advance(.seconds(299))
        #expect(await Sessions.mask(bench) == nil)
        bench.machine.advance(.seconds(2))
        #expect(await Sessions.mask(bench) == "acknowledgement_required")
        let entry = try await bench.log().last { $0.action == .known(.ruleAcknowledge) }
        #expect(entry?.detail == [AuditFact("rule", "rule"), AuditFact("purpose", "a test")])
    }

    @Test("an acknowledgement ends with the lock and with the policy it was given under") func ends() async throws {
        let bench = try await Sessions.bench(Self.byAgent)
        _ = try await acknowledge(bench)
        try await bench.relock()
        #expect(await Sessions.mask(bench) == "acknowledgement_required")
        _ = try await acknowledge(bench)
        let json = try #require(try await bench.open.showPolicy(by: bench.person())?.json)
        _ = try await bench.open.applyPolicy(json: json, text: nil, expectedVersion: nil, by: bench.person())
        #expect(await Sessions.mask(bench) == "acknowledgement_required")
    }

    @Test(
        "what no acknowledgement meets is refused as the rule refuses",
        arguments: [
            (#""require_session""#, "session_required"), (#""block_always""#, "blocked_by_rule"),
            (#""require_confirmation","by":"person""#, "approval_required"), (#""notify""#, "request.invalid"),
        ])
    func others(kind: String, code: String) async throws {
        let bench = try await Sessions.bench(kind)
        #expect(await Sessions.code { _ = try await acknowledge(bench) } == code)
        #expect(try await bench.log().contains { $0.action == .known(.ruleAcknowledge) && $0.decision.effect == .deny })
    }

    @Test("hidden and absent names, rules that are not there and persons acknowledge nothing") func refusals() async throws {
        let bench = try await Sessions.bench(Self.byAgent)
        for name in ["db/key", "db/none", "app/none"] {
            #expect(await Sessions.code { _ = try await acknowledge(bench, name) } == "secret.not-found")
            #expect(await Sessions.code { _ = try await rules(bench, name) } == "secret.not-found")
        }
        #expect(await Sessions.code { _ = try await acknowledge(bench, rule: "other") } == "request.invalid")
        #expect(await Sessions.code { _ = try await acknowledge(bench, purpose: "\u{200F}") } == "request.invalid")
        #expect(await Sessions.code { _ = try await acknowledge(bench, by: bench.person()) } == "request.invalid")
        #expect(await Sessions.mask(bench) == "acknowledgement_required")
    }

    @Test("rules are listed where they are about something that may be listed, with their strength") func list() async throws {
        let bench = try await Sessions.bench(Self.byAgent)
        let all = try await rules(bench, nil)
        #expect(all.map(\.rule.name) == ["rule"] && all.map(\.isMet) == [false])
        #expect(all.first?.rule.strength == .ceremony && all.first?.meetBy == "rule_acknowledge")
        _ = try await acknowledge(bench)
        #expect(try await rules(bench, nil).map(\.isMet) == [false], "the other secret is not acknowledged")
        _ = try await acknowledge(bench, "app/other")
        #expect(try await rules(bench, nil).map(\.isMet) == [true])
        // A rule about what the agent may not list is not told.
        var patch = MetadataPatch()
        patch.removeTags = ["live"]
        for name in ["app/key", "app/other"] {
            _ = try await bench.open.patch(VaultBench.name(name), in: VaultBench.dev, patch, expectedRevision: nil, by: bench.person())
        }
        (patch.removeTags, patch.addTags) = ([], ["live"])
        _ = try await bench.open.patch(VaultBench.name("db/key"), in: VaultBench.dev, patch, expectedRevision: nil, by: bench.person())
        #expect(try await rules(bench, nil).isEmpty)
        #expect(try await rules(bench, nil, by: bench.person()).isEmpty)
    }

    @Test("no number of acknowledgements fills the keeper") func limit() async throws {
        let bench = try await Sessions.bench(Self.byAgent)
        let book = try bench.open.sessions
        let holder = SessionHolder.process(1, start: 1)
        for index in 0..<AgentSessionBook.acknowledgementsPerHolder {
            let what = AgentSessionBook.Acknowledged(holder: holder, secret: SecretID(random: bench.random.bytes), rule: "\(index)")
            #expect(book.acknowledge(what, life: .seconds(300), now: Timestamp(nanoseconds: 0)))
        }
        let one = AgentSessionBook.Acknowledged(holder: holder, secret: SecretID(random: bench.random.bytes), rule: "more")
        #expect(!book.acknowledge(one, life: .seconds(300), now: Timestamp(nanoseconds: 1)))
        #expect(book.acknowledge(one, life: .seconds(300), now: Timestamp(nanoseconds: 300_000_000_001)))
    }
}
