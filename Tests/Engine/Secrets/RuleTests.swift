import Auditing
import Model
import Policies
import TestKit
import Testing

@testable import Secrets

/// What tag rules and command rules do to an agent's acts.
@Suite struct RuleTests {
    private static let curl = OpenedProgram(path: "/usr/bin/curl", names: ["curl"], runsAnyCode: false, isWritableByCaller: false, isBound: true)

    /// A vault with `app/key` (tagged) and `db/key`, and a policy for `coder` with these rules.
    private func bench(_ rules: String, tags: [String] = ["live"], policy: String = "") async throws -> VaultBench {
        let bench = try await VaultBench.unlocked()
        var write = VaultBench.write("app/key", bench.canary().secret)
        write.tags = tags
        _ = try await bench.open.set(write, in: VaultBench.dev, by: bench.person())
        try await bench.set("db/key", bench.canary().secret)
        try await apply(rules, policy: policy, to: bench)
        return bench
    }

    private func apply(_ rules: String, policy: String = "", to bench: VaultBench) async throws {
        let json = """
            {"policies":[{"name":"first","agent_id":"coder","allowed_keys":["app/*"],"capabilities":["masked_return","env_inject"],\
            "unsandboxed":"allow"\(policy)}]\(rules)}
            """
        _ = try await bench.open.applyPolicy(json: Array(json.utf8), text: nil, expectedVersion: nil, by: bench.person())
    }

