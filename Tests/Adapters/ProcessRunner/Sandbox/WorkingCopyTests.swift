import CompressedMembers
import Glibc
import Model
import Redaction
import TacitWire
import Testing

@testable import ProcessRunner

/// A copy of a directory, made and given back as a run has it, on directories of the tests' own.
@Suite("A copy of a working directory")
struct WorkingCopyTests {
    let work: TemporaryFolder
    let changes: TemporaryFolder

    init() throws {
        (work, changes) = (try TemporaryFolder(), try TemporaryFolder())
        for name in ["sub", "one", "two", "still"] { unsafe mkdir("\(work.path)/\(name)", 0o750) }
        for name in ["changed", "gone", "kept", "same", "sub/inner", "one/x", "two/x", "still/y"] { try work.write(name, "\(name)\n", mode: 0o640) }
        unsafe symlink("kept", "\(work.path)/link")
    }

    private func opened(_ folder: TemporaryFolder) throws -> OpenDirectory {
        try #require(OpenDirectory(reopening: unsafe open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)))
    }

    private func copy(within limits: WorkingCopy.Limits = .init()) throws -> WorkingCopy {
        try WorkingCopy(of: opened(work), into: opened(changes), within: limits)
    }

    /// Carries out commands in the copy, and others in the directory that was copied, and gives back what was changed.
    private func release(_ ours: String, meanwhile theirs: String = "true", since start: timespec? = nil) throws -> RunChanges {
        let before = start ?? self.now
        let copy = try copy()
        try carryOut(ours, in: changes)
        try carryOut(theirs, in: work)
        let search = FileSearch(needles: NeedleSet([]), opener: LibraryMembers(), passesUnscanned: false)
        var release = ChangeRelease(search, since: before, copy: copy)
        try release.release(opened(changes), into: opened(work))
        return release.result
    }

    /// A moment after all that was done before.
    private var now: timespec {
        usleep(20_000)
        var now = timespec()
        unsafe clock_gettime(CLOCK_REALTIME_COARSE, &now)
        return now
    }

    private func carryOut(_ commands: String, in folder: TemporaryFolder) throws {
        try #require(unsafe Glibc.system("cd '\(folder.path)' && \(commands)") == 0, "\(commands)")
    }

    private func names() throws -> [String] { entries(of: work.path).sorted() }

    private func content(_ name: String) throws -> String? { text(of: "\(work.path)/\(name)") }

    private let untouched = ["changed", "gone", "kept", "link", "one", "same", "still", "sub", "two"]

