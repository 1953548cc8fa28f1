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

    @Test("what is answered is stored with the outcome of the run, in one transaction, and the log says how often it was reset") func stored()
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
        let flag = Flag(false)
        let bench = VaultBench(wrapping: { store in
            HookedStore(store, before: { call in if flag.isSet, call == "commit" { throw StoreError.full } })
        })
        try await bench.create()
        try await bench.set("app/key", bench.canary().secret)
        try await bench.allow([.envInject], agent: "*")
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
