import Auditing
import Model
import Storage
import TestKit
import Testing

@testable import Secrets

/// What wrong passwords cost, whatever becomes of the keeper, the file and the clock.
@Suite struct BackoffTests {
    private static let wrong = "CANARY-wrong"

    /// A locked vault.
    private func bench(hash: WatchingHash = WatchingHash()) async throws -> VaultBench {
        let bench = try await VaultBench.unlocked(hash: hash)
        try await bench.lock()
        return bench
    }

    private func fail(_ count: Int, _ bench: VaultBench, waiting: Duration = .zero) async {
        for _ in 0..<count {
            bench.machine.advance(waiting)
            await #expect(throws: EngineError.wrongPassword) { try await bench.unlock(Self.wrong) }
        }
    }

    /// How long even the right password must wait; nil when it opened the vault.
    private func wait(_ bench: VaultBench) async throws -> Int? {
        do { try await bench.unlock() } catch EngineError.backedOff(let seconds, _) { return seconds }
        try await bench.lock()
        return nil
    }

    private func failures(_ bench: VaultBench) -> Int? {
        bench.backoff.bytes.flatMap { PasswordBackoff(decoding: $0, now: bench.machine.clock.reading()) }?.failures
    }

    @Test("the state says that no password is tried now, and what a try would be told")
    func told() async throws {
        let bench = try await bench()
        await fail(4, bench)
        #expect(bench.vault.stateNow.passwordRefusal == nil)
        await fail(1, bench)
        bench.machine.advance(.seconds(10))
        #expect(bench.vault.stateNow.passwordRefusal == .backedOff(seconds: 20, triesUnknown: false))
        #expect(failures(bench) == 5, "to look is no try")
        bench.machine.advance(.seconds(20))
        #expect(bench.vault.stateNow.passwordRefusal == nil)
    }

    @Test("a keeper that starts anew knows the tries and goes on with the wait")
    func restart() async throws {
        let bench = try await bench()
        await fail(5, bench)
        bench.machine.advance(.seconds(10))
        let next = bench.restarted()
        #expect(try await wait(next) == 20)
        next.machine.advance(.seconds(21))
        await fail(1, next)
        #expect(try await wait(next.restarted()) == 30)
        bench.machine.advance(.seconds(31))
        #expect(try await wait(next.restarted()) == nil)
        #expect(failures(bench) == 0, "a right password makes the wrong ones forgotten")
        await fail(4, next.restarted())
        #expect(try await wait(next.restarted()) == nil)
    }

    @Test("a try is counted before it is made: a keeper that ends meanwhile does not forget it")
    func countedFirst() async throws {
        let hash = WatchingHash()
        let bench = try await bench(hash: hash)
        hash.watch { [self] in failures(bench) == 1 }
        try await bench.unlock()
        #expect(hash.verdicts == [true] && failures(bench) == 0)
        hash.watch { [self] in failures(bench) == 1 }
        _ = try await bench.vault.stepUp(password: VaultBench.password.secret, opensGrace: false, by: bench.nobody(), at: bench.terminal)
        #expect(hash.verdicts == [true] && failures(bench) == 0)
    }

    @Test("a password that cannot be counted is not tried")
    func unwritable() async throws {
        let hash = WatchingHash()
        let bench = try await bench(hash: hash)
        hash.watch { true }
        bench.backoff.fail(true)
        await #expect(throws: TestFailure.self) { try await bench.unlock() }
        #expect(hash.verdicts.isEmpty && !bench.vault.isUnlocked && bench.runners.isAlive == false)
        bench.backoff.fail(false)
        try await bench.unlock()
    }

