import Auditing
import Envelopes
import Model
import Storage
import TestKit
import Testing

@testable import Secrets

/// What a thief with write access to the stored rows can do, and when it is found.
@Suite struct TamperingTests {
    /// A locked vault with `app/a` (two versions) and `app/b` in `default/dev`, `app/a` in `second/dev`, and its rows before the last writes.
    private struct Scene {
        var bench: VaultBench
        var older: StoreDump
        var dump: StoreDump
        var a: SecretID
        var b: SecretID
        var elsewhere: SecretID
    }

    private func scene() async throws -> Scene {
        let bench = try await VaultBench.unlocked()
        try await bench.open.createProject(VaultBench.segment("second"), by: bench.person())
        for (name, scope) in [("app/a", "default/dev"), ("app/b", "default/dev"), ("app/a", "second/dev")] {
            try await bench.set(name, bench.canary().secret, in: VaultBench.scope(scope))
        }
        try await bench.lock()
        let older = try await StoreDump(of: bench.store)
        try await bench.unlock()
        try await bench.set("app/a", bench.canary().secret)
        func id(_ name: String, _ scope: String) async throws -> SecretID {
            try await bench.open.show(VaultBench.name(name), in: VaultBench.scope(scope), by: bench.person()).id
        }
        let ids = (try await id("app/a", "default/dev"), try await id("app/b", "default/dev"), try await id("app/a", "second/dev"))
        try await bench.lock()
        return Scene(bench: bench, older: older, dump: try await StoreDump(of: bench.store), a: ids.0, b: ids.1, elsewhere: ids.2)
    }

    private func unlockError(_ scene: Scene, _ dump: StoreDump, remembers: Bool = true) async throws -> (any Error)? {
        let bench = scene.bench.restarted(on: try await dump.load(), remembers: remembers)
        do { try await bench.unlock() } catch {
            #expect(!bench.vault.isUnlocked)
            #expect(bench.runners.isAlive == false)
            return error
        }
        return nil
    }

    private func position(_ dump: StoreDump, of id: SecretID) throws -> Int {
        guard let position = dump.records.firstIndex(where: { $0.id == id.cast() }) else { throw TestFailure("no such record") }
        return position
    }

    @Test("an untouched copy opens") func untouched() async throws {
        let scene = try await scene()
        #expect(try await unlockError(scene, scene.dump) == nil)
    }

    @Test("an edited record of any kind is found at unlock", arguments: [RecordKind.vault, .organization, .project, .environment, .secret])
    func editedRecord(kind: RecordKind) async throws {
        let scene = try await scene()
        for part in 0..<3 {
            var dump = scene.dump
            let position = try dump.position(kind)
            switch part {
            case 0: dump.records[position].content[dump.records[position].content.count - 1] ^= 1
            case 1: dump.records[position].revision += 1
            default: dump.records[position].mac[0] ^= 1
            }
            #expect(try await unlockError(scene, dump) as? EngineError == .recordsDisagree)
        }
    }

    @Test("an edited slot does not open, or is found at unlock") func editedSlot() async throws {
        let scene = try await scene()
        var dump = scene.dump
        let position = try dump.position(.slot)
        let count = dump.records[position].content.count
        for offset in stride(from: 0, to: count, by: 7) {
            dump = scene.dump
            dump.records[position].content[offset] ^= 1
            #expect(try await unlockError(scene, dump) != nil, "byte \(offset)")
        }
    }

    @Test("a row put back to an earlier state is found at unlock") func rolledBackRow() async throws {
        let scene = try await scene()
        var dump = scene.dump
        dump.records[try position(dump, of: scene.a)] = scene.older.records[try position(scene.older, of: scene.a)]
        #expect(try await unlockError(scene, dump) as? EngineError == .recordsDisagree)
    }

