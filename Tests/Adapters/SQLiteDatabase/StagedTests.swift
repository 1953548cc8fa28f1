import Foundation
import SQLStorage
import Storage
import TestKit
import Testing

@testable import SQLiteDatabase

@Suite("A store beside a vault's place")
struct StagedTests {
    private func filled(_ staged: StagedSQLiteStore) async throws -> SampleTree {
        let rows = SampleRows(SeededRandom())
        let tree = SampleTree(rows)
        for result in try await staged.store.commit([tree.batch]) { try result.get() }
        return tree
    }

    @Test("takes the place whole, with everything that was stored") func publishes() async throws {
        let directory = try TemporaryDirectory()
        let place = directory.path + "/vault"
        let staged = try StagedSQLiteStore.make(in: place)
        _ = try await filled(staged)
        #expect(!FileManager.default.fileExists(atPath: "\(place)/vault.db"))
        try await staged.publish()
        #expect(try FileManager.default.contentsOfDirectory(atPath: place) == ["vault.db"])
        // Built without a log beside it, it is a vault with one from now on (SQLite's file format §1.3.3).
        let head = [UInt8](try Data(contentsOf: URL(filePath: "\(place)/vault.db")).prefix(20))
        #expect(head[18...] == [2, 2])
        let store = try SQLiteStore.open(directory: place, create: false)
        #expect(try await store.organizations().count == 1)
        await store.close()
    }

    @Test("is never put over a vault, and leaves nothing when it is given up") func refuses() async throws {
        let directory = try TemporaryDirectory()
        let place = directory.path + "/vault"
        let vault = try SQLiteStore.open(directory: place, create: true)
        let before = try Data(contentsOf: URL(filePath: "\(place)/vault.db"))
        let staged = try StagedSQLiteStore.make(in: place)
        _ = try await filled(staged)
        await #expect(throws: StoreError.self) { try await staged.publish() }
        await staged.discard()
        #expect(!FileManager.default.fileExists(atPath: "\(place)/restoring"))
        #expect(try Data(contentsOf: URL(filePath: "\(place)/vault.db")) == before)
        await vault.close()
    }

    @Test("what one that was killed left is cleared away, and one that goes on is not") func clears() async throws {
        let directory = try TemporaryDirectory()
        let place = directory.path + "/vault"
        let going = try StagedSQLiteStore.make(in: place)
        #expect(throws: StoreError.held) { try StagedSQLiteStore.clear(place) }
        #expect(throws: StoreError.held) { try StagedSQLiteStore.make(in: place) }
        _ = try await filled(going)
        // As the kernel does for one that is killed: its lock is gone, its files are not.
        let files = try FileManager.default.contentsOfDirectory(atPath: "\(place)/restoring")
        #expect(files.contains("vault.db"))
        let killed = directory.path + "/killed"
        for path in [killed, "\(killed)/restoring"] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        }
        for file in files {
            try FileManager.default.copyItem(atPath: "\(place)/restoring/\(file)", toPath: "\(killed)/restoring/\(file)")
        }
        await going.discard()
        try StagedSQLiteStore.clear(killed)
        #expect(try FileManager.default.contentsOfDirectory(atPath: killed) == [])
        try StagedSQLiteStore.clear(killed)
        try StagedSQLiteStore.clear(directory.path + "/nothing")
    }
}
