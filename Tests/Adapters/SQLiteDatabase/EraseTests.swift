import GRDB
import Model
import SQLiteDatabase
import Storage
import TestKit
import Testing

@Suite("Erasing")
struct EraseTests {
    @Test("leaves nothing of what was purged or replaced in the raw files")
    func erases() async throws {
        let vault = try RawVault()
        let store = try vault.open()
        let rows = SampleRows(SeededRandom())
        let tree = SampleTree(rows)
        try await commit(store, tree.batch)
        var (live, gone) = ([Int64: Canary](), [Canary]())
        for round in 1...250 {
            let canary = Canary(rows.random)
            try await commit(store, Batch([.insertVersion(rows.version(Int64(round), of: tree.secret))] + sealed(canary, Int64(round), tree, rows)))
            live[Int64(round)] = canary
            if rows.random.oneIn(3) { continue }
            guard let number = rows.random.element(of: live.keys.sorted()), let old = live.removeValue(forKey: number) else { continue }
            gone.append(old)
            try await commit(store, Batch([.deleteVersion(secret: tree.secret.id.cast(), number: number, in: rows.organization)]))
        }
        #expect(try !hunt(gone, vault).isEmpty)
        try await store.eraseFreed()
        #expect(try hunt(gone, vault) == [])
        #expect(Set(try hunt(Array(live.values), vault).map(\.canary)) == Set(live.values))
        await store.close()
        #expect(try hunt(gone, vault) == [])
        #expect(try vault.sql { try Int.fetchOne($0, sql: "PRAGMA freelist_count") } == 0)
    }

    @Test("gives back more than one portion of pages")
    func erasesMuch() async throws {
        let vault = try RawVault()
        let store = try vault.open()
        let rows = SampleRows(SeededRandom())
        let tree = SampleTree(rows)
        try await commit(store, tree.batch)
        for round in 1...40 {
            let address = FieldAddress(secret: tree.secret.id.cast(), version: Int64(round), ordinal: 0)
            let texts: [Batch.Operation] = [.insertDataKey(rows.dataKey(address)), .insertCiphertext(rows.ciphertext(address, count: 500_000))]
            try await commit(store, Batch([.insertVersion(rows.version(Int64(round), of: tree.secret))] + texts))
        }
        for round in 1...39 {
            try await commit(store, Batch([.deleteVersion(secret: tree.secret.id.cast(), number: Int64(round), in: rows.organization)]))
        }
        try await store.eraseFreed()
        #expect(DiskFile(vault.database + "-wal").size == 0 && DiskFile(vault.database).size < 1 << 20)
        await store.close()
        #expect(try vault.sql { try Int.fetchOne($0, sql: "PRAGMA freelist_count") } == 0)
    }

    @Test("leaves nothing of a record's earlier content")
    func erasesRevisions() async throws {
        let vault = try RawVault()
        let store = try vault.open()
        let rows = SampleRows(SeededRandom())
        var canaries = [Canary(rows.random)]
        var record = rows.record(.policy, content: canaries[0].bytes + rows.random.bytes(3000))
        try await commit(store, Batch([.put(record, replacing: nil)]))
        for _ in 0..<60 {
            canaries.append(Canary(rows.random))
            record = rows.successor(of: record)
            record.content = rows.random.bytes(rows.random.int(in: 0...2000)) + (canaries.last?.bytes ?? [])
            try await commit(store, Batch([.put(record, replacing: record.revision - 1)]))
        }
        try await store.eraseFreed()
        #expect(Set(try hunt(canaries, vault).map(\.canary)) == [canaries[60]])
        await store.close()
    }

    @Test("is made up for at the next opening when the process was killed before it")
    func erasesAfterKill() async throws {
        let vault = try RawVault()
        let victim = try ChildProcess(ChildProcess.built("store-victim"), ["write", vault.path])
        for _ in 0..<20 { _ = victim.readLine() }
        victim.kill()
        victim.wait()
        #expect(DiskFile(vault.database + "-wal").size > 0)
        let store = try vault.open()
        #expect(DiskFile(vault.database + "-wal").size == 0)
        await store.close()
    }

    private func sealed(_ canary: Canary, _ version: Int64, _ tree: SampleTree, _ rows: SampleRows) -> [Batch.Operation] {
        let address = FieldAddress(secret: tree.secret.id.cast(), version: version, ordinal: 0)
        var (key, text) = (rows.dataKey(address), rows.ciphertext(address, count: rows.random.int(in: 1...9000)))
        key.wrapped += canary.bytes
        text.sealed += canary.bytes
        return [.insertDataKey(key), .insertCiphertext(text)]
    }

    private func commit(_ store: any VaultStore, _ batch: Batch) async throws {
        for result in try await store.commit([batch]) { try result.get() }
    }

    /// Hunts in a copy, which another process makes: reading the files here would drop the locks of the open store.
    private func hunt(_ canaries: [Canary], _ vault: RawVault) throws -> [CanaryHunt.Sighting] {
        let copy = try TemporaryDirectory()
        try run("/bin/cp", "-r", vault.path, copy.path)
        return try CanaryHunt(for: canaries).sightings(inDirectory: copy.path)
    }
}
