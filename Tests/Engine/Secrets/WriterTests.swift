import Auditing
import Model
import Storage
import TestKit
import Testing

@testable import Secrets

@Suite struct WriterTests {
    @Test("sixty-four reveals at once leave a log without gaps, and every intent has its outcome") func reveals() async throws {
        let bench = try await VaultBench.unlocked()
        let canary = bench.canary()
        try await bench.set("app/key", canary.secret)
        let open = try bench.open
        let reference = FieldReference(scope: VaultBench.dev, name: VaultBench.name("app/key"))
        let right = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<64 { group.addTask { try await open.reveal(reference, by: bench.person(), withinGrace: false).value == canary.secret } }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(right == 64)
        let report = try await bench.verify()
        #expect(report.verdict.isIntact)
        #expect(report.missingOutcomes.isEmpty)
        let phases = try await bench.log().filter { $0.action == .known(.secretReveal) }.map(\.phase)
        #expect(phases.filter { $0 == .intent }.count == 64)
        #expect(phases.count == 128)
    }

    @Test("twenty writers of one secret make twenty versions without gaps") func sets() async throws {
        let bench = try await VaultBench.unlocked()
        let open = try bench.open
        let canaries = (0..<20).map { _ in bench.canary() }
        let versions = try await withThrowingTaskGroup(of: Int64.self) { group in
            for canary in canaries {
                group.addTask { try await open.set(VaultBench.write("app/key", canary.secret), in: VaultBench.dev, by: bench.person()).version }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(versions.sorted() == Array(1...20))
        #expect(try await open.history(VaultBench.name("app/key"), in: VaultBench.dev, by: bench.person()).map(\.number) == (1...20).reversed())
        var values: Set<String> = []
        for version in versions { values.insert(try await bench.reveal("app/key", version: version)) }
        #expect(values == Set(canaries.map(\.text)))
        try await bench.relock()
        #expect(try await bench.verify().verdict.isIntact)
    }

    @Test("many askers share one flush") func groups() async throws {
        let log = CallLog()
        let bench = VaultBench { HookedStore($0, log) { if $0 == "commit" { try await Task.sleep(for: .milliseconds(5)) } } }
        try await bench.create()
        let open = try bench.open
        log.clear()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<100 {
                group.addTask { _ = try await open.set(VaultBench.write("k\(number)", "CANARY-x".secret), in: VaultBench.dev, by: bench.person()) }
            }
            try await group.waitForAll()
        }
        #expect(log.calls.filter { $0 == "commit" }.count < 50)
        #expect(try await bench.verify().verdict.isIntact)
    }

    @Test("a write that is refused does not take those behind it along, nor leave its rows in the digest") func conflictInGroup() async throws {
        let bench = try await VaultBench.unlocked()
        let open = try bench.open
        let row = try #require(try await open.book.records(.vault).first)
        let entry = open.authorizer.entry(.slotAdd, by: bench.person())
        let outcomes = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<30 {
                group.addTask {
                    var change = Change()
                    if number % 3 == 0 {
                        // Replaces a state that never was.
                        var wrong = row
                        wrong.revision = 40
                        change.put(
                            open.book.make(.vault, id: row.id, parent: nil, name: nil, content: row.content, replacing: wrong), replacing: wrong)
                    }
                    do { try await open.writer.record([entry], with: change) } catch { return false }
                    return true
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(outcomes == 20)
        #expect(try await bench.log().filter { $0.action == .known(.slotAdd) }.count == 20)
        try await bench.relock()
        #expect(try await bench.verify().verdict.isIntact)
    }

    @Test("a write whose answer was lost is acknowledged when it is found to be stored") func lostAnswer() async throws {
        let isLossy = Flag(false)
        let bench = VaultBench { HookedStore($0, after: { if $0 == "commit", isLossy.isSet { throw StoreError.failed("lost") } }) }
        try await bench.create()
        isLossy.set()
        let result = try await bench.set("app/key", "CANARY-x".secret)
        #expect(result.version == 1)
        #expect(try await bench.set("app/key", "CANARY-y".secret).version == 2)
        try await bench.relock()
        #expect(try await bench.reveal("app/key") == "CANARY-y")
        #expect(try await bench.verify().verdict.isIntact)
    }

    @Test("when neither the answer nor the log can be had, the write is looked for before the next one") func lostTwice() async throws {
        let isBroken = Flag(false)
        let bench = VaultBench {
            HookedStore(
                $0, before: { if $0 == "entries", isBroken.isSet { throw StoreError.failed("gone") } },
                after: { if $0 == "commit", isBroken.isSet { throw StoreError.failed("lost") } })
        }
        try await bench.create()
        try await bench.set("app/key", "CANARY-x".secret)
        isBroken.set()
        await #expect(throws: StoreError.failed("lost")) { try await bench.set("app/key", "CANARY-y".secret) }
        await #expect(throws: StoreError.failed("gone")) { try await bench.set("app/key", "CANARY-z".secret) }
        isBroken.set(false)
        // The first of the two was stored; the second never left.
        #expect(try await bench.reveal("app/key") == "CANARY-y")
        #expect(try await bench.set("app/key", "CANARY-z".secret).version == 3)
        #expect(try await bench.verify().verdict.isIntact)
        try await bench.relock()
    }

    @Test("a checkpoint is signed at lock, on demand, and a minute after the last when the log has grown") func checkpoints() async throws {
        let bench = try await VaultBench.unlocked()
        func sizes() async throws -> [Int64] { try await StoreDump(of: bench.store).checkpoints.map(\.size) }
        #expect(try await sizes() == [])
        try await bench.vault.upkeep()
        #expect(try await sizes() == [])
        bench.machine.advance(.seconds(61))
        try await bench.vault.upkeep()
        #expect(try await sizes() == [1])
        bench.machine.advance(.seconds(61))
        try await bench.vault.upkeep()
        #expect(try await sizes() == [1])
        try await bench.set("app/key", "CANARY-x".secret)
        try await bench.vault.upkeep()
        #expect(try await sizes() == [1, 2])
        let first = try await bench.open.checkpoint(by: bench.person())
        #expect(try await sizes() == [1, 2, 3])
        #expect(first?.verifierKey == (try bench.open.verifierKey))
        try await bench.lock()
        #expect(try await sizes() == [1, 2, 3, 4])
    }

    @Test("a checkpoint is signed after so many entries, over entries that are there") func manyEntries() async throws {
        let bench = try await VaultBench.unlocked()
        let open = try bench.open
        let entry = open.authorizer.entry(.auditRead, by: bench.person())
        for _ in 0..<9 { try await open.writer.record([AuditEntry](repeating: entry, count: 500)) }
        let dump = try await StoreDump(of: bench.store)
        #expect(dump.checkpoints.map(\.size) == [4501])
        #expect(try await bench.verify().verdict.isIntact)
    }

    @Test("verification names an intent without outcome, but not one whose act goes on") func missingOutcomes() async throws {
        let bench = try await VaultBench.unlocked()
        try await bench.set("app/key", "CANARY-x".secret)
        var wish = RunWish(arguments: ["sleep"], scope: VaultBench.dev)
        wish.secrets = [.init(reference: SecretReference(name: VaultBench.name("app/key")))]
        var running: StartedRun? = try await bench.vault.start(bench.open.prepareRun(wish, by: bench.person())) {}
        #expect(try await bench.verify().missingOutcomes.isEmpty)
        try await bench.lock()
        try await bench.unlock()
        #expect(try await bench.verify().missingOutcomes.isEmpty)
        // The keeper dies, and the run with it.
        let next = bench.restarted()
        try await bench.lock()
        try await next.unlock()
        let index = try #require(running?.access.entry)
        #expect(try await next.verify().missingOutcomes == [index])
        running = nil
    }

    @Test("a run that ends while the vault is locked has its outcome at the next unlock") func lateOutcome() async throws {
        let bench = try await VaultBench.unlocked()
        try await bench.set("app/key", "CANARY-x".secret)
        var wish = RunWish(arguments: ["sleep"], scope: VaultBench.dev)
        wish.secrets = [.init(reference: SecretReference(name: VaultBench.name("app/key")))]
        let run = try await bench.vault.start(bench.open.prepareRun(wish, by: bench.person())) {}
        try await bench.lock()
        await bench.vault.finish(run, result: "done", detail: [("exit", "0")])
        try await bench.unlock()
        let outcome = try #require(try await bench.log().first { $0.phase == .outcome(of: run.access.entry, result: "done") })
        #expect(outcome.detail == [AuditFact("executed", "sleep"), AuditFact("exit", "0"), .whileLocked])
        #expect(outcome.subjects.isEmpty)
    }

    @Test("a reveal that a lock overtakes keeps its outcome, and nothing is written by the keys of before") func lockDuringReveal() async throws {
        let gate = Flag(false)
        let locked = Flag(false)
        let bench = VaultBench { store in
            HookedStore(store) { name in
                guard name == "field", gate.isSet else { return }
                while !locked.isSet { try await Task.sleep(for: .milliseconds(1)) }
            }
        }
        try await bench.create()
        try await bench.set("app/key", "CANARY-x".secret)
        let open = try bench.open
        gate.set()
        async let value = bench.reveal("app/key")
        while try await open.auditEntryCount() < 3 { try await Task.sleep(for: .milliseconds(1)) }
        try await bench.lock()
        locked.set()
        #expect(try await value == "CANARY-x")
        await #expect(throws: EngineError.locked) { _ = try await open.show(VaultBench.name("app/key"), in: VaultBench.dev, by: bench.person()) }
        await #expect(throws: EngineError.locked) {
            _ = try await open.set(VaultBench.write("app/key", "CANARY-y".secret), in: VaultBench.dev, by: bench.person())
        }
        try await bench.unlock()
        let report = try await bench.verify()
        #expect(report.verdict.isIntact)
        #expect(report.missingOutcomes.isEmpty)
        #expect(try await bench.reveal("app/key") == "CANARY-x")
    }

    @Test("verification finds a tail that was cut while the vault was open") func cutWhileOpen() async throws {
        let bench = try await VaultBench.unlocked()
        try await bench.set("app/key", "CANARY-x".secret)
        let older = try await StoreDump(of: bench.store).load()
        let switched = Flag(false)
        let isArmed = Flag(false)
        let next = bench.restarted {
            HookedStore($0, other: (older, switched), before: { if $0 == "checkpoints", isArmed.isSet { switched.set() } })
        }
        try await bench.lock()
        try await next.unlock()
        isArmed.set()
        let report = try await next.verify()
        guard case .broken(let found) = report.verdict else {
            Issue.record("a cut tail verifies")
            return
        }
        #expect(found.kind == .cutTail)
    }
}
