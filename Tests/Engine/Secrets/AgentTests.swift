import Auditing
import Model
import Policies
import Storage
import TestKit
import Testing

@testable import Secrets

@Suite struct AgentTests {
    /// A vault with `app/key`, `app/root` (denied) and `db/key` (not allowed).
    private func bench(_ capabilities: [Capability] = [.maskedReturn, .envInject]) async throws -> VaultBench {
        let bench = try await VaultBench.unlocked()
        for name in ["app/key", "app/root", "db/key"] { try await bench.set(name, bench.canary().secret) }
        if !capabilities.isEmpty { try await bench.allow(capabilities) }
        return bench
    }

    private func error(_ body: () async throws -> Void) async -> EngineError? {
        do { try await body() } catch { return error as? EngineError }
        return nil
    }

    private func masked(_ bench: VaultBench, _ name: String, _ scope: Scope = VaultBench.dev, by asker: Asker? = nil) async -> EngineError? {
        await error { _ = try await bench.open.masked(FieldReference(scope: scope, name: VaultBench.name(name)), by: asker ?? bench.agent()) }
    }

    private func run(_ bench: VaultBench, _ names: [String], by asker: Asker? = nil) async -> EngineError? {
        await error {
            var wish = RunWish(arguments: ["curl"], scope: VaultBench.dev)
            wish.secrets = names.map { .init(reference: SecretReference(name: VaultBench.name($0))) }
            _ = try await bench.open.prepareRun(wish, by: asker ?? bench.agent())
        }
    }

    @Test("an agent does what the policy allows, and the log says by which rule") func allowed() async throws {
        let bench = try await bench()
        #expect(await masked(bench, "app/key") == nil)
        #expect(await run(bench, ["app/key"]) == nil)
        let entries = try await bench.log().filter { $0.actor.kind == .known(.agent) }
        #expect(entries.map(\.action.text) == ["secret.masked", "secret.masked", "run"])
        #expect(entries.map(\.decision.rule) == ["first", nil, "first"])
        #expect(entries.allSatisfy { $0.actor.agentName == "coder" && $0.actor.reportedModel == "model-x" })
    }

    @Test("hidden, denied and absent names get one answer, whatever is asked") func hidden() async throws {
        let bench = try await bench()
        let scopes = [VaultBench.dev, VaultBench.scope("default/none"), VaultBench.scope("none/dev")]
        for scope in scopes {
            for name in ["app/root", "db/key", "db/none", "app/none"] {
                #expect(await masked(bench, name, scope) == .notFound(.secret), "\(scope)/\(name)")
            }
        }
        for name in ["app/root", "db/key", "db/none", "app/none"] {
            #expect(await run(bench, [name]) == .notFound(.secret))
            #expect(await run(bench, ["app/key", name]) == .notFound(.secret))
        }
        let names = ["app/key", "app/root", "db/key", "db/none", "app/none"].map(VaultBench.name)
        let views = try await bench.open.exists(names, in: VaultBench.dev, by: bench.agent())
        #expect(views.map(\.exists) == [true, false, false, false, false])
    }

    @Test("a name that an agent may not list takes the same look-ups and leaves the same entry, there or not") func equalWork() async throws {
        let plain = try await bench()
        let dump = try await StoreDump(of: plain.store)
        var traces: [[String]] = []
        var subjects: [AuditSubject] = []
        for (scope, name) in [("default/dev", "db/key"), ("default/dev", "db/none"), ("default/dev", "app/root"), ("none/dev", "db/key")] {
            let counting = CallLog()
            let bench = plain.restarted(on: try await dump.load(), remembers: false) { HookedStore($0, counting) }
            try await bench.unlock()
            _ = try await bench.open.list(VaultBench.dev, ListFilter(), by: bench.person())
            counting.clear()
            #expect(await masked(bench, name, VaultBench.scope(scope)) == .notFound(.secret))
            #expect(await run(bench, [name]) == .notFound(.secret))
            traces.append(counting.calls)
            subjects += try await bench.log().suffix(3).filter { $0.decision.effect == .deny }.flatMap(\.subjects)
        }
        #expect(Set(traces).count == 1, "\(traces)")
        #expect(traces[0].contains("record"))
        #expect(subjects.count == 8)
        #expect(subjects.allSatisfy { $0.secret == nil && $0.project == nil && $0.environment == nil })
    }

