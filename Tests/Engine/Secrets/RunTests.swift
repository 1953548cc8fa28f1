import Auditing
import Model
import Policies
import TestKit
import Testing

@testable import Secrets

@Suite struct RunTests {
    private func wish(_ references: [String], all: Bool = false, _ change: (inout RunWish) -> Void = { _ in }) throws -> RunWish {
        var wish = RunWish(arguments: ["curl", "x"], scope: VaultBench.dev)
        wish.secrets = try references.map { .init(reference: try SecretReference(parsing: $0)) }
        wish.takesAll = all
        change(&wish)
        return wish
    }

    private func variables(_ bench: VaultBench, _ wish: RunWish, by asker: Asker? = nil) async throws -> [String] {
        let run = try await bench.open.prepareRun(wish, by: asker ?? bench.person(steppedUp: !wish.takesAll || true))
        return run.job.values.map { "\($0.variable ?? "stdin")=\($0.name)" }.sorted()
    }

    @Test("a secret becomes a variable by its binding, by its name or as wished") func variables() async throws {
        let bench = try await VaultBench.unlocked()
        try await bench.set("stripe/api-key", bench.canary().secret)
        var write = VaultBench.write("db", bench.canary().secret, field: "user", kind: .plain)
        write.fields.append(.init(name: VaultBench.segment("password"), kind: .secret, value: bench.canary().secret))
        write.bindings = [("PGUSER", VaultBench.segment("user")), ("PGPASSWORD", VaultBench.segment("password"))]
        _ = try await bench.open.set(write, in: VaultBench.dev, by: bench.person())
        #expect(try await variables(bench, wish(["stripe/api-key"])) == ["STRIPE_API_KEY=stripe/api-key"])
        #expect(try await variables(bench, wish(["stripe/api-key"]) { $0.prefix = "MY_" }) == ["MY_STRIPE_API_KEY=stripe/api-key"])
        #expect(try await variables(bench, wish(["db"])) == ["PGPASSWORD=db#password", "PGUSER=db#user"])
        #expect(try await variables(bench, wish(["db#password"])) == ["PGPASSWORD=db#password"])
        #expect(try await variables(bench, wish(["db#password"]) { $0.secrets[0].variable = "X" }) == ["X=db#password"])
        #expect(try await variables(bench, wish(["stripe/api-key"]) { $0.secrets[0].way = .standardInput(.none) }) == ["stdin=stripe/api-key"])
        #expect(try await variables(bench, wish([], all: true)).count == 3)
        await #expect(throws: EngineError.notFound(.project)) {
            _ = try await variables(bench, wish([], all: true) { $0.scope = VaultBench.scope("no/no") })
        }
    }

    @Test("all secrets are those that can be used, each once") func all() async throws {
        let bench = try await VaultBench.unlocked()
        for name in ["a", "b", "c"] { try await bench.set(name, bench.canary().secret) }
        _ = try await bench.open.delete(VaultBench.name("b"), in: VaultBench.dev, by: bench.person())
        var patch = MetadataPatch()
        patch.expiry = .after(.seconds(1))
        _ = try await bench.open.patch(VaultBench.name("c"), in: VaultBench.dev, patch, expectedRevision: nil, by: bench.person())
        bench.machine.advance(.seconds(2))
        #expect(try await variables(bench, wish(["a"], all: true)) == ["A=a"])
        await #expect(throws: EngineError.expired) { _ = try await variables(bench, wish(["c"])) }
        await #expect(throws: EngineError.deleted) { _ = try await variables(bench, wish(["b"])) }
        await #expect(throws: EngineError.notFound(.secret)) { _ = try await variables(bench, wish(["d"])) }
        await #expect(throws: EngineError.invalid("there is no command to run", hint: nil)) {
            _ = try await variables(bench, RunWish(arguments: [], scope: VaultBench.dev))
        }
    }

    @Test("of a secret that no single field stands for, all secrets give each field, as an export does; asked for alone, it wants one named")
    func severalFields() async throws {
        let bench = try await VaultBench.unlocked()
        var login = VaultBench.write("my/login", bench.canary().secret, field: "user", kind: .plain)
        for name in ["password", "totp"] { login.fields.append(.init(name: VaultBench.segment(name), kind: .secret, value: bench.canary().secret)) }
        _ = try await bench.open.set(login, in: VaultBench.dev, by: bench.person())
        let all = ["MY_LOGIN_PASSWORD=my/login#password", "MY_LOGIN_TOTP=my/login#totp", "MY_LOGIN_USER=my/login#user"]
        #expect(try await variables(bench, wish([], all: true)) == all)
        #expect(try await variables(bench, wish([], all: true) { $0.prefix = "A_" }).allSatisfy { $0.hasPrefix("A_MY_LOGIN_") })
        #expect(try await variables(bench, wish(["my/login#totp"], all: true)).count == 1, "what is named is given as it was named")
        let error = await #expect(throws: EngineError.self) { _ = try await variables(bench, wish(["my/login"])) }
        #expect(error?.code == "secret.several-fields")
    }

    @Test("a version and another project can be named") func references() async throws {
        let bench = try await VaultBench.unlocked()
        let (first, second) = (bench.canary(), bench.canary())
        try await bench.set("k", first.secret)
        try await bench.set("k", second.secret)
        try await bench.open.createProject(VaultBench.segment("web"), by: bench.person())
        try await bench.set("k", second.secret, in: VaultBench.scope("web/dev"))
        let run = try await bench.open.prepareRun(wish(["tacit://default/dev/k?version=1"]), by: bench.person())
        #expect(run.job.values.map(\.value) == [first.secret])
        let other = try await bench.open.prepareRun(wish(["tacit://web/dev/k"]), by: bench.person())
        #expect(other.job.values.map(\.value) == [second.secret])
    }

    @Test("an agent gets no environment of its own, no terminal, and no more time than there is") func agentJob() async throws {
        let bench = try await VaultBench.unlocked()
        try await bench.set("app/key", bench.canary().secret)
        try await bench.allow([.envInject])
        var wish = try wish(["app/key"]) { $0.environment = ["HOME": "/root"] }
        wish.terminal = .init(rows: 1, columns: 1, input: true, output: true, error: true, type: nil)
        wish.preservesEnvironment = true
        wish.purpose = "look\u{202E} here\u{7}"
        let job = try await bench.open.prepareRun(wish, by: bench.agent()).job
        #expect(job.environment.isEmpty)
        #expect(job.terminal == nil)
        #expect(!job.preservesEnvironment)
        #expect(job.timeout == .seconds(50))
        #expect(job.audience == .agent(realHome: false))
        wish.timeout = .seconds(9999)
        #expect(try await bench.open.prepareRun(wish, by: bench.agent()).job.timeout == .seconds(300))
        let detail = try await bench.log().last { $0.phase == .intent }?.detail
        #expect(detail == [AuditFact("program", "curl"), AuditFact("purpose", "look here")])
        await #expect(throws: EngineError.self) { _ = try await bench.open.prepareRun(self.wish([]), by: bench.agent()) }
    }

    @Test("an agent has five runs at a time, a person any number") func limit() async throws {
        let bench = try await VaultBench.unlocked()
        try await bench.set("app/key", bench.canary().secret)
        try await bench.allow([.envInject])
        var runs: [StartedRun] = []
        for _ in 0..<4 { runs.append(try await bench.vault.start(bench.open.prepareRun(wish(["app/key"]), by: bench.agent())) {}) }
        let fifth = try await bench.open.prepareRun(wish(["app/key"]), by: bench.agent())
        let sixth = try await bench.open.prepareRun(wish(["app/key"]), by: bench.agent())
        runs.append(try await bench.vault.start(fifth) {})
        await #expect(throws: EngineError.tooManyRuns) { _ = try await bench.vault.start(sixth) {} }
        let opened = bench.runners.opened.count
        await #expect(throws: EngineError.tooManyRuns) { _ = try await bench.open.prepareRun(self.wish(["app/key"]), by: bench.agent()) }
        #expect(bench.runners.opened.count == opened, "no runner is taken for it")
        #expect(try await bench.log().contains { $0.decision.code == "run.too-many" && $0.decision.effect == .deny })
        _ = try await bench.vault.start(bench.open.prepareRun(wish(["app/key"]), by: bench.person())) {}
        await bench.vault.finish(runs[0], result: "done", detail: [])
        _ = try await bench.vault.start(bench.open.prepareRun(wish(["app/key"]), by: bench.agent())) {}
        #expect(bench.vault.runs.all.count == 6)
        #expect(try await bench.log().contains { $0.phase == .outcome(of: runs[0].access.entry, result: "done") })
    }

    @Test("a run that does not start has its outcome") func failedStart() async throws {
        let bench = try await VaultBench.unlocked()
        try await bench.set("app/key", bench.canary().secret)
        bench.runners.fail(with: .runnersGone)
        await #expect(throws: EngineError.runnersGone) {
            _ = try await bench.vault.start(bench.open.prepareRun(self.wish(["app/key"]), by: bench.person())) {}
        }
        #expect(bench.vault.runs.all.isEmpty)
        #expect(try await bench.verify().missingOutcomes.isEmpty)
    }

    @Test("a person's lock stops runs, the idle lock leaves them") func stop() async throws {
        let bench = try await VaultBench.unlocked()
        try await bench.set("app/key", bench.canary().secret)
        let isStopped = Flag(false)
        _ = try await bench.vault.start(bench.open.prepareRun(wish(["app/key"]), by: bench.person())) { isStopped.set() }
        bench.machine.advance(.seconds(16 * 60))
        try await bench.vault.lockIfIdle()
        #expect(!bench.vault.isUnlocked)
        #expect(!isStopped.isSet)
        #expect(bench.vault.runs.all.count == 1)
        try await bench.lock()
        #expect(isStopped.isSet)
    }

    @Test("a run that was allowed before a lock does not begin after it, whether or not the vault is open again") func lockBeforeStart() async throws
    {
        let bench = try await VaultBench.unlocked()
        try await bench.set("app/key", bench.canary().secret)
        let (first, second) = (
            try await bench.open.prepareRun(wish(["app/key"]), by: bench.person()),
            try await bench.open.prepareRun(wish(["app/key"]), by: bench.person())
        )
        try await bench.lock()
        await #expect(throws: EngineError.locked) { _ = try await bench.vault.start(first) {} }
        try await bench.unlock()
        await #expect(throws: EngineError.locked) { _ = try await bench.vault.start(second) {} }
        #expect(bench.runners.jobs.isEmpty)
        #expect(try await bench.verify().missingOutcomes.isEmpty)
    }

    @Test("a run that begins while the vault is being locked is stopped") func lockDuringStart() async throws {
        let bench = try await VaultBench.unlocked()
        try await bench.set("app/key", bench.canary().secret)
        let isStopped = Flag(false)
        bench.runners.beforeStart { try await bench.lock() }
        _ = try await bench.vault.start(bench.open.prepareRun(wish(["app/key"]), by: bench.person())) { isStopped.set() }
        #expect(isStopped.isSet)
    }
}
