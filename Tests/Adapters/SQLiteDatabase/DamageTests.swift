import FoundationEssentials
import GRDB
import Glibc
import Model
import SQLStorage
import Storage
import TestKit
import Testing

@testable import SQLiteDatabase

@Suite("A damaged vault")
struct DamageTests {
    @Test("of garbage is called damaged", arguments: [16, 100, 4096, 50_000])
    func garbage(_ count: Int) async throws {
        let vault = try RawVault()
        _ = try await vault.filled()
        try Data(SeededRandom().bytes(count)).write(to: URL(fileURLWithPath: vault.database))
        guard case .damaged = try await vault.failure() else {
            Issue.record("\(count) bytes of garbage: \(String(describing: try await vault.failure()))")
            return
        }
    }

    @Test("that is another program's database is no vault")
    func foreign() async throws {
        let vault = try RawVault()
        DiskFile(vault.path).makeDirectory(0o700)
        try vault.sql { try $0.execute(sql: "CREATE TABLE record (a TEXT)") }
        DiskFile(vault.database).setMode(0o600)
        #expect(try await vault.failure() == .damaged("vault.db is no vault"))
        #expect(try await vault.failure(create: true) == .damaged("vault.db is no vault"))
    }

    @Test("that was emptied is absent")
    func emptied() async throws {
        let vault = try RawVault()
        _ = try await vault.filled()
        DiskFile(vault.database).cut(to: 0)
        #expect(try await vault.failure() == .absent(path: vault.path))
    }

    @Test("gives errors or rows, whatever is cut off or flipped, and never ends the process")
    func survives() async throws {
        let vault = try RawVault()
        _ = try await vault.filled()
        let whole = try Data(contentsOf: URL(fileURLWithPath: vault.database))
        let random = SeededRandom()
        var failures = 0
        for round in 0..<60 {
            var bytes = whole
            if round < 15 {
                bytes = bytes.prefix(random.int(in: 1...(whole.count - 1)))
            } else {
                for _ in 0..<random.int(in: 1...40) { bytes[random.int(in: 0...(bytes.count - 1))] ^= UInt8(1 << random.int(in: 0...7)) }
            }
            try bytes.write(to: URL(fileURLWithPath: vault.database))
            DiskFile(vault.database).setMode(0o600)
            do { try await readEverything(vault) } catch is StoreError { failures += 1 }
        }
        #expect(failures > 10)
    }

    @Test("by another vault's log gives an error or rows, and never ends the process")
    func foreignLog() async throws {
        let (vault, other) = (try RawVault(), try RawVault())
        for vault in [vault, other] {
            let victim = try ChildProcess(ChildProcess.built("store-victim"), ["write", vault.path])
            for _ in 0..<4 { _ = victim.readLine() }
        }
        for name in ["vault.db-wal", "vault.db-shm"] {
            DiskFile("\(other.path)/\(name)").move(to: "\(vault.path)/\(name)")
        }
        do { try await readEverything(vault) } catch is StoreError {}
    }

    private func readEverything(_ vault: RawVault) async throws {
        let store = try vault.open(create: false)
        do {
            for organization in try await store.organizations().prefix(50) {
                let records = Gathered<Storage.Record>()
                try await store.forEachRecord(in: organization) { records.add($0) }
                for record in records.all.prefix(50) {
                    for version in try await store.versions(of: record.id.cast(), in: organization).prefix(10) {
                        _ = try await store.fields(of: record.id.cast(), version: version.number, in: organization)
                    }
                }
                _ = try await store.entries(from: 0, limit: 100, in: organization)
                _ = try await store.commit([Batch([.append(SampleRows(SeededRandom(), organization: organization).entry(0))])])
            }
            await store.close()
        } catch {
            await store.close()
            throw error
        }
    }
}

@Suite("A store that finds no room")
struct FullTests {
    @Test("says so, keeps what it had, and goes on when there is room")
    func limited() async throws {
        let vault = try RawVault()
        let store = try SQLiteStore.open(directory: vault.path, create: true)
        let steps = VictimSteps(store: store)
        try await steps.run(atMost: 5) { _ in }
        try await store.eraseFreed()
        try await store.write { connection throws(StoreError) in try connection.execute(script: "PRAGMA max_page_count = 1") }
        try await exhaust(store)
        try await store.write { connection throws(StoreError) in try connection.execute(script: "PRAGMA max_page_count = 100000") }
        try await steps.run(atMost: 20) { _ in }
        _ = try await steps.check(acknowledged: 20)
        await store.close()
    }

    @Test("on a full disk does the same", .enabled(if: geteuid() == 0, "only root mounts a small disk"))
    func fullDisk() async throws {
        let directory = try TemporaryDirectory()
        #expect(try run("/bin/mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", directory.path) == .exit(0))
        defer { _ = try? run("/bin/umount", "-l", directory.path) }
        let store: any VaultStore = try SQLiteStore.open(directory: directory.path("vault"), create: true)
        let steps = VictimSteps(store: store)
        try await steps.run(atMost: 5) { _ in }
        try await exhaust(store)
        #expect(try run("/bin/mount", "-o", "remount,size=16m", directory.path) == .exit(0))
        try await steps.run(atMost: 20) { _ in }
        _ = try await steps.check(acknowledged: 20)
        await store.close()
        #expect(try run("/bin/mount", "-o", "remount,ro", directory.path) == .exit(0))
        let error = #expect(throws: StoreError.self) { _ = try SQLiteStore.open(directory: directory.path("vault"), create: false) }
        #expect(error?.code == "store.system")
    }

    /// Writes until there is no room; what was stored before must still be whole.
    private func exhaust(_ store: any VaultStore) async throws {
        let rows = SampleRows(SeededRandom())
        var stored = 0
        let error = await #expect(throws: StoreError.self) {
            while stored < 10_000 {
                let batches = (0..<4).map { Batch([.append(rows.entry(Int64(stored + $0), count: 4000))]) }
                for result in try await store.commit(batches) { try result.get() }
                stored += 4
            }
        }
        #expect(error == .full)
        #expect(try await store.entryCount(in: rows.organization) == Int64(stored))
    }
}
