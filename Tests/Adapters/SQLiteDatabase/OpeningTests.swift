import GRDB
import Glibc
import SQLStorage
import Storage
import TestKit
import Testing

@testable import SQLiteDatabase

@Suite("Opening a vault")
struct OpeningTests {
    @Test("that is not there says so and makes nothing")
    func absent() async throws {
        let vault = try RawVault()
        #expect(try await vault.failure() == .absent(path: vault.path))
        #expect(!DiskFile(vault.path).exists)
        DiskFile(vault.path).makeDirectory(0o700)
        #expect(try await vault.failure() == .absent(path: vault.path))
        #expect(!DiskFile(vault.path + "/vault.lock").exists)
    }

    @Test("makes what is missing above it, open to nobody else")
    func makesAbove() async throws {
        let directory = try TemporaryDirectory()
        let store: any VaultStore = try SQLiteStore.open(directory: directory.path("a/b//c/"), create: true)
        await store.close()
        #expect(["a", "a/b", "a/b/c"].allSatisfy { DiskFile(directory.path($0)).mode == 0o700 })
        #expect(DiskFile(directory.path("a/b/c/vault.db")).mode == 0o600)
    }

    @Test("gives its files their modes whatever the umask", arguments: ["000", "077", "777"])
    func defiesUmask(_ mask: String) throws {
        let vault = try RawVault()
        let victim = try ChildProcess(ChildProcess.built("store-victim"), ["make", vault.path, mask])
        var said: [String] = []
        while let line = victim.readLine() { said.append(line) }
        #expect(said.contains("made"))
        #expect(DiskFile(vault.path).mode == 0o700)
        for file in ["vault.db", "vault.lock"] { #expect(DiskFile("\(vault.path)/\(file)").mode == 0o600) }
    }

    @Test("gives the files beside the database the mode of the database")
    func guardsTheLog() async throws {
        let vault = try RawVault()
        let store = try vault.open()
        _ = try await store.commit([Batch([.put(SampleRows(SeededRandom()).record(.agent), replacing: nil)])])
        for file in ["vault.db-wal", "vault.db-shm"] { #expect(DiskFile("\(vault.path)/\(file)").mode == 0o600) }
        await store.close()
    }

    @Test("is refused when a file is open to others, and says what mends it", arguments: ["vault.db", "vault.lock", "vault.db-wal", "vault.db-shm"])
    func refusesLooseFiles(_ file: String) async throws {
        let vault = try RawVault()
        _ = try await vault.filled()
        let path = "\(vault.path)/\(file)"
        DiskFile(path).makeEmpty()
        for loose: mode_t in [0o640, 0o604, 0o660, 0o400, 0o700] {
            DiskFile(path).setMode(loose)
            #expect(try await vault.failure() == .loosePermissions(path: path, fix: "chmod 600 \(path)"))
        }
        DiskFile(path).setMode(0o600)
        #expect(try await vault.failure() == nil)
    }

    @Test("is refused when its directory is open to others")
    func refusesLooseDirectory() async throws {
        let vault = try RawVault()
        _ = try await vault.filled()
        for loose: mode_t in [0o750, 0o701, 0o500, 0o1700] {
            DiskFile(vault.path).setMode(loose)
            #expect(try await vault.failure(create: true) == .loosePermissions(path: vault.path, fix: "chmod 700 \(vault.path)"))
        }
    }

    @Test("is refused, as is a directory beside it, while it is open, too: whoever unlocks it again is told")
    func checksPlaces() async throws {
        let vault = try RawVault()
        let store = try vault.open()
        let (state, link) = (vault.directory.path("state"), vault.directory.path("link"))
        DiskFile(state).makeDirectory(0o700)
        func failure(_ others: [String]) -> StoreError? {
            do { try SQLiteStore.checkPlaces(vault: vault.path, others: others) } catch { return error as? StoreError }
            return nil
        }
        #expect(failure([state, vault.directory.path("absent")]) == nil)
        for (path, mode) in [(vault.path, "700"), (vault.database, "600"), (state, "700")] {
            DiskFile(path).setMode(0o755)
            #expect(failure([state]) == .loosePermissions(path: path, fix: "chmod \(mode) \(path)"))
            DiskFile(path).setMode(mode == "700" ? 0o700 : 0o600)
        }
        DiskFile(link).makeLink(to: state)
        #expect(failure([link])?.code == "store.misplaced")
        if geteuid() == 0 {
            DiskFile(state).setOwner(12_345)
            #expect(failure([state])?.code == "store.loose-permissions")
        }
        await store.close()
    }

    @Test("says in words why a directory cannot be made, and what to do")
    func cannotMake() throws {
        let directory = try TemporaryDirectory()
        let file = directory.path("file")
        #expect(unsafe close(open(file, O_WRONLY | O_CREAT, 0o600)) == 0)
        let error = #expect(throws: StoreError.self) { _ = try SQLiteStore.open(directory: "\(file)/below/vault", create: true) }
        #expect(error?.message == "\(file)/below could not be made: not a directory")
        #expect(error?.hint?.contains("TACIT_VAULT=/another/directory") == true)
    }

    @Test("is refused below a directory that others can write, unless that is sticky")
    func refusesLooseParents() async throws {
        let vault = try RawVault()
        _ = try await vault.filled()
        let parent = vault.directory.path
        for loose: mode_t in [0o777, 0o770, 0o702] {
            DiskFile(parent).setMode(loose)
            #expect(try await vault.failure() == .loosePermissions(path: parent, fix: "chmod go-w \(parent)"))
        }
        DiskFile(parent).setMode(0o1777)
        #expect(try await vault.failure() == nil)
    }

    @Test("quotes a path in the command that mends it")
    func quotes() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("it's mine")
        DiskFile(path).makeDirectory(0o755)
        let error = #expect(throws: StoreError.self) { _ = try SQLiteStore.open(directory: path, create: true) }
        #expect(error?.hint == "chmod 700 '\(directory.path)/it'\\''s mine'")
    }

    @Test("follows no link, neither to a directory nor to a file")
    func refusesLinks() async throws {
        let vault = try RawVault()
        _ = try await vault.filled()
        let link = vault.directory.path("link")
        DiskFile(link).makeLink(to: vault.path)
        let named = StoreError.misplaced(
            path: link, thing: "directory", fix: "name the directory that the link leads to: TACIT_VAULT=\(vault.path), for keeper and commands alike"
        )
        for create in [false, true] { #expect(throws: named) { _ = try SQLiteStore.open(directory: link, create: create) } }
        #expect(named.message == "\(link) is no directory of its own")
        let nowhere = vault.directory.path("no where")
        DiskFile(nowhere).makeLink(to: "/nowhere/at/all")
        let error = #expect(throws: StoreError.self) { _ = try SQLiteStore.open(directory: nowhere, create: false) }
        #expect(error?.hint == "remove the link, which leads nowhere: rm '\(nowhere)'")
        let file = vault.directory.path("file")
        #expect(unsafe close(open(file, O_WRONLY | O_CREAT, 0o600)) == 0)
        let other = #expect(throws: StoreError.self) { _ = try SQLiteStore.open(directory: file, create: true) }
        #expect(other?.hint == "move it away, or name another directory with `TACIT_VAULT`")
        for file in ["vault.db", "vault.lock"] {
            let path = "\(vault.path)/\(file)"
            DiskFile(path).move(to: path + ".moved")
            DiskFile(path).makeLink(to: path + ".moved")
            #expect(try await vault.failure() == .misplaced(path: path, thing: "file", fix: "put the file itself there: a link is not followed"))
            DiskFile(path).remove()
            DiskFile(path + ".moved").move(to: path)
        }
        #expect(try await vault.failure() == nil)
    }

    @Test("is refused when someone else owns it", .enabled(if: geteuid() == 0, "only root gives files away"))
    func refusesOtherOwners() async throws {
        let vault = try RawVault()
        _ = try await vault.filled()
        for path in [vault.path, vault.database, vault.directory.path] {
            DiskFile(path).setOwner(12_345)
            guard case .loosePermissions(path, _) = try await vault.failure() else {
                Issue.record("opened with \(path) owned by another")
                return
            }
            DiskFile(path).setOwner(0)
        }
        #expect(try await vault.failure() == nil)
    }

    @Test("sets every connection up as promised")
    func setsPragmas() async throws {
        let vault = try RawVault()
        let store = try SQLiteStore.open(directory: vault.path, create: true)
        let wanted: [(String, Int64)] = [
            ("synchronous", 2), ("secure_delete", 1), ("foreign_keys", 1), ("trusted_schema", 0), ("cell_size_check", 1), ("mmap_size", 0),
            ("temp_store", 2), ("busy_timeout", 5000), ("auto_vacuum", 2),
        ]
        for (name, value) in wanted {
            let query = "PRAGMA \(name)"
            let written = try await store.write { connection throws(StoreError) in try (connection as? StoreConnection)?.integer(query) }
            let read = try await store.read { connection throws(StoreError) in try (connection as? StoreConnection)?.integer(query) }
            #expect(written == value && read == value, "\(name): \(written ?? -1) \(read ?? -1)")
        }
        await store.close()
        #expect(try vault.sql { try String.fetchOne($0, sql: "PRAGMA journal_mode") } == "wal")
    }

    @Test("holds it: nobody opens it twice, in this process or in another, until its holder ends")
    func holds() async throws {
        let vault = try RawVault()
        let store = try vault.open()
        #expect(try await vault.failure() == .held)
        #expect(try Self.said("open", vault) == "store.held")
        await store.close()
        #expect(try Self.said("open", vault) == "open")
        let holder = try ChildProcess(ChildProcess.built("store-victim"), ["hold", vault.path])
        #expect(holder.readLine() == "open")
        #expect(try await vault.failure() == .held)
        holder.kill()
        holder.wait()
        #expect(try await vault.failure() == nil)
    }

    private static func said(_ verb: String, _ vault: RawVault) throws -> Substring? {
        let victim = try ChildProcess(ChildProcess.built("store-victim"), [verb, vault.path])
        return victim.readLine()?.split(separator: " ").first
    }
}
