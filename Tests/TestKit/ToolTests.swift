import FoundationEssentials
import Glibc
import Model
import TestKit
import Testing

@Suite("A fake clock")
struct FakeClockTests {
    @Test("stands still until it is moved")
    func standsStill() {
        let clock = FakeClock()
        #expect(clock.wall.now().description == "2026-11-21T08:00:00.000000000Z")
        let before = clock.now
        clock.advance(by: .seconds(90))
        #expect(clock.wall.now().seconds == "2026-11-21T08:01:30Z")
        #expect(before.duration(to: clock.now) == .seconds(90))
        clock.setWall(Timestamp(nanoseconds: 0))
        #expect(clock.time.nanoseconds == 0 && before.duration(to: clock.now) == .seconds(90))
    }

    @Test("wakes those who slept long enough, and nobody else")
    func wakes() async throws {
        let clock = FakeClock()
        let awake = Gathered<Int>()
        try await withThrowingTaskGroup { group in
            for seconds in [1, 5, 9] {
                group.addTask {
                    try await clock.sleep(for: .seconds(seconds))
                    awake.add(seconds)
                }
            }
            while clock.sleeperCount < 3 { await Task.yield() }
            clock.advance(by: .seconds(5))
            try await group.next()
            try await group.next()
            #expect(Set(awake.all) == [1, 5] && clock.sleeperCount == 1)
            clock.advance(by: .seconds(4))
            try await group.waitForAll()
        }
        #expect(awake.all.last == 9)
        try await clock.sleep(until: clock.now, tolerance: nil)
    }

    @Test("lets a cancelled sleeper go")
    func cancels() async throws {
        let clock = FakeClock()
        let task = Task { try await clock.sleep(for: .seconds(1)) }
        while clock.sleeperCount < 1 { await Task.yield() }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(clock.sleeperCount == 0)
    }
}

@Suite("The tests' own tools")
struct ToolTests {
    @Test("a seed brings the same numbers back")
    func seeds() {
        let (first, second, other) = (SeededRandom(seed: 7), SeededRandom(seed: 7), SeededRandom(seed: 8))
        let bytes = first.bytes(64)
        #expect(second.bytes(64) == bytes && other.bytes(64) != bytes)
        let numbers = (0..<1000).map { _ in first.int(in: 3...5) }
        #expect(Set(numbers) == [3, 4, 5])
        #expect(first.element(of: [Int]()) == nil)
    }

    @Test("a child is read line by line, and its end is told")
    func children() throws {
        let child = try ChildProcess("/bin/sh", ["-c", "echo one; echo two; printf cut; exit 3"])
        #expect(child.readLine() == "one")
        #expect(child.readLine() == "two")
        #expect(child.readLine() == nil)
        #expect(child.wait() == .exit(3))
        let sleeper = try ChildProcess("/bin/sleep", ["100"])
        sleeper.kill(SIGTERM)
        #expect(sleeper.wait() == .signal(SIGTERM))
        #expect(throws: TestFailure.self) { _ = try ChildProcess("/nowhere/program") }
    }

    @Test("a file that somebody has open for writing is known, and waited for")
    func writers() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("program")
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT, 0o700)
        #expect(try hasWriter(path))
        // A child has it open beyond our close, as one has that another test is starting.
        let child = try ChildProcess("/bin/sh", ["-c", "echo up; exec sleep 600"])
        #expect(child.readLine() == "up")
        close(descriptor)
        #expect(try hasWriter(path))
        child.kill()
        try awaitNoWriter(path)
        #expect(try !hasWriter(path))
        #expect(throws: TestFailure.self) { try awaitNoWriter(directory.path("none")) }
    }

    @Test("a temporary directory is private, and gone with its object")
    func directories() throws {
        var directory: TemporaryDirectory? = try TemporaryDirectory()
        let path = try #require(directory?.path)
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o700)
        directory = nil
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("a golden file is compared line by line")
    func goldenFiles() throws {
        let root = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: root.path("vectors/a"), withIntermediateDirectories: true)
        try Data("one\ntwo\n".utf8).write(to: URL(fileURLWithPath: root.path("vectors/a/b.txt")))
        try GoldenFile.check("one\ntwo\n", against: "a/b.txt", root: root.path)
        for (text, line) in [("one\nTWO\n", 2), ("one\n", 2), ("one\ntwo\n\n", 4)] {
            let failure = #expect(throws: TestFailure.self) { try GoldenFile.check(text, against: "a/b.txt", root: root.path) }
            #expect(failure?.description == "vectors/a/b.txt differs from line \(line) on; RECORD=1 rewrites it")
        }
        #expect(throws: TestFailure.self) { try GoldenFile.check("", against: "a/none.txt", root: root.path) }
    }
}
