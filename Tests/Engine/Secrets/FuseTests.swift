import Auditing
import Model
import Policies
import Storage
import TestKit
import Testing

@testable import Secrets

/// Three answers to guesses at a secret within a day, and nothing leaves that agent's runs with it until a person says so.
@Suite struct FuseTests {
    private func bench() async throws -> VaultBench {
        let bench = try await VaultBench.unlocked()
        for name in ["app/key", "app/other"] { try await bench.set(name, bench.canary().secret) }
        try await bench.allow([.envInject], agent: "*")
        return bench
    }

    /// As `bench`, on a disk that is full while the flag is set.
    private func filling() async throws -> (VaultBench, Flag) {
        let flag = Flag(false)
        let bench = VaultBench(wrapping: { store in
            HookedStore(store, before: { call in if flag.isSet, call == "commit" { throw StoreError.full } })
        })
        try await bench.create()
        try await bench.set("app/key", bench.canary().secret)
        try await bench.allow([.envInject], agent: "*")
        return (bench, flag)
    }

    private func prepared(_ bench: VaultBench, _ names: [String] = ["app/key"], by asker: Asker? = nil) async throws -> PreparedRun {
        var wish = RunWish(arguments: ["curl"], scope: VaultBench.dev)
        wish.secrets = try names.map { .init(reference: try SecretReference(parsing: $0)) }
        return try await bench.open.prepareRun(wish, by: try asker ?? bench.agent())
    }

    private func left(_ bench: VaultBench, _ names: [String] = ["app/key"], by asker: Asker? = nil) async throws -> [Int] {
        let run = try await prepared(bench, names, by: asker)
        return names.map { run.job.answersLeft[$0] ?? -1 }
    }

    /// A run whose output answered so often.
    private func answer(_ bench: VaultBench, _ count: Int = 1, _ name: String = "app/key", by asker: Asker? = nil) async throws {
        let run = try await bench.vault.start(prepared(bench, [name], by: asker)) {}
        await bench.vault.finish(run, result: "done", detail: [], answers: [name: count])
    }

    /// A run that goes on.
    private func started(_ bench: VaultBench, _ names: [String] = ["app/key"], by asker: Asker? = nil) async throws -> StartedRun {
        try await bench.vault.start(prepared(bench, names, by: asker)) {}
    }

    private func rows(_ bench: VaultBench) async throws -> [Record] { try await bench.open.book.records(.fuse) }

    @Test("three answers within a day blow it for this agent and this secret alone, and a day later it is still blown") func blows() async throws {
        let bench = try await bench()
        for expected in [3, 2, 1, 0] {
            #expect(try await left(bench) == [expected])
            if expected > 0 { try await answer(bench) }
        }
        #expect(try await left(bench, ["app/other"]) == [3])
        #expect(try await left(bench, ["app/other", "app/key"]) == [3, 0])
        #expect(try await left(bench, by: bench.otherAgent()) == [3])
        bench.machine.advance(.seconds(3 * 86_400))
        try await bench.relock()
        #expect(try await left(bench) == [0])
    }

