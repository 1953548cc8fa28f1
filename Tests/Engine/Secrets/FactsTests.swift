import Model
import TestKit
import Testing

@testable import Secrets

@Suite struct FactsTests {
    @Test("the facts say what the keeper knows of itself") func facts() async throws {
        let bench = try await VaultBench.unlocked()
        var facts = await bench.vault.facts
        #expect(facts.phase == .unlocked)
        #expect(facts.hasSpawner == true)
        #expect(facts.hardening == Hardening(coreLimit: 0, isDumpable: false))
        #expect(facts.clockFloor == nil)
        #expect(facts.runs == 0)
        #expect(facts.memoryUsage.lockedBlocks + facts.memoryUsage.ordinaryBlocks > 0)
        try await bench.lock()
        facts = await bench.vault.facts
        #expect(facts.phase == .locked)
        #expect(facts.hasSpawner == false)
    }

    @Test(
        "a mask shows the last four characters of a long value, and nothing of another",
        arguments: [
            ("", "********"), ("short", "********"), ("fifteen-bytes-x", "********"), ("sixteen-bytes-xy", "********s-xy"),
            ("a-long-one-with-bell\u{7}", "********"), ("a-long-one-with-ümläut", "********"),
        ]) func mask(value: String, expected: String)
    { #expect(Mask.text(of: value.secret) == (expected == "********s-xy" ? "********s-xy" : expected)) }

    @Test("after a lock no value and no key is left in memory") func nothingLeft() async {
        await #expect(processExitsWith: .success) {
            let bench = VaultBench()
            try await bench.create()
            // What is not the vault's own: the password in transit is gone when `create` has returned.
            try await bench.set("app/key", Canary(bench.random).secret)
            _ = try await bench.reveal("app/key")
            _ = try await bench.open.replaceRecovery(by: bench.person())
            _ = try await bench.vault.rotateRoot(password: VaultBench.password.secret, by: bench.person())
            _ = try await bench.verify()
            let usage = SecretArena.usageInAll
            precondition(usage.lockedBlocks > 0)
            try await bench.lock()
            // A task that was ending as the vault was locked may hold a key until it has ended: on a busy machine that is not at once.
            var after = SecretArena.usageInAll
            for _ in 0..<5000 where after.lockedBlocks + after.ordinaryBlocks > 0 {
                try await Task.sleep(for: .milliseconds(1))
                after = SecretArena.usageInAll
            }
            precondition(after.lockedBlocks == 0 && after.ordinaryBlocks == 0, "\(after)")
        }
    }
}
