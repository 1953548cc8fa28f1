import Auditing
import Envelopes
import Model
import Policies
import Storage
import Synchronization
import TestKit
import Testing

@testable import Secrets

@Suite struct MovedVaultTests {
    private static let gone = StoreError.moved(path: "/vault/vault.db", isReplaced: false)
    private static let replaced = StoreError.moved(path: "/vault/vault.db", isReplaced: true)

    /// A vault at a place where a test moves things, with a secret; `log` has the calls that its stores got.
    private static func bench(_ log: CallLog = CallLog()) async throws -> VaultBench {
        let place = MovablePlace()
        let bench = VaultBench(
            place: place,
            wrapping: { store in
                HookedStore(
                    store, log, before: { call in if call == "commit", let moved = place.displacement(of: store) { throw moved } },
                    displaced: { place.displacement(of: store) })
            })
        try await bench.create()
        try await bench.set("app/key", bench.canary().secret)
        return bench
    }

    /// A vault of other things, with the same password.
    private static func other() async throws -> InMemoryStore {
        let bench = try await VaultBench.unlocked()
        try await bench.set("other/key", bench.canary().secret)
        try await bench.lock()
        return bench.store
    }

    private static func names(_ bench: VaultBench) async throws -> [String] {
        try await bench.open.list(VaultBench.dev, ListFilter(), by: bench.person()).views.map(\.name.description)
    }

    /// What a command of the person finds as it begins.
    private static func comeIn(_ bench: VaultBench) async throws { _ = try await bench.vault.asker(at: bench.terminal, source: .cli, Credentials()) }

    @Test("a write after the vault was replaced is in neither; the next unlock opens what lies there, and says so") func replaced() async throws {
        let (bench, other) = (try await Self.bench(), try await Self.other())
        let open = try bench.open
        bench.place.move(in: other)
        await #expect(throws: Self.replaced) { try await bench.set("app/late", "CANARY-late".secret) }
        try await Self.comeIn(bench)
        #expect(!bench.vault.isUnlocked && bench.vault.stateNow.phase == .locked)
        #expect(bench.vault.stateNow.warnings == [Self.replaced.message])
        #expect(bench.runners.isAlive == false)
        let report = try await bench.unlock()
        #expect(report.warnings.contains(Self.replaced.message))
        #expect(bench.vault.stateNow.warnings.isEmpty)
        #expect(try bench.open.organization != open.organization)
        #expect(try await Self.names(bench) == ["other/key"])
        try await bench.set("other/new", bench.canary().secret)
        #expect(try await bench.verify().verdict.isIntact)
        // The first is as it was, in its own place again.
        bench.place.moveBack()
        try await Self.comeIn(bench)
        try await bench.unlock()
        #expect(try await Self.names(bench) == ["app/key"])
        #expect(try await bench.verify().verdict.isIntact)
    }

    @Test("where nothing lies, that is said to whoever comes, and a vault can be made or restored there") func gone() async throws {
        let bench = try await Self.bench()
        let file = try await BackupTests.file(of: bench)
        for isRestored in [false, true] {
            bench.place.move()
            try await Self.comeIn(bench)
            #expect(bench.vault.stateNow.phase == .absent && bench.vault.stateNow.warnings == [Self.gone.message])
            #expect(throws: Self.gone) { try bench.open }
            await #expect(throws: EngineError.noVault) { try await bench.unlock() }
            if isRestored {
                _ = try await bench.vault.restore(
                    from: BackupTests.source(file), opening: .password(BackupTests.password.secret), password: VaultBench.password.secret,
                    by: bench.nobody(), at: bench.terminal)
                #expect(bench.staging.published != nil)
            } else {
                try await bench.create()
                #expect(try await Self.names(bench).isEmpty)
            }
        }
    }