    @Test("what goes wrong besides the password counts for nothing")
    func otherFailures() async throws {
        let bench = try await bench()
        var dump = try await StoreDump(of: bench.store)
        dump.records[try dump.position(.slot)].content.removeLast()
        let damaged = bench.restarted(on: try await dump.load())
        for _ in 0..<6 { await #expect(throws: (any Error).self) { try await damaged.unlock() } }
        #expect(failures(damaged) == 0)
    }

    @Test("a record that is broken counts as many tries, on this start and the next", arguments: ["", "cut", "flipped", "foreign", "later"])
    func broken(how: String) async throws {
        let bench = try await bench()
        await fail(3, bench)
        var bytes = try #require(bench.backoff.bytes)
        switch how {
        case "cut": bytes.removeLast()
        case "flipped": bytes[bytes.count / 3] ^= 1
        case "foreign": bytes = Array("something else".utf8)
        case "later":
            var later = PasswordBackoff(now: bench.machine.clock.reading())
            let now = bench.machine.clock.reading()
            later.failed(now: ClockReading(wall: now.wall, bootID: now.bootID, bootTime: now.bootTime + 3_600_000_000_000))
            bytes = later.encoded
        default: bytes = []
        }
        bench.backoff.bytes = bytes
        let next = bench.restarted()
        await #expect(throws: EngineError.backedOff(seconds: 1800, triesUnknown: true)) { try await next.unlock() }
        next.machine.advance(.seconds(1000))
        #expect(try await wait(next.restarted()) == 800, "the wait goes on, it does not begin again")
        next.machine.advance(.seconds(801))
        #expect(try await wait(next.restarted()) == nil)
        try await next.unlock()
        let refused = try await next.log().first { $0.decision == .deny(code: "unlock.tries-unknown") }
        #expect(refused?.action == .known(.unlockFailed), "it is in the log")
    }

    @Test("a record that cannot be reached counts as many tries until a person mends it")
    func loose() async throws {
        let bench = try await bench()
        bench.backoff.loosen(true)
        let next = bench.restarted()
        for _ in 0..<2 {
            await #expect(throws: EngineError.backedOff(seconds: 1800, triesUnknown: true)) { try await next.unlock() }
        }
        bench.backoff.loosen(false)
        #expect(try await wait(next) == nil)
    }

    @Test("neither a clock set forward nor another boot shortens a wait")
    func clocks() async throws {
        let bench = try await bench()
        await fail(5, bench)
        await fail(5, bench, waiting: .seconds(31))
        bench.machine.setWall(by: .seconds(86_400 * 365))
        #expect(try await wait(bench.restarted()) == 300)
        bench.machine.advance(.seconds(200))
        bench.machine.reboot(wallMoves: .seconds(86_400 * 365))
        let next = bench.restarted()
        #expect(try await wait(next) == 300, "how long the machine was off nobody knows")
        next.machine.advance(.seconds(100))
        #expect(try await wait(next.restarted()) == 200)
        next.machine.advance(.seconds(201))
        #expect(try await wait(next.restarted()) == nil)
    }

    @Test("a try that comes too early is in the log, as whoever made it; so is a wrong password")
    func audited() async throws {
        let bench = try await bench()
        await fail(5, bench)
        #expect(try await wait(bench) == 30)
        bench.machine.advance(.seconds(31))
        try await bench.unlock()
        let denied = try await bench.log().filter { $0.action == .known(.unlockFailed) }
        #expect(denied.map(\.decision) == [.deny(code: "unlock.failed"), .deny(code: "unlock.backed-off")])
        #expect(denied.map(\.repeated) == [5, 1])
        #expect(denied.allSatisfy { $0.actor.kind == .known(.unidentified) }, "a wrong password makes no person")
        let door = bench.door(7, terminal: 9)
        for _ in 0..<5 {
            await #expect(throws: EngineError.wrongPassword) {
                _ = try await bench.vault.stepUp(password: Self.wrong.secret, opensGrace: false, by: bench.nobody(), at: door)
            }
        }
        await #expect(throws: EngineError.backedOff(seconds: 30)) {
            _ = try await bench.vault.stepUp(password: VaultBench.password.secret, opensGrace: false, by: bench.nobody(), at: door)
        }
        let last = try #require(try await bench.log().last { $0.action == .known(.stepUpFailed) })
        #expect(last.decision == .deny(code: "unlock.backed-off") && last.actor.kind == .known(.unidentified))
    }

    @Test("what was written is read back, and nothing else is read")
    func coding() throws {
        let now = FakeMachine().clock.reading()
        var backoff = PasswordBackoff(now: now)
        for _ in 0..<7 { backoff.failed(now: now) }
        let bytes = backoff.encoded
        #expect(PasswordBackoff(decoding: bytes, now: now) == backoff)
        #expect(bytes.count == PasswordBackoff(now: now).encoded.count, "it is overwritten in place")
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 1
            #expect(PasswordBackoff(decoding: changed, now: now) == nil)
            #expect(PasswordBackoff(decoding: Array(bytes[..<index]), now: now) == nil)
        }
        #expect(PasswordBackoff(decoding: bytes + bytes, now: now) == nil)
    }
}
