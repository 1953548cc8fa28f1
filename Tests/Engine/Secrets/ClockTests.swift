import Auditing
import Model
import TestKit
import Testing

@testable import Secrets

@Suite struct ClockTests {
    private func bench(expiringAfter seconds: Int) async throws -> VaultBench {
        let bench = try await VaultBench.unlocked()
        var write = VaultBench.write("app/key", bench.canary().secret)
        write.expiry = .after(.seconds(seconds))
        _ = try await bench.open.set(write, in: VaultBench.dev, by: bench.person())
        return bench
    }

    @Test("an expired secret is out of use until it is renewed") func expiry() async throws {
        let bench = try await bench(expiringAfter: 60)
        _ = try await bench.reveal("app/key")
        bench.machine.advance(.seconds(61))
        await #expect(throws: EngineError.expired) { _ = try await bench.reveal("app/key") }
        _ = try await bench.open.show(VaultBench.name("app/key"), in: VaultBench.dev, by: bench.person())
        var patch = MetadataPatch()
        patch.expiry = .after(.seconds(60))
        _ = try await bench.open.patch(VaultBench.name("app/key"), in: VaultBench.dev, patch, expectedRevision: nil, by: bench.person())
        _ = try await bench.reveal("app/key")
        patch.expiry = .never
        _ = try await bench.open.patch(VaultBench.name("app/key"), in: VaultBench.dev, patch, expectedRevision: nil, by: bench.person())
        bench.machine.advance(.seconds(400))
        _ = try await bench.reveal("app/key")
    }

    @Test("a clock set back does not bring an expired secret back, and is flagged until a person accepts it") func wentBack() async throws {
        let bench = try await bench(expiringAfter: 60)
        bench.machine.advance(.seconds(61))
        await #expect(throws: EngineError.expired) { _ = try await bench.reveal("app/key") }
        bench.machine.setWall(by: .seconds(-3600))
        await #expect(throws: EngineError.expired) { _ = try await bench.reveal("app/key") }
        #expect(bench.vault.stateNow.warnings.count == 1)
        let facts = await bench.vault.facts
        #expect(facts.clockFloor != nil)
        #expect(try await bench.log().last?.clockWentBack == true)
        try await bench.relock()
        await #expect(throws: EngineError.expired) { _ = try await bench.reveal("app/key") }

        try await bench.open.acceptClock(by: bench.person())
        #expect(bench.vault.stateNow.warnings.isEmpty)
        #expect(try await bench.log().contains { $0.action == .known(.clockAccepted) })
        #expect(try await bench.log().last?.clockWentBack == false)
        _ = try await bench.reveal("app/key")
        try await bench.relock()
        #expect(bench.vault.stateNow.warnings.isEmpty)
    }

    @Test("accepting a clock that is not in doubt writes nothing") func steady() async throws {
        let bench = try await VaultBench.unlocked()
        try await bench.open.acceptClock(by: bench.person())
        #expect(try await !bench.log().contains { $0.action == .known(.clockAccepted) })
    }

    @Test("a retention is not over because the clock is wrong") func retention() async throws {
        let bench = try await VaultBench.unlocked()
        try await bench.set("app/key", bench.canary().secret)
        _ = try await bench.open.delete(VaultBench.name("app/key"), in: VaultBench.dev, by: bench.person())
        bench.machine.setWall(by: .seconds(40 * 86_400))
        try await bench.set("app/other", bench.canary().secret)
        try await bench.lock()
        bench.machine.setWall(by: .seconds(-40 * 86_400))
        #expect(try await bench.unlock().purgedSecrets == 0)
    }

    @Test("an expiry given while the clock is behind counts from the time that it must be") func expiryFromFloor() async throws {
        let bench = try await VaultBench.unlocked()
        try await bench.set("app/other", bench.canary().secret)
        bench.machine.setWall(by: .seconds(-86_400))
        var write = VaultBench.write("app/key", bench.canary().secret)
        write.expiry = .after(.seconds(60))
        _ = try await bench.open.set(write, in: VaultBench.dev, by: bench.person())
        _ = try await bench.reveal("app/key")
        bench.machine.advance(.seconds(61))
        await #expect(throws: EngineError.expired) { _ = try await bench.reveal("app/key") }
    }

    @Test("acts that waited while the vault was locked do not make the clock look wrong") func waiting() async throws {
        let bench = try await VaultBench.unlocked()
        try await bench.lock()
        for _ in 0..<5 {
            await #expect(throws: EngineError.wrongPassword) { try await bench.unlock("wrong wrong") }
            #expect(throws: EngineError.locked) { try bench.open }
            bench.machine.advance(.seconds(600))
        }
        #expect(try await bench.unlock().absorbedEntries == 2)
        try await bench.set("app/key", bench.canary().secret)
        #expect(bench.vault.stateNow.warnings.isEmpty)
        #expect(try await bench.log().allSatisfy { !$0.clockWentBack })
    }

    @Test("entries a little out of order do not add up to a clock that went back") func disorder() throws {
        let machine = FakeMachine()
        let sentry = ClockSentry(machine.clock, resuming: ClockWatch())
        let bench = VaultBench(machine: machine)
        func entry() -> AuditEntry { AuditEntry(Act(.secretReveal, .reveal, .reveal), asker: bench.person(), subjects: [], clock: machine.clock) }
        for _ in 0..<3000 {
            var (early, late) = (entry(), entry())
            machine.advance(.milliseconds(1))
            var latest = entry()
            sentry.mark(&latest)
            sentry.mark(&late)
            sentry.mark(&early)
            #expect(!early.clockWentBack && !late.clockWentBack && !latest.clockWentBack)
        }
        #expect(sentry.floor() == nil)
    }
}