    @Test("it has the files, modes, times and links; pipes are left out, and stay")
    func copied() throws {
        try carryOut("mkfifo pipe; chmod 500 still; touch -d '2020-01-02 03:04:05' kept", in: work)
        _ = try copy()
        let paths = [work, changes].map(\.path)
        #expect(entries(of: paths[1]).sorted() == untouched)
        for name in ["kept", "still/y", "still", "link", "one/x"] {
            var facts = [stat(), stat()]
            for side in 0..<2 { #expect(unsafe lstat("\(paths[side])/\(name)", &facts[side]) == 0) }
            #expect(facts[0].st_mode == facts[1].st_mode && (name == "link" || facts[0].st_mtim.tv_sec == facts[1].st_mtim.tv_sec), "\(name)")
        }
        #expect(text(of: "\(paths[1])/link") == "kept\n")
    }

    @Test("of what was left alone nothing is told, and nothing changes")
    func leftAlone() throws {
        try carryOut("mkfifo pipe; ln -s nowhere dangling", in: work)
        #expect(try release("cat kept link > /dev/null; ls sub > /dev/null") == RunChanges())
        #expect(try names() == (untouched + ["dangling", "pipe"]).sorted())
    }

    @Test("what was changed, made, moved and deleted is given back, times and modes too; what was left alone is not written again")
    func released() throws {
        let script = """
            echo new > changed; rm gone; chmod 600 same; mkdir -p a/b; echo deep > a/b/c; ln -s c a/b/link; rm -r sub; mv kept moved
            mv one third; mv two one; mv third two; ln -sf moved link
            """
        var before = stat()
        #expect(unsafe stat("\(work.path)/still/y", &before) == 0)
        let result = try release("{ \(script.replacing("\n", with: "; ")); }")
        #expect(try names() == ["a", "changed", "link", "moved", "one", "same", "still", "two"])
        for (name, text) in [
            ("changed", "new\n"), ("a/b/link", "deep\n"), ("moved", "kept\n"), ("link", "kept\n"), ("one/x", "two/x\n"), ("two/x", "one/x\n"),
        ] {
            #expect(try content(name) == text, "\(name)")
        }
        var after = stat()
        #expect(unsafe stat("\(work.path)/same", &after) == 0 && after.st_mode & 0o777 == 0o600)
        #expect(unsafe stat("\(work.path)/still/y", &after) == 0 && after.st_ino == before.st_ino)
        #expect(result.deleted == 3 && result.written == 8 && result.withheld.isEmpty && result.kept.isEmpty, "\(result)")
    }

    @Test("a file and a directory in each other's place")
    func swapped() throws {
        let result = try release("rm kept && mkdir kept && echo in > kept/in && rm -r sub && echo file > sub")
        #expect(try content("kept/in") == "in\n" && content("sub") == "file\n")
        #expect(result.withheld.isEmpty && result.kept.isEmpty && result.written == 2, "\(result)")
    }

    @Test("what somebody else changed or made meanwhile stays as they left it, and is told where the run had changed it too")
    func meanwhile() throws {
        let result = try release(
            "echo ours > changed; rm gone; rm -r sub; echo ours > both",
            meanwhile: "for f in changed gone sub/more both other kept; do echo theirs > $f; done; mkfifo pipe; rm same; rm -r two; mkdir two")
        for name in ["changed", "gone", "sub/more", "both", "other", "kept"] { #expect(try content(name) == "theirs\n", "\(name)") }
        #expect(result.kept.map(\.path).sorted() == ["both", "changed"] && result.withheld.map(\.path) == ["gone", "sub"], "\(result)")
        for kept in result.kept { #expect(try content(kept.copy) == "ours\n") }
        #expect(result.written == 0 && result.deleted == 0)
        let others = Set(result.kept.map(\.copy) + ["both", "other", "pipe"])
        #expect(try Set(names()).subtracting(others).sorted() == untouched.filter { $0 != "same" })
        #expect(entries(of: "\(work.path)/two").isEmpty, "what they deleted was made again")
    }

    @Test("so it does when the directory's clock is another: what a thing was like says it, and not the time alone")
    func otherClock() throws {
        let result = try release(
            "echo ours > changed; rm gone; echo ours > kept", meanwhile: "echo more >> changed; touch gone",
            since: timespec(tv_sec: .max / 2, tv_nsec: 0))
        #expect(try content("changed") == "changed\nmore\n" && content("gone") == "gone\n" && content("kept") == "ours\n")
        #expect(result.kept.map(\.path) == ["changed"] && result.withheld.map(\.path) == ["gone"] && result.written == 1, "\(result)")
    }

    @Test("a directory that somebody else took away is made again for what the run changed in it, and for nothing else")
    func tookAway() throws {
        let result = try release("echo ours > sub/inner; echo ours > sub/new", meanwhile: "rm -r sub still")
        #expect(try names() == untouched.filter { $0 != "still" } && entries(of: "\(work.path)/sub").sorted() == ["inner", "new"])
        #expect(result.written == 2 && result.withheld.isEmpty, "\(result)")
    }

    @Test("the marks with which an overlay deletes say nothing in a copy")
    func marks() throws {
        let result = try release(
            "rm kept && mknod kept c 0 0 && python3 -c 'import os; os.setxattr(\"sub\", \"user.overlay.opaque\", b\"y\")' && echo a > sub/a")
        #expect(try content("kept") == "kept\n" && content("sub/inner") == "sub/inner\n" && content("sub/a") == "a\n")
        #expect(result.deleted == 0 && result.withheld.map(\.path) == ["kept"], "\(result)")
    }

    @Test("where times tell whole seconds alone, a change counts that may have been after the start")
    func coarse() throws {
        let start = timespec(tv_sec: 100, tv_nsec: 5)
        #expect(try copy().since(start).tv_sec == 100)
        let (empty, other) = (try TemporaryFolder(), try TemporaryFolder())
        let since = try WorkingCopy(of: opened(empty), into: opened(other)).since(start)
        #expect(since.tv_sec == 98 && since.tv_nsec == 5)
    }

    @Test("its bounds are kept, and each is told")
    func bounds() throws {
        for (limits, failure) in [
            (WorkingCopy.Limits(bytes: 40), WorkingCopy.Failure.tooManyBytes(40)), (.init(files: 12), .tooManyFiles(12)),
            (.init(time: -1), .tooSlow(-1)),
        ] {
            let (other, target) = (try opened(work), try TemporaryFolder())
            #expect(throws: failure) { try WorkingCopy(of: other, into: opened(target), within: limits) }
        }
        #expect(try copy(within: .init(bytes: 60, files: 13)).holds(["two", "x"]))
    }

    @Test(
        "what cannot be copied whole is not copied",
        arguments: [
            ("truncate -s 1T big", WorkingCopy.Failure.tooManyBytes(256 << 20)), ("touch \"$(printf 'a\\377')\"", .nameless),
            ("mkdir -p $(yes d | head -n 65 | tr '\\n' '/')", .tooDeep),
        ])
    func refused(commands: String, failure: WorkingCopy.Failure) throws {
        try carryOut(commands, in: work)
        #expect(throws: failure) { try copy() }
        #expect(!failure.reason.isEmpty && failure.remedy.contains("ext4"))
    }

    @Test("nor is a directory in which something is mounted")
    func mounted() throws {
        let devices = try #require(OpenDirectory(reopening: unsafe open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC)))
        #expect(throws: WorkingCopy.Failure.otherFileSystem) { try WorkingCopy(of: devices, into: opened(changes)) }
    }
}
