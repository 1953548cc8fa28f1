import CompressedMembers
import FoundationEssentials
import Glibc
import Model
import Redaction
import TacitWire
import Testing

@testable import ProcessRunner

/// Values and texts that are judged slowly keep no run from its limit and its keeper.
@Suite("Slow judgement")
struct SlowJudgementTests {
    /// A clock that goes on by so much with each look.
    private final class Clock {
        var now: Int64 = 0
        var step: Int64 = 0

        func look() -> Int64 {
            defer { now += step }
            return now
        }
    }

    @Test("a portion grows while it is judged quickly, and shrinks to what takes a moment")
    func portion() {
        let clock = Clock()
        var portion = Portion()
        #expect(portion.byteCount == 4 << 10)
        for _ in 0..<10 { portion.judge(portion.byteCount, clock: clock.look) {} }
        #expect(portion.byteCount == Portion.largest)
        clock.step = 4000
        portion.judge(portion.byteCount, clock: clock.look) {}
        #expect(portion.byteCount == Portion.smallest)
        portion.judge(portion.byteCount, clock: clock.look) {}
        #expect(portion.byteCount == Portion.smallest, "never less")
        clock.step = 0
        portion.judge(portion.byteCount - 1, clock: clock.look) {}
        #expect(portion.byteCount == Portion.smallest, "what was no whole portion says nothing")
        portion.judge(portion.byteCount, clock: clock.look) {}
        #expect(portion.byteCount == Portion.smallest * 2)
        clock.step = 30
        portion.judge(portion.byteCount, clock: clock.look) {}
        #expect(portion.byteCount == Portion.smallest * 2)
        clock.step = 100
        var large = Portion()
        large.judge(60_000, clock: clock.look) {}
        #expect(large.byteCount == 6000)
    }

    @Test("a search of files that nobody wants any more ends, and nothing more is taken over")
    func abandoned() throws {
        let (changes, target) = (try TemporaryFolder(), try TemporaryFolder())
        for name in ["a", "b"] { try changes.write(name, String(repeating: "clean text\n", count: 100_000)) }
        var value = Array("CANARY-0123456789abcdef".utf8)
        let needles = NeedleSet([Needle(name: "key", value: SecretValue(moving: &value))])
        let left = Clock()
        left.step = 1
        var search = FileSearch(needles: needles, opener: LibraryMembers(), passesUnscanned: false)
        search.isWanted = { left.look() < 3 }
        let file = unsafe open("\(changes.path)/a", O_RDONLY | O_CLOEXEC)
        defer { close(file) }
        #expect(search.verdict(onFile: file) == .unreadable)
        #expect(left.now == 4, "asked before each portion")
        var release = ChangeRelease(search, since: timespec())
        let places = try [changes, target].map { folder in
            try #require(OpenDirectory(reopening: unsafe open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)))
        }
        release.release(places[0], into: places[1])
        #expect(entries(of: target.path).isEmpty && release.result.isEmpty)
        search.isWanted = { true }
        #expect(search.verdict(onFile: file) == .clean)
    }

    @Test("so does the search of one small file that decodes to much")
    func decoded() throws {
        let folder = try TemporaryFolder()
        // A frame of zstd (RFC 8878): blocks that repeat one byte 128 KiB often, the last one marked.
        let block: [UInt8] = [2, 0, 0x10, 0x2e]
        let frame = [0x28, 0xb5, 0x2f, 0xfd, 0, 0x58] + (1..<32).flatMap { _ in block } + [3] + block[1...]
        try Data(frame).write(to: URL(filePath: "\(folder.path)/packed"))
        var value = Array("CANARY-0123456789abcdef".utf8)
        let needles = NeedleSet([Needle(name: "key", value: SecretValue(moving: &value))])
        let left = Clock()
        left.step = 1
        var search = FileSearch(needles: needles, opener: LibraryMembers(), passesUnscanned: false)
        let file = unsafe open("\(folder.path)/packed", O_RDONLY | O_CLOEXEC)
        defer { close(file) }
        search.isWanted = { left.look() < 10 }
        #expect(search.verdict(onFile: file) == .unreadable && left.now == 11)
        search.isWanted = { left.look() >= 0 }
        #expect(search.verdict(onFile: file) == .clean && left.now > 64, "asked before each portion of 64 KiB at most: \(left.now)")
    }

    @Test("the kernel ends a process that does not take back what it announced, whatever signals it blocks")
    func stuck() throws {
        var ends: [Int32] = [-1, -1]
        #expect(unsafe pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        let process = try Helper.start(TestRun.fixture, ["__stuck"], descriptor: ends[1])
        var status: Int32 = 0
        #expect(unsafe waitpid(process, &status, 0) == process)
        #expect(status & 0x7F == SIGKILL)
    }
}
