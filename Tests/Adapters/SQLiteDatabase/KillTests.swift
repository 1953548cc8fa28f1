import FoundationEssentials
import Glibc
import SQLiteDatabase
import Storage
import TestKit
import Testing

@Suite("A writer that is killed")
struct KillTests {
    /// How many kills; a soak run asks for more.
    static let killCount = unsafe getenv("KILLS").flatMap { unsafe Int(String(cString: $0)) } ?? 100

    @Test("leaves every acknowledged step whole, none half, and no gap in the log")
    func losesNothing() async throws {
        let directory = try TemporaryDirectory()
        let random = SeededRandom()
        var (acknowledged, present) = (Int64(-1), Int64(0))
        for _ in 0..<Self.killCount {
            let victim = try ChildProcess(ChildProcess.built("store-victim"), ["write", directory.path("vault")])
            acknowledged = max(acknowledged, try Self.follow(victim, killAfter: random.int(in: 0...12), random))
            let store: any VaultStore = try SQLiteStore.open(directory: directory.path("vault"), create: true)
            let held = try await VictimSteps(store: store).check(acknowledged: acknowledged)
            #expect(held >= present)
            present = held
            await store.close()
        }
        #expect(present > 100)
    }

    @Test("has flushed the log to the disk before it acknowledges a step", .enabled(if: DiskFile(strace).exists, "strace is not installed"))
    func flushesFirst() throws {
        let directory = try TemporaryDirectory()
        let (trace, victim) = (directory.path("trace"), ChildProcess.built("store-victim"))
        try run(Self.strace, "-f", "-e", "trace=fdatasync,write", "-o", trace, victim, "write", directory.path("vault"), "40")
        var (isFlushed, steps) = (false, 0)
        for line in try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n") {
            if line.contains("fdatasync(") { isFlushed = true }
            guard line.contains("write(1, \"step ") else { continue }
            #expect(isFlushed, "step \(steps) was acknowledged before a flush")
            (isFlushed, steps) = (false, steps + 1)
        }
        #expect(steps >= 10)
    }

    private static let strace = "/usr/bin/strace"

    @Test("in the midst of making the vault leaves something that can be made again")
    func makesAgain() async throws {
        let directory = try TemporaryDirectory()
        let random = SeededRandom()
        for round in 0..<(Self.killCount / 4) {
            let vault = directory.path("vault-\(round)")
            let victim = try ChildProcess(ChildProcess.built("store-victim"), ["write", vault])
            usleep(UInt32(random.int(in: 0...30_000)))
            victim.kill()
            victim.wait()
            let store: any VaultStore = try SQLiteStore.open(directory: vault, create: true)
            _ = try await VictimSteps(store: store).check(acknowledged: -1)
            await store.close()
        }
    }

    @Test("by nobody, but meets a disk that fails, writes nothing more until the vault is opened again")
    func stopsAfterAFailure() async throws {
        let directory = try TemporaryDirectory()
        let victim = try ChildProcess(ChildProcess.built("store-victim"), ["limit", directory.path("vault")])
        var (acknowledged, said) = (Int64(-1), [String]())
        while let line = victim.readLine() {
            if line.hasPrefix("step "), let number = Int64(line.dropFirst(5)) { acknowledged = number } else { said.append(line) }
        }
        #expect(acknowledged > 0)
        #expect(said.first == "the vault could not be read or written: disk I/O error (778)")
        #expect(said.contains("the vault could not be read or written: an earlier write failed; the vault must be opened again"))
        let store: any VaultStore = try SQLiteStore.open(directory: directory.path("vault"), create: false)
        _ = try await VictimSteps(store: store).check(acknowledged: acknowledged)
        await store.close()
    }

    @Test("by nobody, but closed in the midst of writing, keeps what it acknowledged")
    func closesUnderLoad() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("vault")
        for _ in 0..<10 {
            let store: any VaultStore = try SQLiteStore.open(directory: path, create: true)
            let last = Gathered<Int64>()
            await withTaskGroup { group in
                group.addTask { try? await VictimSteps(store: store).run { last.add($0) } }
                for _ in 0..<3 {
                    group.addTask { while (try? await store.organizations()) != nil { await Task.yield() } }
                }
                while last.all.count < 3 { await Task.yield() }
                await store.close()
            }
            let again: any VaultStore = try SQLiteStore.open(directory: path, create: false)
            _ = try await VictimSteps(store: again).check(acknowledged: last.all.last ?? -1)
            await again.close()
        }
    }

    /// Reads acknowledgements until enough came, waits for an arbitrary moment, kills, and reads what was still said.
    private static func follow(_ victim: ChildProcess, killAfter lines: Int, _ random: SeededRandom) throws -> Int64 {
        var last: Int64 = -1
        func take() throws -> Bool {
            guard let line = victim.readLine() else { return false }
            guard line.hasPrefix("step "), let number = Int64(line.dropFirst(5)) else {
                if line.hasPrefix("TEST_SEED") { return true }
                throw TestFailure("the victim said: \(line)")
            }
            last = number
            return true
        }
        for _ in 0..<lines where try !take() { throw TestFailure("the victim ended by itself") }
        usleep(UInt32(random.int(in: 0...3000)))
        victim.kill()
        while try take() {}
        guard victim.wait() == .signal(SIGKILL) else { throw TestFailure("the victim ended by itself") }
        return last
    }
}
