import Foundation
import Model
import SQLStorage
import Storage
import TestKit
import Testing

@testable import SQLiteDatabase

@Suite("A vault that is moved while it is open")
struct MovedTests {
    /// What somebody does to the files of a vault.
    struct Deed: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let file: String
        var isReplaced = false
        let act: @Sendable (RawVault) throws -> Void
    }

    private static let other = "aside"

    static let deeds = [
        Deed(testDescription: "the directory is moved", file: "vault.db") { DiskFile($0.path).move(to: $0.directory.path(other)) },
        Deed(testDescription: "the directory is removed", file: "vault.db") { try FileManager.default.removeItem(atPath: $0.path) },
        Deed(testDescription: "the database is moved", file: "vault.db") { DiskFile($0.database).move(to: $0.database + ".aside") },
        Deed(testDescription: "the database is removed", file: "vault.db") { DiskFile($0.database).remove() },
        Deed(testDescription: "the lock's file is removed", file: "vault.lock") { DiskFile($0.path + "/vault.lock").remove() },
        Deed(testDescription: "another directory lies there", file: "vault.db", isReplaced: true) { vault in
            DiskFile(vault.path).move(to: vault.directory.path(other))
            _ = try SQLiteStore.open(directory: vault.path, create: true)
        },
        Deed(testDescription: "another database lies there", file: "vault.db", isReplaced: true) { vault in
            try FileManager.default.copyItem(atPath: vault.database, toPath: vault.database + ".copy")
            DiskFile(vault.database + ".copy").move(to: vault.database)
        },
    ]

    private static func batch() -> Batch { Batch([.put(SampleRows(SeededRandom()).record(.agent), replacing: nil)]) }

    @Test("nothing more is written, and no row of what lies there is read", arguments: deeds) func refuses(_ deed: Deed) async throws {
        let vault = try RawVault()
        let store = try vault.open()
        for result in try await store.commit([Self.batch()]) { try result.get() }
        #expect(store.displacement == nil)
        try deed.act(vault)
        let moved = StoreError.moved(path: "\(vault.path)/\(deed.file)", isReplaced: deed.isReplaced)
        #expect(store.displacement == moved)
        await #expect(throws: moved) { _ = try await store.commit([Self.batch()]) }
        await #expect(throws: moved) { try await store.eraseFreed() }
        // No reading connection was made before.
        await #expect(throws: StoreError.self) { _ = try await store.organizations() }
        await store.close()
        await #expect(throws: StoreError.closed) { _ = try await store.commit([Self.batch()]) }
    }

    @Test("what was acknowledged is in the file that was moved, alone, and the one in its place is as it was") func whole() async throws {
        let vault = try RawVault()
        let store = try vault.open()
        let rows = SampleRows(SeededRandom())
        let record = rows.record(.agent)
        for result in try await store.commit([Batch([.put(record, replacing: nil)])]) { try result.get() }
        // The database alone: its log stays in the directory.
        let aside = try RawVault()
        DiskFile(aside.path).makeDirectory(0o700)
        DiskFile(vault.database).move(to: aside.database)
        #expect(DiskFile(vault.database + "-wal").size > 0)
        await store.close()
        #expect(DiskFile(vault.database + "-wal").size <= 0)
        let found = try aside.open(create: false)
        #expect(try await found.record(.agent, id: record.id, in: record.organization) == record)
        await found.close()
        let new = try vault.open()
        #expect(try await new.organizations().isEmpty)
        await new.close()
    }

    @Test("moved back, it is opened again with everything") func back() async throws {
        let vault = try RawVault()
        let store = try vault.open()
        let record = SampleRows(SeededRandom()).record(.agent)
        for result in try await store.commit([Batch([.put(record, replacing: nil)])]) { try result.get() }
        let aside = vault.directory.path(Self.other)
        DiskFile(vault.path).move(to: aside)
        let new = try vault.open()
        await store.close()
        #expect(new.displacement == nil)
        for result in try await new.commit([Self.batch()]) { try result.get() }
        await new.close()
        try FileManager.default.removeItem(atPath: vault.path)
        DiskFile(aside).move(to: vault.path)
        let again = try vault.open(create: false)
        #expect(try await again.record(.agent, id: record.id, in: record.organization) == record)
        await again.close()
    }

    @Test("a log that was left without its database is played into no other", arguments: ["vault.db-wal", "vault.db-journal"])
    func strayLog(_ name: String) async throws {
        let vault = try RawVault()
        let store = try vault.open()
        for result in try await store.commit([Self.batch()]) { try result.get() }
        // As a keeper that was killed leaves it.
        let log = try Data(contentsOf: URL(filePath: vault.database + "-wal"))
        await store.close()
        DiskFile(vault.database).remove()
        let path = "\(vault.path)/\(name)"
        try log.write(to: URL(filePath: path))
        DiskFile(path).setMode(0o600)
        #expect(try await vault.failure(create: true) == .strayLog(path: path))
        #expect(throws: StoreError.strayLog(path: path)) { _ = try StagedSQLiteStore.make(in: vault.path) }
        #expect(!DiskFile(vault.database).exists)
        DiskFile(path).remove()
        #expect(try await vault.failure(create: true) == nil)
    }
}
