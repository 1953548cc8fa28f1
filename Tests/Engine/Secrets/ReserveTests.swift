import Auditing
import Model
import Policies
import Storage
import Synchronization
import TestKit
import Testing

@testable import Secrets

/// Room that is kept on a full disk for what a person does to end something.
@Suite struct ReserveTests {
    /// A disk that takes so many more commits, and keeps room for some.
    private final class SmallDisk: SpaceReserve {
        /// Nil while there is room enough.
        private let state = Mutex<(room: Int?, kept: Int)>((nil, 0))

        var kept: Int { state.withLock { $0.kept } }
        func fill() { state.withLock { if $0.room == nil { $0.kept = 4 } } }
        func fillUp() { state.withLock { $0.room = 0 } }
        func free() { state.withLock { $0.room = nil } }
        func empty() { state.withLock { $0.kept = 0 } }

        func giveUp() -> Bool {
            state.withLock { state in
                guard state.kept > 0 else { return false }
                state.kept -= 1
                state.room = state.room.map { $0 + 1 }
                return true
            }
        }

        func takeBack() {
            state.withLock { state in
                guard let room = state.room, state.kept < 4 else { return }
                (state.room, state.kept) = (0, state.kept + room)
            }
        }

        /// A store that was opened has a part of it, until it is closed.
        func close() { state.withLock { state in state.room = state.room.map { $0 + 1 } } }

        func commit() throws {
            try state.withLock { state in
                guard state.room != 0 else { throw StoreError.full }
                state.room = state.room.map { $0 - 1 }
            }
        }
    }

    private let disk = SmallDisk()

    private func bench(opensOnIt: Bool = false) async throws -> VaultBench {
        let bench = VaultBench(reserve: disk, opening: .init { [disk] in if opensOnIt { try disk.commit() } }) { [disk] store in
            HookedStore(
                store, before: { call in if call == "commit" { try disk.commit() } },
                after: { call in if call == "close", opensOnIt { disk.close() } })
        }
        try await bench.create()
        try await bench.set("app/key", bench.canary().secret)
        try await bench.allow([.broker, .maskedReturn], agent: "*", rules: TokenTests.rules)
        _ = try await bench.open.addAgent(VaultBench.segment("coder"), by: bench.person())
        _ = try await bench.open.issueToken(TokenTests.wish(), by: bench.person())
        #expect(disk.kept == 4)
        return bench
    }

    private func code(_ body: () async throws -> some Any) async -> String? { await ErrandTests.code(body) }

    private func isFrozen(_ bench: VaultBench) async throws -> Bool {
        try await bench.open.book.record(.panic, parent: nil, name: PanicRecord.Extent.all.name) != nil
    }

    @Test("on a full disk a person revokes, freezes, unlocks and locks, and nothing else is stored", arguments: 0..<5) func takesAway(_ which: Int)
        async throws
    {
        let bench = try await bench()
        disk.fillUp()
        let masked = FieldReference(scope: VaultBench.dev, name: VaultBench.name("app/key"))
        #expect(await code { try await bench.set("app/other", bench.canary().secret) } == "store.full")
        #expect(await code { try await bench.open.masked(masked, by: bench.agent()) } == "audit.unwritten")
        #expect(await code { try await bench.open.addAgent(VaultBench.segment("other"), by: bench.person()) } == "store.full")
        #expect(disk.kept == 4)
        switch which {
        case 0:
            #expect(try await bench.open.revokeTokens(.all, by: bench.person()) == 1)
        case 1: try await bench.open.revokeAgent(VaultBench.segment("coder"), by: bench.person())
        case 2:
            _ = try await bench.vault.panic(by: bench.nobody())
            #expect(try await isFrozen(bench))
        case 3: try await bench.allow([.maskedReturn])
        default:
            try await bench.lock()
            try await bench.unlock()
            #expect(disk.kept == 2)
            return
        }
        #expect(disk.kept == 3)
        #expect(await code { try await bench.reveal("app/key") } == "audit.unwritten")
        disk.free()
        try await bench.vault.upkeep()
        #expect(disk.kept == 4)
        #expect(try await bench.verify().verdict.isIntact)
    }

    @Test("a locked vault is opened with room from the reserve, which is taken back when it is closed, however often somebody comes")
    func opens() async throws {
        let bench = try await bench(opensOnIt: true)
        disk.fillUp()
        try await bench.lock()
        // Whatever is free is filled at once.
        disk.fillUp()
        #expect(disk.kept == 3)
        for _ in 0..<2 {
            #expect(await code { try await bench.unlock("not the password") } == "unlock.failed")
            disk.fillUp()
            #expect(disk.kept == 3)
        }
        // One part to open it, and one for the entry.
        try await bench.unlock()
        #expect(disk.kept == 1)
        try await bench.lock()
        disk.fillUp()
        #expect(disk.kept == 1)
        disk.empty()
        #expect(await code { try await bench.unlock() } == "store.full")
        #expect(!bench.vault.isUnlocked)
    }

    @Test("what waits for the disk beside it gets none of that room") func shared() async throws {
        let bench = try await bench()
        disk.fillUp()
        let open = try bench.open
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<20 {
                group.addTask { #expect(await code { try await bench.set("k\(number)", "CANARY-x".secret) } == "store.full") }
            }
            group.addTask { #expect(await code { try await open.revokeTokens(.all, by: bench.person()) } == nil) }
        }
        #expect(disk.kept == 3)
    }

    @Test("where even that is used up agents are frozen all the same, are told to be so until the lock, and are frozen for good once there is room")
    func unstored() async throws {
        let bench = try await bench()
        disk.fillUp()
        disk.empty()
        #expect(await code { try await bench.vault.panic(by: bench.nobody()) } == "agents.freeze-unstored")
        #expect(try bench.open.freeze.since != nil)
        #expect(try await !isFrozen(bench))
        try await bench.vault.upkeep()
        #expect(try await !isFrozen(bench))
        disk.free()
        try await bench.vault.upkeep()
        #expect(try await isFrozen(bench))
        #expect(try await bench.open.tokens(by: bench.person()).map(\.state) == [.revoked])
    }

    @Test("a freeze that could not be stored is kept over the lock beside the vault, and where there is no room either that is said")
    func unstoredLock() async throws {
        for hasRoom in [true, false] {
            let bench = try await bench()
            disk.fillUp()
            disk.empty()
            bench.pending.fail(!hasRoom)
            #expect(await code { try await bench.vault.panic(by: bench.nobody()) } == "agents.freeze-unstored")
            #expect(await code { try await bench.lock() } == (hasRoom ? nil : "vault.lock-unwritten"))
            #expect(!bench.vault.isUnlocked)
            if !hasRoom { #expect(await code { try await bench.vault.panic(by: bench.nobody()) } == "agents.freeze-unkept") }
            disk.free()
            bench.pending.fail(false)
            let next = bench.restarted()
            try await next.unlock()
            #expect(try await isFrozen(next) == hasRoom)
            #expect(try await next.log().contains { $0.action == .known(.vaultLock) } == hasRoom)
        }
    }
}
