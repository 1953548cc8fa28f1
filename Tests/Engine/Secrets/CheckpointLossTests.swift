import Auditing
import Model
import Storage
import TestKit
import Testing

@testable import Secrets

/// Signed checkpoints that somebody took away from the vault.
@Suite struct CheckpointLossTests {
    private func furnished() async throws -> VaultBench { try await VaultBench.checkpointed() }

    private func broken(_ bench: VaultBench, trusted: [[UInt8]] = []) async throws -> LogBreak? {
        guard case .broken(let found) = try await bench.open.verifyAudit(trusted: trusted, by: bench.person()).verdict else { return nil }
        return found
    }

    @Test("each checkpoint names the one before it")
    func series() async throws {
        let bench = try await furnished()
        let checkpoints = try await StoreDump(of: bench.store).checkpoints
        #expect(checkpoints.count == 5)
        let signed = try checkpoints.map { try SignedCheckpoint(parsing: $0.note) }
        #expect(signed.map(\.previous) == [nil] + signed.dropLast().map(\.size))
        #expect(bench.checkpoint.bytes == checkpoints.last?.note, "the last is kept outside, too")
        #expect(try await broken(bench) == nil)
    }

    @Test("whichever checkpoint is taken away, unlock or verification misses it")
    func each() async throws {
        let bench = try await furnished()
        try await bench.lock()
        let whole = try await StoreDump(of: bench.store)
        for place in whole.checkpoints.indices {
            for remembers in [true, false] {
                var dump = whole
                let taken = dump.checkpoints.remove(at: place)
                let next = try await machine(like: bench, with: dump, remembers: remembers)
                if place == whole.checkpoints.count - 1 {
                    await #expect(throws: EngineError.checkpointsMissing) { try await next.unlock() }
                    #expect(!next.vault.isUnlocked)
                    continue
                }
                try await next.unlock()
                let found = try #require(try await broken(next), "checkpoint \(place)")
                #expect(found.kind == .missingCheckpoint && found.index == taken.size)
                #expect(found.message.hasPrefix("the checkpoint at \(taken.size) entries was taken away"))
            }
        }
        let untouched = try await machine(like: bench, with: whole, remembers: true)
        try await untouched.unlock()
        #expect(try await broken(untouched) == nil)
    }

    /// Another machine with a copy of the vault, and of what this one remembers of it.
    private func machine(like bench: VaultBench, with dump: StoreDump, remembers: Bool) async throws -> VaultBench {
        let (memory, checkpoint) = (MemoryStateFile(), MemoryStateFile())
        if remembers { (memory.bytes, checkpoint.bytes) = (bench.memory.bytes, bench.checkpoint.bytes) }
        return VaultBench(store: try await dump.load(), isMade: true, machine: bench.machine, memory: memory, checkpoint: checkpoint)
    }

    @Test("all of them taken away are missed, also by a machine that remembers nothing")
    func all() async throws {
        let bench = try await furnished()
        try await bench.lock()
        var dump = try await StoreDump(of: bench.store)
        dump.checkpoints = []
        for remembers in [true, false] {
            let next = bench.restarted(on: try await dump.load(), remembers: remembers)
            await #expect(throws: EngineError.checkpointsMissing) { try await next.unlock() }
        }
    }

    @Test("of a keeper that was killed, the last checkpoint is missed by the machine that saw it")
    func killed() async throws {
        let bench = try await furnished()
        var dump = try await StoreDump(of: bench.store)
        dump.checkpoints.removeLast()
        let next = bench.restarted(on: try await dump.load())
        await #expect(throws: EngineError.checkpointsMissing) { try await next.unlock() }
        // One that was never here can know nothing of it: there was no lock.
        try await bench.restarted(on: try await dump.load(), remembers: false).unlock()
    }

    @Test("a log that goes on for long without any is not believed")
    func long() async throws {
        let bench = try await VaultBench.unlocked()
        let entry = try bench.open.authorizer.entry(.auditRead, by: bench.person())
        for _ in 0..<18 { try await bench.open.writer.record([AuditEntry](repeating: entry, count: 500)) }
        var dump = try await StoreDump(of: bench.store)
        #expect(dump.checkpoints.map(\.size) == [4501, 9001])
        dump.checkpoints = []
        let next = bench.restarted(on: try await dump.load(), remembers: false)
        await #expect(throws: EngineError.checkpointsMissing) { try await next.unlock() }
    }

    @Test("the last one is missed while the vault is open")
    func whileOpen() async throws {
        let switched = Flag(false)
        let bench = try await furnished()
        var dump = try await StoreDump(of: bench.store)
        let taken = dump.checkpoints.removeLast()
        let other = try await dump.load()
        let next = bench.restarted { HookedStore($0, other: (other, switched)) }
        try await next.unlock()
        bench.checkpoint.bytes = nil
        switched.set()
        // The other store knows nothing of this unlock: it is given the same entries.
        for result in try await other.commit([Batch(StoreDump(of: bench.store).entries.dropFirst(dump.entries.count).map { .append($0) })]) {
            try result.get()
        }
        let found = try #require(try await broken(next))
        #expect(found.kind == .missingCheckpoint && found.index == taken.size)
    }

    @Test("one that was handed out is missed, though nothing in the vault names it")
    func handedOut() async throws {
        let bench = try await furnished()
        let kept = try #require(try await bench.open.checkpoint(by: bench.person())).note
        var dump = try await StoreDump(of: bench.store)
        #expect(try await broken(bench, trusted: [kept]) == nil)
        let taken = dump.checkpoints.removeLast()
        let next = try await machine(like: bench, with: dump, remembers: false)
        try await next.unlock()
        #expect(try await broken(next) == nil)
        let found = try #require(try await broken(next, trusted: [kept]))
        #expect(found.kind == .missingCheckpoint && found.index == taken.size)
    }

    @Test("a person can accept the loss, once, and that is in the log")
    func acceptance() async throws {
        let bench = try await furnished()
        try await bench.lock()
        var dump = try await StoreDump(of: bench.store)
        dump.checkpoints = []
        let next = bench.restarted(on: try await dump.load())
        try await next.unlock(acceptingRollback: true)
        let accepted = try await next.log().filter { $0.action == .known(.rollbackAccepted) }
        #expect(accepted.map(\.detail) == [[AuditFact("checkpoints", "missing")]])
        // Even when the keeper dies right afterwards.
        let after = next.restarted()
        try await after.unlock()
        #expect(try await after.log().filter { $0.action == .known(.rollbackAccepted) }.count == 1)
        #expect(try await broken(after) == nil)
    }

    @Test("a lock and its checkpoint are stored together")
    func together() async throws {
        let log = CallLog()
        let bench = VaultBench { HookedStore($0, log) }
        try await bench.create()
        log.clear()
        try await bench.lock()
        #expect(log.calls.filter { $0 == "commit" }.count == 1)
        let dump = try await StoreDump(of: bench.store)
        #expect(dump.checkpoints.last?.size == Int64(dump.entries.count))
    }

    @Test("a lock that could not be written is not missed for its checkpoint")
    func unwrittenLock() async throws {
        let isFull = Flag(false)
        let bench = VaultBench { HookedStore($0, before: { if $0 == "commit", isFull.isSet { throw StoreError.full } }) }
        try await bench.create()
        isFull.set()
        try await bench.lock()
        isFull.set(false)
        try await bench.unlock()
        #expect(try await bench.log().contains { $0.action == .known(.vaultLock) && $0.detail.contains(.whileLocked) })
        // The keeper is killed: what waited is in the log now, behind the last checkpoint.
        try await bench.restarted().unlock()
    }
}