    @Test("five runs that go on at once share it: with the third answer nothing more leaves any of them, whether it answers a guess or not")
    func overlapping() async throws {
        let bench = try await bench()
        var runs: [StartedRun] = []
        for _ in 0..<RunRegistry.limitPerAgent { runs.append(try await started(bench)) }
        for run in runs[..<3] {
            #expect(await bench.vault.mayLeave(runs[4], answering: []))
            #expect(await bench.vault.mayLeave(run, answering: ["app/key"]))
        }
        #expect(await !bench.vault.mayLeave(runs[3], answering: ["app/key"]), "the fourth")
        for run in runs { #expect(await !bench.vault.mayLeave(run, answering: [])) }
        #expect(try FuseRecord(decoding: #require(try await rows(bench).first).content).blownAt != nil, "written before any of them has ended")
        for run in runs { await bench.vault.finish(run, result: "done", detail: []) }
        #expect(try await bench.log().filter { $0.detail.contains(AuditFact("answers", 1)) }.count == 3)
        // Outcomes are stored with what comes next.
        try await bench.open.authorizer.writer.checkpoint()
        let report = try await bench.verify()
        #expect(report.missingOutcomes.isEmpty && report.verdict.isIntact)
        #expect(try await left(bench) == [0])
    }

    @Test("of answers that come at the same time no more are given than there are") func racing() async throws {
        let bench = try await bench()
        var runs: [StartedRun] = []
        for _ in 0..<RunRegistry.limitPerAgent { runs.append(try await started(bench)) }
        let vault = bench.vault
        let given = await withTaskGroup(of: Bool.self) { group in
            for run in runs { for _ in 0..<4 { group.addTask { await vault.mayLeave(run, answering: ["app/key"]) } } }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(given == FuseRecord.limit)
    }

    @Test("one secret of a run without answers withholds all of it, another agent's runs and a person's go on") func shared() async throws {
        let bench = try await bench()
        let (both, other) = (try await started(bench, ["app/other", "app/key"]), try await started(bench, ["app/other"]))
        let foreign = try await started(bench, by: bench.otherAgent())
        let person = try await started(bench, by: bench.person())
        #expect(await bench.vault.mayLeave(both, answering: ["app/key", "app/key"]))
        #expect(await !bench.vault.mayLeave(both, answering: ["app/key", "app/key"]), "more at once than there are left")
        #expect(await !bench.vault.mayLeave(both, answering: ["app/other"]))
        for run in [other, foreign, person] { #expect(await bench.vault.mayLeave(run, answering: [])) }
        #expect(try await left(bench, ["app/other"]) == [3], "what was withheld anyway answered nothing")
        #expect(await bench.vault.mayLeave(person, answering: ["app/key"]))
    }

    @Test("what the keeper was killed over had been counted before it was given") func killed() async throws {
        let bench = try await bench()
        let run = try await started(bench)
        #expect(await bench.vault.mayLeave(run, answering: ["app/key"]))
        let row = try #require(try await rows(bench).first)
        #expect(try FuseRecord(decoding: row.content).left(at: bench.machine.clock.now()) == 2)
    }

    @Test("while the vault is locked runs go on, and share what there was left") func whileLocked() async throws {
        let bench = try await bench()
        let runs = [try await started(bench), try await started(bench)]
        #expect(await bench.vault.mayLeave(runs[0], answering: ["app/key"]))
        try await bench.lock()
        #expect(await bench.vault.mayLeave(runs[0], answering: []))
        for run in runs { #expect(await bench.vault.mayLeave(run, answering: ["app/key"])) }
        for run in runs { #expect(await !bench.vault.mayLeave(run, answering: [])) }
        try await bench.unlock()
        #expect(try await left(bench) == [0])
    }

    @Test("an answer that cannot be stored is not given, and counts") func unstored() async throws {
        let (bench, flag) = try await filling()
        let run = try await started(bench)
        flag.set()
        #expect(await !bench.vault.mayLeave(run, answering: ["app/key"]))
        flag.set(false)
        #expect(try await left(bench) == [2])
    }

    @Test("after a reset what goes on passes again") func resetWhileRunning() async throws {
        let bench = try await bench()
        try await bench.allow([.envInject], agent: "unidentified")
        let run = try await started(bench, by: bench.nobody())
        #expect(await bench.vault.mayLeave(run, answering: ["app/key", "app/key", "app/key"]))
        #expect(await !bench.vault.mayLeave(run, answering: []))
        _ = try await bench.open.resetOutput(of: VaultBench.segment("unidentified"), by: bench.person())
        #expect(await bench.vault.mayLeave(run, answering: []))
    }

    @Test("answers that lie more than a day back do not count") func day() async throws {
        let bench = try await bench()
        try await answer(bench, 2)
        bench.machine.advance(.seconds(86_000))
        try await bench.relock()
        #expect(try await left(bench) == [1])
        bench.machine.advance(.seconds(500))
        #expect(try await left(bench) == [3])
        try await answer(bench)
        #expect(try await left(bench) == [2])
    }

    @Test("a clock that is set back makes no answer forgotten") func clock() async throws {
        let bench = try await bench()
        try await answer(bench, 2)
        bench.machine.setWall(by: .seconds(-7 * 86_400))
        #expect(try await left(bench) == [1])
        try await answer(bench)
        #expect(try await left(bench) == [0])
    }

    @Test("programs without a badge share one, which is nobody else's") func unidentified() async throws {
        let bench = try await bench()
        try await bench.allow([.envInject], agent: "unidentified")
        try await answer(bench, 3, by: bench.nobody())
        #expect(try await left(bench, by: bench.nobody()) == [0])
        try await bench.allow([.envInject], agent: "*")
        #expect(try await left(bench) == [3])
    }

    @Test("what is answered is a row of the vault, and the log stays whole") func stored()
        async throws
    {
        let bench = try await bench()
        try await answer(bench, 3)
        let row = try #require(try await rows(bench).first)
        #expect(try FuseRecord(decoding: row.content).blownAt != nil && row.parent != nil)
        #expect(try await bench.verify().verdict.isIntact)
        try await bench.relock()
        #expect(try await left(bench) == [0], "it is a row like any other")
    }

    @Test("a person lets the output pass again, in a step-up act that is written down; an agent does not") func reset() async throws {
        let bench = try await bench()
        _ = try await bench.open.addAgent(VaultBench.segment("bot"), by: bench.person())
        let agent = try #require(try await bench.open.book.records(.agent).first?.id)
        let bot = Asker(
            standing: .agent(agent.cast(), VaultBench.segment("bot")), source: .mcp, origin: try bench.agent().origin, reportedModel: nil)
        try await answer(bench, 3, by: bot)
        #expect(try await bench.open.agents(by: bench.person()).map(\.withheldSecrets) == [1])
        #expect(try await bench.open.agentsWithheld() == 1)
        let facts = await bench.vault.facts
        #expect(facts.agentsWithheld == 1)
        let name = VaultBench.segment("bot")
        for asker in [bot, bench.nobody(), bench.person(steppedUp: false)] {
            await #expect(throws: EngineError.self) { _ = try await bench.open.resetOutput(of: name, by: asker) }
        }
        #expect(try await left(bench, by: bot) == [0])
        #expect(try await bench.open.resetOutput(of: name, by: bench.person()) == 1)
        #expect(try await left(bench, by: bot) == [3])
        #expect(try await bench.log().last { $0.action == .known(.agentResetOutput) }?.detail == [AuditFact("withheld", 1)])
        #expect(try await rows(bench).isEmpty)
        #expect(try await bench.open.resetOutput(of: VaultBench.segment("unidentified"), by: bench.person()) == 0)
        await #expect(throws: EngineError.notFound(.agent)) {
            _ = try await bench.open.resetOutput(of: VaultBench.segment("none"), by: bench.person())
        }
    }

    @Test("what a run answers while the vault is locked counts from the next unlock on") func locked() async throws {
        let bench = try await bench()
        let run = try await bench.vault.start(prepared(bench)) {}
        try await bench.lock()
        await bench.vault.finish(run, result: "done", detail: [], answers: ["app/key": 3])
        try await bench.unlock()
        #expect(try await left(bench) == [0])
        #expect(try await rows(bench).count == 1)
    }

    @Test("a record that cannot be read withholds, and so does one that could not be written") func unreadable() async throws {
        let (bench, flag) = try await filling()
        let run = try await bench.vault.start(prepared(bench)) {}
        flag.set()
        await bench.vault.finish(run, result: "done", detail: [], answers: ["app/key": 1])
        flag.set(false)
        #expect(try await left(bench) == [2], "it was held, and is stored by now")
        let row = try #require(try await rows(bench).first)
        var forged = row
        forged.revision += 1
        forged.content = FuseRecord(agent: try bench.agent().agent).encoded
        for result in try await bench.store.commit([Batch([.put(forged, replacing: row.revision)])]) { try result.get() }
        #expect(try await left(bench) == [0])
    }

    @Test("a record goes with its secret, and with its agent") func removed() async throws {
        let bench = try await bench()
        try await answer(bench, 3)
        _ = try await bench.open.delete(VaultBench.name("app/key"), in: VaultBench.dev, by: bench.person())
        try await bench.open.purge(VaultBench.name("app/key"), in: VaultBench.dev, by: bench.person())
        #expect(try await rows(bench).isEmpty)
        _ = try await bench.open.addAgent(VaultBench.segment("bot"), by: bench.person())
        let agent = try #require(try await bench.open.book.records(.agent).first?.id)
        let bot = Asker(standing: .agent(agent.cast(), VaultBench.segment("bot")), source: .mcp, origin: try bench.agent().origin, reportedModel: nil)
        try await answer(bench, 3, "app/other", by: bot)
        #expect(try await rows(bench).count == 1)
        try await bench.open.revokeAgent(VaultBench.segment("bot"), by: bench.person())
        #expect(try await rows(bench).isEmpty)
    }

    @Test("a person's run answers nothing that counts") func person() async throws {
        let bench = try await bench()
        try await answer(bench, 3, by: bench.person())
        #expect(try await rows(bench).isEmpty)
        #expect(try await prepared(bench, by: bench.person()).job.answersLeft.isEmpty)
    }
}