    @Test("two swapped rows are found at unlock") func swappedRows() async throws {
        let scene = try await scene()
        var dump = scene.dump
        let (a, b) = (try position(dump, of: scene.a), try position(dump, of: scene.b))
        let content = dump.records[a].content
        dump.records[a].content = dump.records[b].content
        dump.records[b].content = content
        #expect(try await unlockError(scene, dump) as? EngineError == .recordsDisagree)
        dump = scene.dump
        let lookup = dump.records[a].lookup
        dump.records[a].lookup = dump.records[b].lookup
        dump.records[b].lookup = lookup
        #expect(try await unlockError(scene, dump) as? EngineError == .recordsDisagree)
    }

    @Test("a row that was taken away or added is found at unlock") func removedRow() async throws {
        let scene = try await scene()
        var dump = scene.dump
        dump.records.remove(at: try position(dump, of: scene.b))
        dump.versions.removeAll { $0.secret == scene.b }
        dump.fields.removeAll { $0.key.address.secret == scene.b }
        #expect(try await unlockError(scene, dump) as? EngineError == .recordsDisagree)

        // A row that was once written, and rightly removed since.
        let bench = scene.bench
        try await bench.unlock()
        _ = try await bench.open.delete(VaultBench.name("app/b"), in: VaultBench.dev, by: bench.person())
        try await bench.open.purge(VaultBench.name("app/b"), in: VaultBench.dev, by: bench.person())
        try await bench.lock()
        dump = try await StoreDump(of: bench.store)
        dump.records.append(scene.dump.records[try position(scene.dump, of: scene.b)])
        #expect(try await unlockError(scene, dump) as? EngineError == .recordsDisagree)
    }

    @Test("an older copy of the whole vault is refused by the machine that saw the newer one, until a person accepts it") func olderCopy()
        async throws
    {
        let scene = try await scene()
        #expect(try await unlockError(scene, scene.older) as? EngineError == .rollbackSuspected)
        let bench = scene.bench.restarted(on: try await scene.older.load())
        await #expect(throws: EngineError.wrongPassword) { try await bench.unlock("wrong wrong", acceptingRollback: true) }
        try await bench.unlock(acceptingRollback: true)
        #expect(try await bench.log().contains { $0.action == .known(.rollbackAccepted) })
        try await bench.relock()
        #expect(try await bench.verify().verdict.isIntact)
        // The newer one is now the other history.
        #expect(try await unlockError(scene, scene.dump) as? EngineError == .rollbackSuspected)
    }

    @Test("a vault that went another way since is refused too") func fork() async throws {
        let scene = try await scene()
        let other = scene.bench.restarted(on: try await scene.older.load(), remembers: false)
        try await other.unlock()
        for _ in 0..<10 { try await other.set("app/a", other.canary().secret) }
        try await other.lock()
        #expect(try await unlockError(scene, StoreDump(of: other.store)) as? EngineError == .rollbackSuspected)
    }

    @Test("a cut log is found: against the rows, the checkpoint or the memory") func cutLog() async throws {
        let scene = try await scene()
        var dump = scene.dump
        dump.entries.removeLast()
        #expect(try await unlockError(scene, dump, remembers: false) as? EngineError == .logBroken)
        dump.checkpoints = []
        #expect(try await unlockError(scene, dump) as? EngineError == .rollbackSuspected)
        while dump.entries.count > scene.older.entries.count { dump.entries.removeLast() }
        #expect(try await unlockError(scene, dump, remembers: false) as? EngineError == .recordsDisagree)
        dump.entries = []
        #expect(try await unlockError(scene, dump) as? EngineError == .logBroken)
    }

    @Test("an edited entry is found at unlock or by verification") func editedEntry() async throws {
        let scene = try await scene()
        let last = scene.dump.entries.count - 1
        for index in [0, last / 2, last] {
            for isChain in [false, true] {
                var dump = scene.dump
                if isChain { dump.entries[index].chain[0] ^= 1 } else { dump.entries[index].sealed[20] ^= 1 }
                if index == last {
                    #expect(try await unlockError(scene, dump) != nil, "entry \(index)")
                    continue
                }
                let bench = scene.bench.restarted(on: try await dump.load(), remembers: false)
                try await bench.unlock()
                guard case .broken(let found) = try await bench.verify().verdict else {
                    Issue.record("entry \(index) was changed and verifies")
                    continue
                }
                #expect(found.index == Int64(index))
                if !isChain {
                    let open = try bench.open
                    await #expect(throws: (any Error).self) { _ = try await open.auditEntries(from: Int64(index), limit: 1, by: bench.person()) }
                }
            }
        }
    }

