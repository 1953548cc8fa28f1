import CompressedMembers
import FoundationEssentials
import Glibc
import Model
import Redaction
import TacitWire
import Testing

@testable import ProcessRunner

@Suite("Where a link leads")
struct LinkTargetTests {
    @Test(
        "what stays in the directory", arguments: [("a", 0), ("a/b", 0), ("./a", 0), ("../a", 1), ("../../a", 2), ("..", 1), (".", 0), ("a/./b", 0)])
    func stays(target: String, depth: Int) { #expect(LinkTarget.stays(target, depth: depth)) }

    @Test(
        "what leaves it, or may",
        arguments: [
            ("/etc/passwd", 5), ("..", 0), ("../a", 0), ("../../a", 1), ("a/../b", 3), ("./../a", 0), ("", 1), ("a/../../..", 9), ("../\u{301}x", 0),
        ])
    func leaves(target: String, depth: Int) { #expect(!LinkTarget.stays(target, depth: depth)) }
}

/// What a run in a sandbox changes in its working directory.
@Suite("Files that leave a sandbox", .enabled(if: getuid() == 0))
struct ChangeReleaseTests {
    let value = "CANARY-7b19e4d05c82a6f3"
    let folder: TemporaryFolder
    let spawner: SpawnerHandle

    init() throws {
        folder = try TemporaryFolder()
        let user = SandboxRunTests.user
        unsafe chown(folder.path, user, user)
        let fixture = try folder.copy(TestRun.fixture, as: "helper")
        spawner = try SpawnerHandle(
            executable: "/usr/bin/setpriv", arguments: ["--reuid=\(user)", "--regid=\(user)", "--clear-groups", fixture, Spawner.subcommand])
    }

    /// A working directory of the user's, with a few files.
    private func work() throws -> TemporaryFolder {
        let work = try TemporaryFolder()
        for (name, text) in [("kept", "kept\n"), ("gone", "gone\n"), ("changed", "old\n")] { try work.write(name, text) }
        unsafe mkdir("\(work.path)/sub", 0o755)
        try work.write("sub/inner", "inner\n")
        unsafe chown(work.path, SandboxRunTests.user, SandboxRunTests.user)
        unsafe chown("\(work.path)/sub", SandboxRunTests.user, SandboxRunTests.user)
        for name in ["kept", "gone", "changed", "sub/inner"] { unsafe chown("\(work.path)/\(name)", SandboxRunTests.user, SandboxRunTests.user) }
        // What is changed in the moment of the start counts as changed meanwhile.
        usleep(20_000)
        return work
    }

    private func job(_ script: String, in work: TemporaryFolder) -> RunJob { RunJob.agent("sh", "-c", script, directory: work.path).sandboxed() }

    private func run(_ script: String, in work: TemporaryFolder, meanwhile: () throws -> Void = {}) throws -> (run: TestRun, files: RunChanges?) {
        let bindings = [RunBinding.variable("VALUE", value, needle: "stripe/key")]
        let run = try TestRun(job("\(script); echo ready; read line; exit 0", in: work), bindings, from: spawner)
        run.wait { $0.output.hasSuffix("ready\n") }
        try meanwhile()
        try run.finish()
        return (run, try report(run).files)
    }

    private func report(_ run: TestRun) throws -> RunReport {
        let bytes = run.frames.lazy.compactMap { frame -> [UInt8]? in if case .report(let bytes) = frame { bytes } else { nil } }.first
        return try WireJSON.decodeStrictly(RunReport.self, from: Data(try #require(bytes)))
    }

    @Test("what is clean is written, changed and deleted; before the end nothing is")
    func clean() throws {
        let work = try work()
        let (run, files) = try run(
            "echo new > changed; rm gone; mkdir -p a/b; echo deep > a/b/c; chmod 640 a/b/c; ln -s b/c a/link; rm -r sub; cat kept", in: work
        ) {
            #expect(text(of: "\(work.path)/changed") == "old\n")
            #expect(entries(of: work.path).contains("gone"))
        }
        #expect(run.output == "kept\nready\n", "\(run.errors)")
        #expect(text(of: "\(work.path)/changed") == "new\n")
        #expect(Set(entries(of: work.path)) == ["a", "changed", "kept"])
        #expect(text(of: "\(work.path)/a/link") == "deep\n")
        var facts = stat()
        #expect(unsafe stat("\(work.path)/a/b/c", &facts) == 0 && facts.st_mode & 0o7777 == 0o640)
        #expect(files?.written == 3 && files?.deleted == 2 && files?.withheld.isEmpty == true, "\(String(describing: files))")
        #expect(try report(run).sandbox?.files == "checked")
    }

    @Test("a file with a value is withheld and named, in whatever form; so is a name, or a link's target, that holds one")
    func withheld() throws {
        let work = try work()
        let (run, files) = try run(
            """
            echo "key=$VALUE" > plain; echo "$VALUE" | base64 > encoded; mkdir d; echo ok > "d/$VALUE"; ln -s "$VALUE" link; echo ok > clean
            (head -c 70000 /dev/zero; echo "$VALUE") > late; echo "$VALUE" > changed
            """, in: work)
        #expect(Set(entries(of: work.path)) == ["changed", "clean", "d", "gone", "kept", "sub"])
        #expect(entries(of: "\(work.path)/d").isEmpty)
        #expect(text(of: "\(work.path)/changed") == "old\n")
        let reason = "it holds stripe/key"
        #expect(
            files?.withheld.map(\.path).sorted() == ["changed", "d/[REDACTED:stripe/key]", "encoded", "late", "link", "plain"],
            "\(String(describing: files)) \(run.errors)")
        #expect(files?.withheld.allSatisfy { $0.reason == reason } == true)
        #expect(files?.withheldCount == 6 && files?.written == 1)
        #expect(
            !run.frames.contains { frame in
                if case .report(let bytes) = frame { String(decoding: bytes, as: UTF8.self).contains(value) } else { false }
            })
    }

    @Test("what could not be searched is withheld, unless it may pass")
    func unsearchable() throws {
        let work = try work()
        let script = #"printf '\3757zXZ\000text' > packed.xz"#
        #expect(try run(script, in: work).files?.withheld.map(\.path) == ["packed.xz"])
        var job = job(script, in: work)
        job.sandbox?.passesUnscanned = true
        try TestRun(job, from: spawner).finish()
        #expect(entries(of: work.path).contains("packed.xz"))
    }

    @Test("compressed files are opened: one without a value leaves, of whatever length, in others too; one with a value is withheld and names it")
    func opened() throws {
        let work = try work()
        let script = """
            import gzip, os, tarfile, zipfile, zlib
            v, noise = os.environb[b'VALUE'], os.urandom(200000).replace(b'PK', b'..').replace(b'\\x1f\\x8b', b'..')
            for name, text in [('clean', noise), ('hit', noise + v + noise)]:
                open(name + '.gz', 'wb').write(gzip.compress(text, 1)); open(name + '.zlib', 'wb').write(zlib.compress(text, 1))
                z = zipfile.ZipFile(name + '.zip', 'w', 8); z.writestr('text', text); z.close()
                open('text', 'wb').write(text); t = tarfile.open(name + '.tgz', 'w:gz', compresslevel=1); t.add('text'); t.close(); os.unlink('text')
                t = tarfile.open(name + '-more.tgz', 'w:gz', compresslevel=1); t.add(name + '.gz'); t.add(name + '.zip'); t.close()
                z = zipfile.ZipFile(name + '-most.zip', 'w', 8); z.write(name + '-more.tgz'); z.write(name + '.zlib'); z.close()
            open('cut.gz', 'wb').write(gzip.compress(noise, 1)[:-9])
            """
        let (run, files) = try run("python3 -c \"\(script)\"", in: work)
        let kept = files?.withheld.sorted { $0.path < $1.path } ?? []
        #expect(kept.map(\.path) == ["cut.gz", "hit-more.tgz", "hit-most.zip", "hit.gz", "hit.tgz", "hit.zip", "hit.zlib"], "\(kept) \(run.errors)")
        #expect(kept.dropFirst().allSatisfy { $0.reason == "it holds stripe/key" } && kept.first?.reason.contains("could not be searched") == true)
        #expect(Set(entries(of: work.path)).isSuperset(of: ["clean.gz", "clean.zip", "clean.zlib", "clean.tgz", "clean-more.tgz", "clean-most.zip"]))
    }

    @Test("no file leaves a run whose answers are spent; a withheld file with a value that could be guessed is an answer, another is none")
    func answers() throws {
        let word: [RunBinding] = [.variable("WORD", "summer-2025", needle: "db")]
        let work = try work()
        let script = "echo $WORD > guess; echo other > clean"
        let run = try TestRun(job(script, in: work), word, from: spawner).finish()
        #expect(run.frames.filter { $0.kind == .answered } == [.answered(Array("db".utf8))], "\(run.errors)")
        #expect(try report(run).files?.withheld.map(\.path) == ["guess"])
        let blown = try TestRun(job(script, in: work), word, from: spawner, under: RunConditions(answersLeft: ["db": 0])).finish()
        #expect(try report(blown).files?.withheld.map(\.path).sorted() == ["clean", "guess"] && !blown.frames.contains { $0.kind == .answered })
        #expect(try self.run("echo $VALUE > whole", in: work).run.frames.filter { $0.kind == .answered }.isEmpty)
    }

    @Test("a file with a fake token stays as one with a value does: it would be worth nothing once the run is over, and a trap wherever it is found")
    func token() throws {
        let work = try work()
        let token: [RunBinding] = [
            .token("TOKEN", "sk_live_Fk9Qz2Xw7Lm4Tn8Rb3Yc6Vd1", needle: "stripe/key"), .variable("VALUE", value, needle: "db"),
        ]
        let run = try TestRun(job("echo $TOKEN > config; echo $VALUE > value; echo $TOKEN", in: work), token, from: spawner).finish()
        #expect(run.output == "[REDACTED:stripe/key]\n" && !entries(of: work.path).contains("config"), "\(run.errors)")
        #expect(try report(run).files?.withheld.map(\.path) == ["config", "value"])
    }

    @Test("of each file the keeper is asked, and once it withholds one all that come behind stay as well, whether they answer a guess or not")
    func withheldByTheKeeper() throws {
        let word: [RunBinding] = [.variable("WORD", "summer-2025", needle: "db")]
        var told: [RunChanges?] = []
        for text in ["summer-2025", "summer-2026"] {
            let work = try work()
            let script = "mkdir one two; echo a > one/a; echo \(text) > one/b; echo c > two/c"
            let run = try TestRun(job(script, in: work), word, from: spawner)
            run.keeperSays = { _ in unsafe access("\(work.path)/one/a", F_OK) != 0 }
            #expect(try run.finish().exit == .exited(code: 0))
            #expect(entries(of: "\(work.path)/one") == ["a"] && !entries(of: work.path).contains("two"))
            told.append(try report(run).files)
        }
        #expect(told[0]?.withheld.map(\.path) == ["one/b", "two"], "\(told)")
        #expect(told[0] == told[1] && told[0]?.withheld.allSatisfy { $0.reason.contains("withheld output") } == true, "\(told)")
    }

    @Test("links that leave, pipes and sockets are not taken over, and nothing is set-id")
    func dangerous() throws {
        let work = try work()
        unsafe symlink("/etc", "\(work.path)/out")
        usleep(20_000)
        let (run, files) = try run(
            """
            ln -s /etc/passwd absolute; ln -s ../../x up; ln -s sub/../../x crossing; ln -s out/passwd through; ln -s sub/inner good; mkfifo pipe
            cp /bin/true set; chmod 4755 set
            """, in: work)
        #expect(Set(entries(of: work.path)) == ["changed", "gone", "good", "kept", "out", "set", "sub"], "\(run.errors)")
        #expect(Set(files?.withheld.map(\.path) ?? []) == ["absolute", "up", "crossing", "through", "pipe"])
        var facts = stat()
        #expect(unsafe stat("\(work.path)/set", &facts) == 0 && facts.st_mode & 0o7777 == 0o755)
        #expect(files?.withheldCount == 5 && files?.written == 2)
    }

    @Test("what somebody else changed meanwhile is not overwritten or deleted: the run's copy lies beside it")
    func meanwhile() throws {
        let work = try work()
        let (_, files) = try run("echo mine > changed; rm gone; echo mine > fresh; rm -r sub", in: work) {
            for (name, text) in [("changed", "theirs\n"), ("gone", "theirs\n"), ("fresh", "theirs\n"), ("sub/more", "theirs\n")] {
                try work.write(name, text)
            }
        }
        for name in ["changed", "gone", "fresh", "sub/more"] { #expect(text(of: "\(work.path)/\(name)") == "theirs\n", "\(name)") }
        #expect(files?.keptCount == 2)
        for kept in files?.kept ?? [] {
            #expect(kept.copy.hasPrefix("\(kept.path).tacit-"))
            #expect(text(of: "\(work.path)/\(kept.copy)") == "mine\n")
        }
        #expect(Set(files?.withheld.map(\.path) ?? []) == ["gone", "sub"])
    }

    @Test("a file in the place of a directory, and the other way round")
    func swapped() throws {
        let work = try work()
        let (_, files) = try run("rm kept; mkdir kept; echo in > kept/in; rm -r sub; echo file > sub", in: work)
        #expect(text(of: "\(work.path)/kept/in") == "in\n")
        #expect(text(of: "\(work.path)/sub") == "file\n")
        #expect(files?.withheld.isEmpty == true && files?.kept.isEmpty == true, "\(String(describing: files))")
    }

    @Test("a directory that was made anew has nothing of what was in it")
    func remade() throws {
        let work = try work()
        _ = try run("rm -r sub; mkdir sub; echo new > sub/new", in: work)
        #expect(entries(of: "\(work.path)/sub") == ["new"])
    }

    @Test("a run that is broken off changes nothing")
    func brokenOff() throws {
        let work = try work()
        do {
            let run = try TestRun(job("echo new > changed; echo ready; sleep 600", in: work), from: spawner)
            run.wait { $0.output == "ready\n" }
        }
        #expect(eventually { Descendants.all(below: [spawner.process]).count <= 1 })
        #expect(text(of: "\(work.path)/changed") == "old\n")
    }

    @Test("of a file the keeper is told what could be a fake token, and where it is one the file stays, as do no others")
    func tokens() throws {
        let (own, foreign, none) = ("tacit_" + "OwnA1".repeated(7), "ghp_" + "aB3d".repeated(9), "tacit_" + "NoneZ".repeated(7))
        let work = try work()
        let bindings: [RunBinding] = [.variable("VALUE", value, needle: "stripe/key"), .token("TOKEN", own, needle: "api/key")]
        let script = """
            echo "key = '\(foreign)'" > foreign; echo "key: $TOKEN" > own; echo \(none) > none; echo "$VALUE \(foreign)" > value
            head -c 400000 /dev/zero | tr '\\0' x > long; echo " \(foreign)" >> long; echo plain > plain
            """
        let run = try TestRun(job(script, in: work), bindings, from: spawner)
        run.tokens = [own, foreign]
        try run.finish()
        let files = try #require(report(run).files)
        #expect(
            files.withheld.sorted { $0.path < $1.path } == [
                .init(path: "foreign", reason: "it holds a fake token"), .init(path: "long", reason: "it holds a fake token"),
                .init(path: "own", reason: "it holds api/key"), .init(path: "value", reason: "it holds stripe/key"),
            ], "\(run.errors)")
        #expect(files.withheldCount == 4 && files.written == 2)
        #expect(text(of: "\(work.path)/none") == "\(none)\n" && text(of: "\(work.path)/plain") == "plain\n")
        #expect(entries(of: work.path).allSatisfy { !["foreign", "own", "value", "long"].contains($0) })
        let told = run.frames.compactMap { frame -> String? in
            if case .candidate(let text) = frame { String(decoding: text, as: UTF8.self) } else { nil }
        }
        #expect(Set(told) == [own, foreign, none])
        // A person's run is asked about nothing.
        let person = try TestRun(RunJob.person("sh", "-c", "echo \(foreign) > foreign", directory: work.path).sandboxed(), from: spawner).finish()
        #expect(text(of: "\(work.path)/foreign") == "\(foreign)\n" && !person.frames.contains { $0.kind.isForKeeper })
    }

    @Test("a person may have files written as they are")
    func through() throws {
        let work = try work()
        let job = RunJob.person("sh", "-c", "echo \(value) > changed", directory: work.path).sandboxed { $0.writesThrough = true }
        let run = try TestRun(job, [.variable("VALUE", value, needle: "key")], from: spawner).finish()
        #expect(text(of: "\(work.path)/changed") == "\(value)\n", "\(run.errors)")
        #expect(try report(run).sandbox?.files == "through")
    }

    @Test("a file with holes counts as long as it says")
    func holes() throws {
        let (changes, target) = (try TemporaryFolder(), try TemporaryFolder())
        for name in ["a", "b", "c"] { try changes.write(name, "") }
        for (name, size) in [("a", 600), ("b", 600), ("c", 300)] { unsafe truncate("\(changes.path)/\(name)", off_t(size)) }
        let search = FileSearch(needles: NeedleSet([]), opener: LibraryMembers(), passesUnscanned: false)
        var release = ChangeRelease(search, since: timespec(), room: 1000)
        let places = try [changes, target].map { folder in
            try #require(OpenDirectory(reopening: unsafe open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)))
        }
        release.release(places[0], into: places[1])
        #expect(Set(entries(of: target.path)) == ["a", "c"])
        #expect(release.result.withheld == [.init(path: "b", reason: "it is too large")])
    }

    @Test("changes have a largest size")
    func size() throws {
        let work = try work()
        let (run, _) = try run("head -c 700000000 /dev/zero > big 2>/dev/null; echo $?; rm big", in: work)
        #expect(run.output == "1\nready\n", "\(run.output)")
    }
}

extension String {
    fileprivate func repeated(_ count: Int) -> String { String(repeating: self, count: count) }
}