    private func tagRule(_ kind: String) -> String { #","tag_rules":[{"name":"rule","kind":\#(kind),"tags":["live"]}]"# }
    private func commandRule(_ members: String) -> String {
        #","command_rules":[{"name":"list","agent_id":"coder","keys":["app/*"],"# + members + "}]"
    }

    private func denial(_ body: () async throws -> Void) async -> EngineError.Denial? {
        do {
            try await body()
            return nil
        } catch EngineError.denied(let denial) { return denial } catch {
            Issue.record("\(error)")
            return nil
        }
    }

    private func prepare(_ bench: VaultBench, _ name: String = "app/key", by asker: Asker? = nil) async throws -> PreparedRun {
        var wish = RunWish(arguments: ["curl", "x"], scope: VaultBench.dev)
        wish.secrets = [.init(reference: try SecretReference(parsing: name))]
        return try await bench.open.prepareRun(wish, by: try asker ?? bench.agent())
    }

    private func mask(_ bench: VaultBench, _ name: String = "app/key", by asker: Asker? = nil) async throws {
        _ = try await bench.open.masked(FieldReference(scope: VaultBench.dev, name: VaultBench.name(name)), by: try asker ?? bench.agent())
    }

    @Test(
        "an unmet tag rule denies every use with its code and next step, and leaves an entry",
        arguments: [
            (#""block_always""#, "blocked_by_rule", "tell the person; only they can change the policy"),
            (#""require_session""#, "session_required", "session_wake"),
            (#""block_models","models":["model-x"]"#, "blocked_by_rule", "tell the person; only they can change the policy"),
            (#""require_confirmation","by":"agent""#, "acknowledgement_required", "rule_acknowledge"),
            (#""require_confirmation","by":"person""#, "approval_required", "access_check"),
        ])
    func unmet(kind: String, code: String, nextStep: String) async throws {
        let bench = try await bench(tagRule(kind))
        for act in [{ try await mask(bench) }, { _ = try await prepare(bench) }] {
            let denial = await denial(act)
            #expect(denial?.code == code)
            #expect(denial?.rule == "rule")
            #expect(denial?.nextStep == nextStep)
        }
        #expect(bench.runners.jobs.isEmpty)
        #expect(try await bench.log().count { $0.decision == .deny(code: code, rule: "rule") } == 2)
        // What has another tag, or none, and what a person does, the rule is not about.
        _ = try await prepare(bench, by: bench.person())
        try await mask(bench, by: bench.person())
        var patch = MetadataPatch()
        patch.removeTags = ["live"]
        _ = try await bench.open.patch(VaultBench.name("app/key"), in: VaultBench.dev, patch, expectedRevision: nil, by: bench.person())
        try await mask(bench)
        _ = try await prepare(bench)
    }

    @Test("a model that is not blocked passes, and one that is not told does not") func models() async throws {
        let bench = try await bench(tagRule(#""block_models","models":["other"]"#))
        try await mask(bench)
        var quiet = try bench.agent()
        quiet.reportedModel = nil
        #expect(await denial { try await mask(bench, by: quiet) }?.code == "blocked_by_rule")
    }

    @Test("who is to be told finds the use marked in the log, before the value left") func notice() async throws {
        let bench = try await bench(tagRule(#""notify""#))
        try await mask(bench)
        _ = try await prepare(bench)
        let marked = try await bench.log().filter { $0.phase == .intent && $0.detail.contains(AuditFact("notify", "rule")) }
        #expect(marked.count == 2)
        #expect(marked.allSatisfy { $0.decision == .allow(rule: "first") })
    }

    @Test("a list says what the agent may do in spite of tags, and what is blocked is good for nothing") func list() async throws {
        let bench = try await bench(tagRule(#""require_session""#))
        let usable = { try await bench.open.list(VaultBench.dev, ListFilter(), by: bench.agent()).views.first?.usableWith }
        #expect(try await usable() == ["reference_only", "masked_return", "env_inject"])
        try await apply(tagRule(#""block_always""#), to: bench)
        #expect(try await usable() == ["reference_only"])
    }

    @Test("hidden and absent names are refused alike, whatever rules there are, and no program is opened for them") func hidden() async throws {
        let rules = tagRule(#""block_always""#) + commandRule(#""programs":["/usr/bin/psql"]"#)
        let bench = try await bench(rules)
        for name in ["db/key", "db/none", "app/none"] {
            await #expect(throws: EngineError.notFound(.secret)) { _ = try await prepare(bench, name) }
            await #expect(throws: EngineError.notFound(.secret)) { try await mask(bench, name) }
        }
        #expect(bench.runners.opened.isEmpty)
    }

    @Test("a program is opened before it is decided about, and decided about before anything is sent") func program() async throws {
        let bench = try await bench(commandRule(#""programs":["/usr/bin/curl"],"home":"real","path":["/opt/bin"]"#))
        bench.runners.find(Self.curl)
        let run = try await prepare(bench)
        #expect(bench.runners.opened.map(\.values.count) == [0])
        #expect(bench.runners.opened.map(\.takesFingerprint) == [false])
        #expect(run.job.values.count == 1)
        #expect(run.job.audience == .agent(realHome: true))
        #expect(run.job.searchPath == ["/opt/bin"])
        let intent = try #require(try await bench.log().last { $0.phase == .intent && $0.action == .known(.run) })
        #expect(intent.detail.contains(AuditFact("command-rule", "list")))
        bench.runners.find(OpenedProgram(path: "/usr/bin/curl", runsAnyCode: false, isWritableByCaller: true, isBound: true))
        let refused = await denial { _ = try await prepare(bench) }
        #expect(refused?.code == "command_blocked")
        #expect(refused?.rule == "list")
        #expect(bench.runners.jobs.isEmpty, "nothing was sent to a runner that waits")
        #expect(try await bench.log().contains { $0.decision == .deny(code: "command_blocked", rule: "list") })
        #expect(intent.decision == .allow(rule: "first"))
    }

    @Test("content is asked for where a rule pins it, and decides") func pins() async throws {
        let hash = String(repeating: "a", count: 64)
        let bench = try await bench(commandRule(#""sha256":["\#(hash)"]"#))
        var program = Self.curl
        program.isWritableByCaller = true
        bench.runners.find(program)
        #expect(await denial { _ = try await prepare(bench) }?.code == "command_blocked")
        #expect(bench.runners.opened.last?.takesFingerprint == true)
        program.fingerprint = ProgramFingerprint(parsing: hash)
        bench.runners.find(program)
        _ = try await prepare(bench)
    }

    @Test("a person's program is not asked about") func person() async throws {
        let bench = try await bench(commandRule(#""programs":["/usr/bin/psql"],"denied_programs":["curl"]"#))
        bench.runners.find(Self.curl)
        let run = try await prepare(bench, by: bench.person())
        #expect(run.job.audience == .person)
        #expect(bench.runners.opened.map(\.takesFingerprint) == [false])
        #expect(await denial { _ = try await prepare(bench) }?.reason.hasPrefix("accident guard") == true)
    }

    @Test("a program that cannot be opened is a refusal in the log, and no value was touched") func unopened() async throws {
        let bench = try await bench("")
        bench.runners.refuse(with: .runnersGone)
        await #expect(throws: EngineError.runnersGone) { _ = try await prepare(bench) }
        #expect(try await bench.log().contains { $0.action == .known(.run) && $0.decision == .deny(code: "run.unavailable") })
        #expect(try await bench.verify().missingOutcomes.isEmpty)
    }

    @Test("two secrets that are granted differently get what both are granted") func together() async throws {
        let rules = """
            ,"command_rules":[{"name":"a","agent_id":"coder","keys":["app/a"],"programs":["/usr/bin/curl"],"home":"real","path":["/opt"]},\
            {"name":"b","agent_id":"coder","keys":["app/*"],"programs":["/usr/bin/curl"],"path":["/usr/bin"]}]
            """
        let bench = try await bench(rules)
        for name in ["app/a", "app/b"] { try await bench.set(name, bench.canary().secret) }
        bench.runners.find(Self.curl)
        var wish = RunWish(arguments: ["curl"], scope: VaultBench.dev)
        wish.secrets = try ["app/a", "app/b"].map { .init(reference: try SecretReference(parsing: $0)) }
        let run = try await bench.open.prepareRun(wish, by: bench.agent())
        #expect(run.job.audience == .agent(realHome: false))
        #expect(run.job.searchPath == nil)
    }

    @Test("a policy whose own test fails is not put in force") func failingTest() async throws {
        let bench = try await bench("")
        let error = await #expect(throws: PolicyError.self) {
            try await apply(#","tests":[{"name":"t","agent":"coder","secret":"db/key","expect":"allow"}]"#, to: bench)
        }
        #expect(error?.code == "policy.test-fails")
        #expect(try await bench.open.showPolicy(by: bench.person())?.version == 1)
    }

    @Test("an explanation looks up tags, opens the program and executes nothing") func explanation() async throws {
        let bench = try await bench(tagRule(#""require_session""#) + commandRule(#""programs":["/usr/bin/curl"]"#))
        bench.runners.find(Self.curl)
        var inquiry = PolicyInquiry(
            agent: .agent(VaultBench.segment("coder")), scope: VaultBench.dev, name: VaultBench.name("app/key"), capability: .envInject)
        #expect(try await bench.open.explainPolicy(inquiry, by: bench.person()).decision.code == "session_required")
        inquiry.given = [.session]
        inquiry.arguments = ["curl"]
        let (decision, steps) = try await bench.open.explainPolicy(inquiry, by: bench.person())
        #expect(decision.isAllowed)
        #expect(steps.contains { $0.hasPrefix("tag rule `rule`: require_session by tag `live`, met (ceremony") })
        #expect(steps.contains("command rule `list`: lets the program have it"))
        #expect(bench.runners.opened.count == 1 && bench.runners.jobs.isEmpty)
        inquiry.tags = []
        inquiry.given = []
        #expect(try await bench.open.explainPolicy(inquiry, by: bench.person()).decision.isAllowed)
        inquiry.name = VaultBench.name("app/none")
        #expect(try await bench.open.explainPolicy(inquiry, by: bench.person()).steps.last?.hasPrefix("no secret of this name") == true)
        // A hidden one is there: the person is told what the agent reads, and what hides it.
        inquiry.name = VaultBench.name("db/key")
        let hidden = try await bench.open.explainPolicy(inquiry, by: bench.person()).steps
        #expect(hidden.contains { $0 == "the agent may not know of it: no pattern under `allowed_keys` of \u{201C}first\u{201D} matches it" })
        #expect(
            hidden.last?.hasPrefix(
                "the agent is told: not_found, \u{201C}there is no such secret, or you may not use it\u{201D}, as of a name that nobody has") == true)
        await #expect(throws: EngineError.denied(.personOnly)) { _ = try await bench.open.explainPolicy(inquiry, by: bench.agent()) }
    }
}

extension PolicyDecision {
    fileprivate var code: String? { if case .deny(let denial) = self { denial.code.rawValue } else { nil } }
}