    @Test("a checkpoint that was exchanged is found at unlock") func editedCheckpoint() async throws {
        let scene = try await scene()
        var dump = scene.dump
        dump.checkpoints[dump.checkpoints.count - 1].note[3] ^= 1
        #expect(try await unlockError(scene, dump) as? EngineError == .logBroken)
        dump = scene.dump
        dump.checkpoints[dump.checkpoints.count - 1].frontier[3] ^= 1
        #expect(try await unlockError(scene, dump) as? EngineError == .logBroken)
    }

    @Test("keys that were exchanged between projects, or edited, open nothing") func keys() async throws {
        let scene = try await scene()
        var dump = scene.dump
        let projects = dump.keys.indices.filter { dump.keys[$0].owner != dump.keys[0].owner }
        let wrapped = dump.keys[projects[0]].wrapped
        dump.keys[projects[0]].wrapped = dump.keys[projects[1]].wrapped
        dump.keys[projects[1]].wrapped = wrapped
        let bench = scene.bench.restarted(on: try await dump.load(), remembers: false)
        try await bench.unlock()
        for scope in ["default/dev", "second/dev"] {
            await #expect(throws: EnvelopeError.commitmentMismatch) { _ = try await bench.reveal("app/a", in: VaultBench.scope(scope)) }
            await #expect(throws: EnvelopeError.commitmentMismatch) {
                _ = try await bench.set("app/c", bench.canary().secret, in: VaultBench.scope(scope))
            }
        }
        dump = scene.dump
        dump.keys[0].wrapped[40] ^= 1
        #expect(try await unlockError(scene, dump, remembers: false) as? EnvelopeError == .commitmentMismatch)
        dump = scene.dump
        dump.keys.removeLast(2)
        let keyless = scene.bench.restarted(on: try await dump.load(), remembers: false)
        try await keyless.unlock()
        await #expect(throws: EngineError.unreadable) { _ = try await keyless.reveal("app/a") }
    }
}

/// Sealed fields are looked at when they are used.
@Suite struct SealedTamperingTests {
    private struct Scene {
        var bench: VaultBench
        var dump: StoreDump
        var a: SecretID
        var b: SecretID
        var elsewhere: SecretID
    }

    private func scene() async throws -> Scene {
        let bench = try await VaultBench.unlocked()
        try await bench.open.createEnvironment(VaultBench.segment("prod"), in: VaultBench.segment("default"), by: bench.person())
        for (name, scope) in [("app/a", "default/dev"), ("app/a", "default/dev"), ("app/b", "default/dev"), ("app/a", "default/prod")] {
            var write = VaultBench.write(name, bench.canary().secret)
            write.fields.append(.init(name: VaultBench.segment("second"), kind: .secret, value: bench.canary().secret))
            _ = try await bench.open.set(write, in: VaultBench.scope(scope), by: bench.person())
        }
        func id(_ name: String, _ scope: String) async throws -> SecretID {
            try await bench.open.show(VaultBench.name(name), in: VaultBench.scope(scope), by: bench.person()).id
        }
        let ids = (try await id("app/a", "default/dev"), try await id("app/b", "default/dev"), try await id("app/a", "default/prod"))
        try await bench.lock()
        return Scene(bench: bench, dump: try await StoreDump(of: bench.store), a: ids.0, b: ids.1, elsewhere: ids.2)
    }