    @Test("places that others can reach are refused at every unlock, also of an open vault, and no lock is") func loose() async throws {
        let bench = try await VaultBench.unlocked()
        let loose = StoreError.loosePermissions(path: "/state", fix: "chmod 700 /state")
        bench.looseness.error.withLock { $0 = loose }
        await #expect(throws: loose) { try await bench.unlock() }
        try await bench.lock()
        await #expect(throws: loose) { try await bench.unlock() }
        await #expect(throws: loose) {
            _ = try await bench.vault.stepUp(password: VaultBench.password.secret, opensGrace: false, by: bench.nobody(), at: bench.terminal)
        }
        #expect(!bench.vault.isUnlocked && bench.runners.isAlive != true)
        bench.looseness.error.withLock { $0 = nil }
        try await bench.unlock()
        #expect(bench.vault.isUnlocked)
    }

    @Test("a locked vault holds no store, whether it was locked, could not be unlocked, or was open for one command") func closed() async throws {
        let log = CallLog()
        let bench = try await Self.bench(log)
        func closed(by body: () async throws -> Void) async throws {
            log.clear()
            try await body()
            #expect(log.calls.last == "close" && bench.vault.storeAtHand == nil)
        }
        try await closed { try await bench.lock() }
        try await closed { await #expect(throws: EngineError.wrongPassword) { try await bench.unlock("wrong wrong") } }
        try await closed {
            let door = bench.door(7, isNextToLeader: false)
            _ = try await bench.vault.stepUp(password: VaultBench.password.secret, opensGrace: false, by: bench.nobody(), at: door)
            #expect(bench.vault.isUnlocked)
            try await bench.vault.connectionEnded(7)
        }
        try await closed { await #expect(throws: EngineError.vaultExists) { try await bench.create() } }
        try await bench.unlock()
        bench.machine.advance(.seconds(86_400))
        try await closed { try await bench.vault.upkeep() }
    }

    @Test("a backup that began before the lock reads on, and the store is closed behind it") func backup() async throws {
        let bench = try await Self.bench()
        let backup = try await bench.open.beginBackup(sealedTo: .password(BackupTests.password.secret), by: bench.person())
        let (open, locked) = (try bench.open, Flag(false))
        _ = try await open.write(backup) { _, _ in
            guard !locked.isSet else { return }
            locked.set()
            try await bench.lock()
            #expect(bench.vault.storeAtHand != nil)
        }
        #expect(locked.isSet)
        try await bench.vault.upkeep()
        #expect(bench.vault.storeAtHand == nil)
    }

    @Test("the upkeep finds it, stops runs, and what they leave is in no other vault's log") func upkeep() async throws {
        let bench = try await Self.bench()
        try await bench.allow([.envInject], agent: "*")
        var wish = RunWish(arguments: ["curl"], scope: VaultBench.dev)
        wish.secrets = [.init(reference: try SecretReference(parsing: "app/key"))]
        let stopped = Flag(false)
        let run = try await bench.vault.start(try await bench.open.prepareRun(wish, by: bench.agent())) { stopped.set() }
        bench.place.move(in: try await Self.other())
        #expect(bench.vault.isUnlocked && !stopped.isSet)
        try await bench.vault.upkeep()
        #expect(!bench.vault.isUnlocked && stopped.isSet)
        await bench.vault.finish(run, result: "done", detail: [])
        try await bench.unlock()
        let outcomes = try await bench.log().filter { if case .outcome = $0.phase { $0.detail.contains(.whileLocked) } else { false } }
        #expect(outcomes.isEmpty)
        #expect(try await bench.verify().verdict.isIntact)
    }

    @Test("an older copy that is put under a running keeper is found") func olderCopy() async throws {
        let bench = try await Self.bench()
        try await bench.lock()
        let copy = try await StoreDump(of: bench.store).load()
        try await bench.unlock()
        try await bench.set("app/key", bench.canary().secret)
        bench.place.move(in: copy)
        await #expect(throws: Self.replaced) { try await bench.set("app/key", "CANARY-late".secret) }
        await #expect(throws: EngineError.rollbackSuspected) { try await bench.unlock() }
        bench.place.moveBack()
        try await bench.unlock()
    }

    @Test("a restored vault that cannot be unlocked at once is there, and is unlocked when that is mended") func restoredLocked() async throws {
        let file = try await BackupTests.file(of: BackupTests.bench())
        let bench = VaultBench()
        bench.pending.loosen(true)
        let (_, done) = try await BackupTests.restored(file, on: bench)
        #expect(!bench.vault.isUnlocked && bench.vault.stateNow.phase == .locked && bench.runners.isAlive == false)
        await #expect(throws: (any Error).self) { try await bench.unlock() }
        bench.pending.loosen(false)
        try await bench.unlock()
        #expect(try bench.open.organization == done.organization)
        #expect(try bench.open.verifierKey == done.verifierKey)
    }
}