    @Test("a list shows what may be listed, and an environment that holds nothing for the agent is not there") func listing() async throws {
        let bench = try await bench([.maskedReturn])
        let views = try await bench.open.list(VaultBench.dev, ListFilter(), by: bench.agent()).views
        #expect(views.map(\.name.description) == ["app/key"])
        #expect(views.first?.usableWith == ["reference_only", "masked_return"])
        try await bench.open.createEnvironment(VaultBench.segment("prod"), in: VaultBench.segment("default"), by: bench.person())
        for scope in ["default/prod", "default/none", "none/none"] {
            await #expect(throws: EngineError.notFound(.environment)) {
                _ = try await bench.open.list(VaultBench.scope(scope), ListFilter(), by: bench.agent())
            }
        }
    }

    @Test("without a policy an agent may know nothing, and an unidentified peer no more") func noPolicy() async throws {
        let bench = try await bench([])
        for asker in [try bench.agent(), bench.nobody()] {
            #expect(await masked(bench, "app/key", by: asker) == .notFound(.secret))
            #expect(await run(bench, ["app/key"], by: asker) == .notFound(.secret))
            await #expect(throws: EngineError.notFound(.environment)) { _ = try await bench.open.list(VaultBench.dev, ListFilter(), by: asker) }
            let views = try await bench.open.exists([VaultBench.name("app/key")], in: VaultBench.dev, by: asker)
            #expect(views.map(\.exists) == [false])
        }
    }

    @Test("asking what is there without a right to know is a denial, and many are one entry")
    func existenceDenied() async throws {
        let bench = try await bench([])
        for number in 0..<40 {
            _ = try await bench.open.exists([VaultBench.name("n\(number)")], in: VaultBench.dev, by: bench.agent())
        }
        let entries = try await bench.log().filter { $0.action == .known(.secretExists) }
        #expect(entries.map(\.decision) == [.deny(code: "environment.not-found")])
    }

    @Test("a star is not about unidentified peers, the word is") func unidentified() async throws {
        let bench = try await bench([])
        try await bench.allow([.maskedReturn], agent: "*")
        #expect(await masked(bench, "app/key", by: bench.nobody()) == .notFound(.secret))
        try await bench.allow([.maskedReturn], agent: "unidentified")
        #expect(await masked(bench, "app/key", by: bench.nobody()) == nil)
        #expect(await masked(bench, "app/key") == .notFound(.secret))
    }

    @Test("a missing capability is named for a name that may be listed") func missingCapability() async throws {
        let bench = try await bench([.maskedReturn])
        let answer = await run(bench, ["app/key"])
        guard case .denied(let denial)? = answer else {
            Issue.record("\(String(describing: answer))")
            return
        }
        #expect(denial.code == "not_permitted")
        #expect(denial.rule == "first")
        #expect(denial.nextStep == "access_request")
        #expect(denial.reason.contains("env_inject"))
    }

    @Test("an agent's run has a sandbox unless the policy says otherwise; a person's, and one that asks, has one if asked for")
    func sandbox() async throws {
        let bench = try await bench([])
        func sandbox(by asker: Asker, asking: Bool = false, through: Bool = false) async throws -> Sandboxing? {
            var wish = RunWish(arguments: ["true"], scope: VaultBench.dev)
            wish.secrets = [.init(reference: try SecretReference(parsing: "app/key"))]
            (wish.isSandboxed, wish.writesThrough) = (asking, through)
            return try await bench.open.prepareRun(wish, by: asker).job.sandbox
        }
        try await bench.allow([.envInject], unsandboxed: "deny")
        #expect(try await sandbox(by: bench.agent()) == Sandboxing(isRequired: true))
        await #expect(throws: EngineError.denied(.personOnly)) { try await sandbox(by: bench.agent(), through: true) }
        #expect(try await sandbox(by: bench.person()) == nil)
        let asked = Sandboxing(isRequired: true, writesThrough: true, passesUnscanned: true)
        #expect(try await sandbox(by: bench.person(), asking: true, through: true) == asked)
        try await bench.allow([.envInject], unsandboxed: "fallback")
        #expect(try await sandbox(by: bench.agent()) == Sandboxing(isRequired: false))
        #expect(try await sandbox(by: bench.agent(), asking: true) == Sandboxing(isRequired: true))
        try await bench.allow([.envInject], unsandboxed: "allow")
        #expect(try await sandbox(by: bench.agent()) == nil)
        #expect(try await sandbox(by: bench.agent(), asking: true) == Sandboxing(isRequired: true))
    }

    @Test("an agent's output passes unsearched only where the policy says so, as it is when the values are opened") func unredactable() async throws {
        let bench = try await bench([])
        @Sendable func apply(_ word: String) async throws {
            let json =
                #"{"policies":[{"name":"p","agent_id":"coder","allowed_keys":["app/*"],"capabilities":["env_inject"],"unsandboxed":"allow","#
                + #""unredactable":"\#(word)"}]}"#
            _ = try await bench.open.applyPolicy(json: Array(json.utf8), text: nil, expectedVersion: nil, by: bench.person())
        }
        func passes() async throws -> Bool {
            var wish = RunWish(arguments: ["true"], scope: VaultBench.dev)
            wish.secrets = [.init(reference: try SecretReference(parsing: "app/key"))]
            return try await bench.open.prepareRun(wish, by: bench.agent()).job.passesUnscanned
        }
        for word in ["deny", "allow"] {
            try await apply(word)
            #expect(try await passes() == (word == "allow"))
        }
        bench.runners.whenOpening { try await apply("deny") }
        #expect(try await !passes())
    }

    @Test("a secret field under 8 bytes goes into no run of an agent's unless the policy says so; it is refused before a runner has a value")
    func shortValues() async throws {
        let bench = try await bench([])
        try await bench.set("app/pin", "1234567".secret)
        try await bench.set("app/word", "12345678".secret)
        var host = VaultBench.write("app/host", "db".secret)
        host.fields[0].kind = .plain
        _ = try await bench.open.set(host, in: VaultBench.dev, by: bench.person())
        func policy(_ word: String) -> String {
            #"{"policies":[{"name":"p","agent_id":"coder","allowed_keys":["app/*"],"capabilities":["env_inject","file_inject"],"#
                + #""unsandboxed":"allow","unredactable":"\#(word)"}]}"#
        }
        func apply(_ word: String) async throws {
            _ = try await bench.open.applyPolicy(json: Array(policy(word).utf8), text: nil, expectedVersion: nil, by: bench.person())
        }
        try await apply("deny")
        guard case .denied(let denial)? = await run(bench, ["app/key", "app/pin"]) else {
            Issue.record("not denied")
            return
        }
        #expect(
            denial.code == "unavailable" && denial.rule == "p" && denial.reason.contains("app/pin")
                && denial.nextStep?.contains("unredactable") == true)
        #expect(bench.runners.jobs.isEmpty)
        let outcomes = try await bench.log().filter { entry in if case .outcome(_, "unavailable") = entry.phase { true } else { false } }
        #expect(outcomes.count == 1)
        for name in ["app/word", "app/host"] { #expect(await run(bench, [name]) == nil, "\(name)") }
        var file = InjectionWish(scope: VaultBench.dev, secrets: [.init(reference: try SecretReference(parsing: "app/pin"))], purpose: "a test")
        file.content = .values
        var refusal: EngineError?
        do { _ = try await bench.open.inject(file, by: bench.agent()) } catch { refusal = error as? EngineError }
        #expect(refusal == .denied(denial))
        #expect(bench.files.drafts.isEmpty)
        var wish = RunWish(arguments: ["true"], scope: VaultBench.dev)
        wish.secrets = file.secrets
        #expect(try await bench.open.prepareRun(wish, by: bench.person()).job.values.count == 1)
        try await apply("allow")
        #expect(await run(bench, ["app/pin"]) == nil)
        _ = try await bench.open.inject(file, by: bench.agent())
        #expect(bench.files.drafts.count == 1)
    }

    @Test("what a program reads besides is what the policy names, and for a person what he names") func reads() async throws {
        let bench = try await bench([])
        var wish = RunWish(arguments: ["true"], scope: VaultBench.dev)
        wish.secrets = [.init(reference: try SecretReference(parsing: "app/key"))]
        (wish.isSandboxed, wish.reads) = (true, ["/wished"])
        let json = #"{"policies":[{"name":"p","agent_id":"coder","allowed_keys":["app/*"],"capabilities":["env_inject"],"reads":["/opt/sdk"]}]}"#
        _ = try await bench.open.applyPolicy(json: Array(json.utf8), text: nil, expectedVersion: nil, by: bench.person())
        #expect(try await bench.open.prepareRun(wish, by: bench.person()).job.sandbox?.reads == ["/wished"])
        wish.reads = []
        #expect(try await bench.open.prepareRun(wish, by: bench.agent()).job.sandbox?.reads == ["/opt/sdk"])
    }

    @Test("a policy that wants a sandbox, and came into force after the program was opened without one, is kept") func stricter() async throws {
        let bench = try await bench([])
        try await bench.allow([.envInject], unsandboxed: "allow")
        bench.runners.whenOpening { try await bench.allow([.envInject], unsandboxed: "deny") }
        guard case .denied(let denial)? = await run(bench, ["app/key"]) else {
            Issue.record("not denied")
            return
        }
        #expect(denial.code == "unavailable")
        #expect(bench.runners.jobs.isEmpty)
    }

    @Test("what only a person may do is refused before anything is looked at, with one answer") func personOnly() async throws {
        let plain = try await bench()
        let dump = try await StoreDump(of: plain.store)
        let names = ["app/key", "db/key", "no/such"]
        for name in names.map(VaultBench.name) {
            let counting = CallLog()
            let bench = plain.restarted(on: try await dump.load(), remembers: false) { HookedStore($0, counting) }
            try await bench.unlock()
            let (open, agent) = (try bench.open, try bench.agent())
            let scope = VaultBench.dev
            let reference = FieldReference(scope: scope, name: name)
            let verbs: [@Sendable () async throws -> Void] = [
                { _ = try await open.reveal(reference, by: agent, withinGrace: false) },
                { _ = try await open.reveal(reference, by: agent, withinGrace: true) }, { _ = try await open.show(name, in: scope, by: agent) },
                { _ = try await open.history(name, in: scope, by: agent) },
                { _ = try await open.set(VaultBench.write(name.description, "CANARY-x".secret), in: scope, by: agent) },
                { _ = try await open.delete(name, in: scope, by: agent) }, { _ = try await open.undelete(name, in: scope, by: agent) },
                { try await open.purge(name, in: scope, by: agent) },
                { _ = try await open.rollback(name, in: scope, to: 1, expectedRevision: nil, by: agent) },
                { _ = try await open.patch(name, in: scope, MetadataPatch(), expectedRevision: nil, by: agent) },
                { _ = try await open.set(VaultBench.write(name.description, "CANARY-x".secret), in: VaultBench.scope("no/no"), by: agent) },
                {
                    _ = try await open.importSecrets(
                        ImportWish(secrets: [VaultBench.write("x", "CANARY-x".secret)], conflict: .overwrite, isDryRun: true),
                        in: VaultBench.scope("no/no"), by: agent)
                }, { _ = try await open.projects(by: agent) }, { _ = try await open.environments(of: VaultBench.segment("no"), by: agent) },
                { try await open.createProject(VaultBench.segment("default"), by: agent) },
                { try await open.createEnvironment(VaultBench.segment("dev"), in: VaultBench.segment("default"), by: agent) },
                { try await open.renameProject(VaultBench.segment("no"), to: VaultBench.segment("yes"), by: agent) },
                { try await open.deleteProject(VaultBench.segment("no"), by: agent) },
                { try await open.deleteEnvironment(VaultBench.segment("no"), in: VaultBench.segment("no"), by: agent) },
                { _ = try await open.agents(by: agent) }, { _ = try await open.addAgent(VaultBench.segment("other"), by: agent) },
                { try await open.revokeAgent(VaultBench.segment("other"), by: agent) }, { _ = try await open.showPolicy(by: agent) },
                { _ = try await open.applyPolicy(json: Array("{".utf8), text: nil, expectedVersion: nil, by: agent) },
                { _ = try await open.slots(by: agent) }, { _ = try await open.addPasswordSlot("CANARY-password".secret, by: agent) },
                { _ = try await open.beginRotation(RotationTests.shop, by: agent) }, { _ = try await open.rotate(by: agent) },
                { _ = try await open.rotation(by: agent) }, { _ = try await bench.vault.rotateOrganization(by: agent) },
                { _ = try await open.replaceRecovery(by: agent) }, { try await open.removeSlot(SlotID(random: .system), by: agent) },
                { _ = try await open.auditEntries(from: 0, limit: 1, by: agent) }, { _ = try await open.storedEntries(from: 0, limit: 1, by: agent) },
                { _ = try await open.verifyAudit(trusted: [], by: agent) }, { _ = try await open.checkpoint(by: agent) },
                { _ = try await open.prove(ProofWish(.entry(0)), by: agent) }, { _ = try await open.checkpoints(by: agent) },
                { try await open.acceptClock(by: agent) },
                {
                    var wish = RunWish(arguments: ["env"], scope: scope)
                    wish.takesAll = true
                    _ = try await open.prepareRun(wish, by: agent)
                },
            ]
            for (number, verb) in verbs.enumerated() { await #expect(throws: EngineError.denied(.personOnly), "verb \(number)") { try await verb() } }
            let reads = counting.calls.filter { $0 != "commit" && $0 != "record" }
            #expect(!reads.contains("field") && !reads.contains("fields"))
            #expect(try await bench.verify().verdict.isIntact)
        }
    }

    @Test("a deleted secret is gone for an agent") func deleted() async throws {
        let bench = try await bench()
        _ = try await bench.open.delete(VaultBench.name("app/key"), in: VaultBench.dev, by: bench.person())
        #expect(await masked(bench, "app/key") == .notFound(.secret))
        #expect(await run(bench, ["app/key"]) == .notFound(.secret))
        #expect(try await bench.open.list(VaultBench.dev, ListFilter(), by: bench.agent()).views.isEmpty)
    }

    @Test("a badge makes an agent until it is revoked, and an unknown one is refused and written down") func badges() async throws {
        let bench = try await bench()
        let badge = try await bench.open.addAgent(VaultBench.segment("coder"), by: bench.person())
        await #expect(throws: EngineError.nameTaken(.agent)) { _ = try await bench.open.addAgent(VaultBench.segment("coder"), by: bench.person()) }
        await #expect(throws: EngineError.self) { _ = try await bench.open.addAgent(VaultBench.segment("unidentified"), by: bench.person()) }
        let asker = try await bench.vault.asker(at: bench.terminal, source: .mcp, Credentials(badge: badge))
        guard case .agent(_, let name) = asker.standing else {
            Issue.record("no agent")
            return
        }
        #expect(name.description == "coder")
        #expect(try await bench.open.agents(by: bench.person()).map(\.policies) == [["first"]])

        let forged = badge.dropLast() + (badge.last == "0" ? "1" : "0")
        try await bench.open.revokeAgent(VaultBench.segment("coder"), by: bench.person())
        for bad in [badge, String(forged), "tacit-badge-x", ""] {
            await #expect(throws: EngineError.denied(.badBadge)) {
                _ = try await bench.vault.asker(at: bench.terminal, source: .mcp, Credentials(badge: bad))
            }
        }
        #expect(try await bench.log().contains { $0.action == .known(.stepUpFailed) && $0.decision == .deny(code: "badge.unknown", rule: "badge") })
        await #expect(throws: EngineError.notFound(.agent)) { try await bench.open.revokeAgent(VaultBench.segment("coder"), by: bench.person()) }
        _ = try await bench.open.addAgent(VaultBench.segment("coder"), by: bench.person())
        try await bench.relock()
        #expect(try await bench.open.agents(by: bench.person()).map { $0.revokedAt == nil }.sorted { $0 && !$1 } == [true, false])
    }
}