    private func revealError(_ scene: Scene, _ dump: StoreDump) async throws -> (any Error)? {
        let bench = scene.bench.restarted(on: try await dump.load(), remembers: false)
        try await bench.unlock()
        do { _ = try await bench.reveal("app/a") } catch {
            // The failure stands in the log, and other secrets are as they were.
            let last = try await bench.log().last
            if case .outcome(_, let result)? = last?.phase { #expect(result != "done") } else { Issue.record("no outcome") }
            return error
        }
        return nil
    }

    @Test("a ciphertext or data key of another field, version, secret or environment does not open") func swapped() async throws {
        let scene = try await scene()
        let here = try scene.dump.field(scene.a, version: 2, ordinal: 1)
        let others = [
            try scene.dump.field(scene.a, version: 2, ordinal: 2), try scene.dump.field(scene.a, version: 1, ordinal: 1),
            try scene.dump.field(scene.b, version: 1, ordinal: 1), try scene.dump.field(scene.elsewhere, version: 1, ordinal: 1),
            try scene.dump.field(scene.a, version: 2, ordinal: 0),
        ]
        #expect(try await revealError(scene, scene.dump) == nil)
        for other in others {
            var dump = scene.dump
            dump.fields[here].ciphertext.sealed = scene.dump.fields[other].ciphertext.sealed
            #expect(try await revealError(scene, dump) as? EnvelopeError == .authenticationFailed)
            dump.fields[here].key.wrapped = scene.dump.fields[other].key.wrapped
            #expect(try await revealError(scene, dump) as? EnvelopeError == .commitmentMismatch)
        }
    }

    @Test("an edited ciphertext, data key or generation does not open") func edited() async throws {
        let scene = try await scene()
        for ordinal in [Int64(0), 1] {
            let here = try scene.dump.field(scene.a, version: 2, ordinal: ordinal)
            var dump = scene.dump
            dump.fields[here].ciphertext.sealed[30] ^= 1
            #expect(try await revealError(scene, dump) as? EnvelopeError == .authenticationFailed)
            dump = scene.dump
            dump.fields[here].key.wrapped[30] ^= 1
            #expect(try await revealError(scene, dump) as? EnvelopeError == .commitmentMismatch)
            dump = scene.dump
            dump.fields[here].key.generation = 2
            #expect(try await revealError(scene, dump) as? EngineError == .unreadable)
            dump = scene.dump
            dump.fields[here].key.seal = 2
            dump.fields[here].ciphertext.seal = 2
            #expect(try await revealError(scene, dump) as? EnvelopeError == .authenticationFailed)
        }
    }

    @Test("a field or version that was taken away is missed, not taken for one that never was") func removed() async throws {
        let scene = try await scene()
        for ordinal in [Int64(0), 1] {
            var dump = scene.dump
            dump.fields.remove(at: try dump.field(scene.a, version: 2, ordinal: ordinal))
            #expect(try await revealError(scene, dump) as? EngineError == .unreadable)
        }
        var dump = scene.dump
        dump.versions.removeAll { $0.secret == scene.a && $0.number == 1 }
        dump.fields.removeAll { $0.key.address.secret == scene.a && $0.key.address.version == 1 }
        let bench = scene.bench.restarted(on: try await dump.load(), remembers: false)
        try await bench.unlock()
        await #expect(throws: EngineError.unreadable) { _ = try await bench.reveal("app/a", version: 1) }
        await #expect(throws: EngineError.unreadable) {
            _ = try await bench.open.history(VaultBench.name("app/a"), in: VaultBench.dev, by: bench.person())
        }
        await #expect(throws: EngineError.versionNotFound) { _ = try await bench.reveal("app/a", version: 3) }
    }

    @Test("a version's time that was changed is found when versions are shown") func time() async throws {
        let scene = try await scene()
        var dump = scene.dump
        for position in dump.versions.indices { dump.versions[position].createdAt = Timestamp(nanoseconds: 1) }
        let bench = scene.bench.restarted(on: try await dump.load(), remembers: false)
        try await bench.unlock()
        await #expect(throws: EngineError.recordsDisagree) {
            _ = try await bench.open.history(VaultBench.name("app/a"), in: VaultBench.dev, by: bench.person())
        }
    }
}
