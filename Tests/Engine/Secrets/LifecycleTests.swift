import Auditing
import Envelopes
import Model
import Storage
import TestKit
import Testing

@testable import Secrets

@Suite struct LifecycleTests {
    @Test("a vault is made once, with a project, an environment and a first entry") func creation() async throws {
        let bench = try await VaultBench.unlocked()
        #expect(try await bench.open.projects(by: bench.person()).map(\.name.description) == ["default"])
        #expect(try await bench.open.environments(of: VaultBench.segment("default"), by: bench.person()).map(\.name.description) == ["dev"])
        #expect(try await bench.log().first?.action == .known(.vaultCreate))
        await #expect(throws: EngineError.vaultExists) { try await bench.create() }
        await #expect(throws: EngineError.passwordTooShort) {
            _ = try await VaultBench().vault.create(password: "seven77".secret, by: bench.nobody(), at: bench.terminal)
        }
    }

    @Test("what was stored is there after lock and unlock, and after the keeper was started anew") func persistence() async throws {
        let bench = try await VaultBench.unlocked()
        let canary = bench.canary()
        try await bench.set("app/key", canary.secret)
        try await bench.relock()
        #expect(try await bench.reveal("app/key") == canary.text)
        try await bench.lock()
        let next = bench.restarted()
        try await next.unlock()
        #expect(try await next.reveal("app/key") == canary.text)
        #expect(try await next.verify().verdict.isIntact)
    }

    @Test("a locked vault answers nothing but that it is locked, and writes down who came") func locked() async throws {
        let bench = try await VaultBench.unlocked()
        try await bench.lock()
        #expect(throws: EngineError.locked) { try bench.open }
        #expect(throws: EngineError.locked) { try bench.open }
        #expect(bench.vault.stateNow.phase == .locked)
        let report = try await bench.unlock()
        #expect(report.absorbedEntries == 1)
        let waited = try await bench.log().first { $0.decision.code == "vault.locked" }
        #expect(waited?.repeated == 2)
        #expect(waited?.actor.kind == .known(.person))
        #expect(VaultBench().vault.stateNow.phase == .absent)
        #expect(throws: EngineError.noVault) { try VaultBench().open }
    }

    @Test("a vault that was half made can be made again") func halfMade() async throws {
        let bench = VaultBench(isMade: true)
        await #expect(throws: EngineError.noVault) { try await bench.unlock() }
        try await bench.create()
        try await bench.relock()
    }

    @Test("a wrong password opens nothing and is written down, locked or not") func wrongPassword() async throws {
        let bench = try await VaultBench.unlocked()
        await #expect(throws: EngineError.wrongPassword) {
            _ = try await bench.vault.stepUp(password: "wrong wrong".secret, opensGrace: false, by: bench.nobody(), at: bench.terminal)
        }
        let refused = try await bench.log().last
        #expect(refused?.action == .known(.stepUpFailed))
        #expect(refused?.decision.effect == .deny)
        try await bench.lock()
        await #expect(throws: EngineError.wrongPassword) { try await bench.unlock("wrong wrong") }
        #expect(bench.runners.isAlive == false)
        let report = try await bench.unlock()
        #expect(report.failedAttempts == 1)
        #expect(try await bench.log().contains { $0.action == .known(.unlockFailed) && $0.decision == .deny(code: "unlock.failed") })
    }

    @Test(
        "while locked, so many different acts wait for the log; another one is refused, one that waits already is counted, and unlocking makes room")
    func fullPendingList() async throws {
        let bench = try await VaultBench.unlocked()
        try await bench.lock()
        func come(_ user: UInt32) -> EngineError? {
            var asker = bench.nobody()
            asker.origin.userID = user
            asker.origin.executable = "/bin/program-\(user)"
            do { _ = try bench.vault.opened(for: asker) } catch { return error as? EngineError }
            return nil
        }
        for user in 0..<UInt32(PendingList.capacity) { #expect(come(user) == .locked) }
        for user in [5000, 5001] as [UInt32] { #expect(come(user) == .logFull, "an act that cannot be written down is refused for that") }
        for _ in 0..<10 { #expect(come(7) == .locked) }
        let size = try #require(bench.pending.bytes).count
        for _ in 0..<5000 { _ = come(7) }
        #expect(try #require(bench.pending.bytes).count < 3 * size, "what is counted again and again does not fill the disk")
        #expect(try await bench.unlock().absorbedEntries == PendingList.capacity)
        let absorbed = try await bench.log().filter { $0.detail.contains(.whileLocked) }
        #expect(absorbed.count == PendingList.capacity && absorbed.reduce(0) { $0 + $1.repeated } == PendingList.capacity + 5010)
        try await bench.lock()
        #expect(come(5000) == .locked)
    }

    @Test("wrong passwords slow down after 5, 10 and 20, and a clock set forward does not help") func backoff() async throws {
        let bench = try await VaultBench.unlocked()
        try await bench.lock()
        func fail(_ count: Int, waiting: Duration) async throws {
            for _ in 0..<count {
                bench.machine.advance(waiting)
                await #expect(throws: EngineError.wrongPassword) { try await bench.unlock("wrong wrong") }
            }
        }
        func wait() async -> Int? {
            do { try await bench.unlock() } catch EngineError.backedOff(let seconds, _) { return seconds } catch {}
            return nil
        }
        try await fail(5, waiting: .zero)
        #expect(await wait() == 30)
        bench.machine.setWall(by: .seconds(86_400))
        #expect(await wait() == 30)
        try await fail(5, waiting: .seconds(31))
        #expect(await wait() == 300)
        try await fail(10, waiting: .seconds(301))
        #expect(await wait() == 1800)
        bench.machine.advance(.seconds(1799))
        #expect(await wait() == 1)
        bench.machine.advance(.seconds(2))
        try await bench.unlock()
        try await bench.lock()
        await #expect(throws: EngineError.wrongPassword) { try await bench.unlock("wrong wrong") }
        try await bench.unlock()
    }

    @Test("the spawner is started before a password is tried, and ends with the lock") func spawner() async throws {
        let bench = try await VaultBench.unlocked(hash: WatchingHash.shared)
        #expect(bench.runners.isAlive == true)
        try await bench.lock()
        #expect(bench.runners.isAlive == false)
        WatchingHash.shared.watch { bench.runners.isAlive == true }
        try await bench.unlock()
        #expect(WatchingHash.shared.verdicts == [true])
    }
}

extension LogVerdict { var isIntact: Bool { if case .intact = self { true } else { false } } }
