import Glibc
import Model
import Policies
import TacitWire
import Testing

@testable import ProcessRunner

@Suite("What command rules are told of a program")
struct ProgramExaminationTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func fingerprint(_ path: String) throws -> ProgramFingerprint? {
        let run = try TestRun(.agent("sha256sum", path)).finish()
        return run.output.split(separator: " ").first.flatMap { ProgramFingerprint(parsing: String($0)) }
    }

    @Test("the fingerprint is that of the file's content, and only where it is asked for")
    func fingerprints() throws {
        let copy = try folder.copy("/usr/bin/echo", as: "tool")
        var job = RunJob.agent(copy, "x")
        #expect(try TestRun(job).finish().facts.fingerprint == nil)
        job.takesFingerprint = true
        let run = try TestRun(job).finish()
        #expect(run.output == "x\n")
        #expect(run.facts.fingerprint != nil)
        #expect(try run.facts.fingerprint == fingerprint(copy))
        let script = try folder.write("script", "#!/bin/sh\necho y\n")
        var scripted = RunJob.agent(script)
        scripted.takesFingerprint = true
        #expect(try TestRun(scripted).finish().facts.fingerprint == fingerprint(script))
    }

    @Test("a program that its caller can write is executed as it was judged, whatever became of the file")
    func swapped() throws {
        let path = try folder.copy("/usr/bin/echo", as: "tool")
        var job = RunJob.agent(path, "judged")
        job.takesFingerprint = true
        let run = try TestRun(
            job, [.variable("KEY", "CANARY-pinned-81d2", needle: "key")],
            deciding: {
                unsafe unlink(path)
                _ = try folder.copy("/usr/bin/true", as: "tool")
            }
        ).finish()
        #expect(run.output == "judged\n", "\(run.errors)")
        // Written in the place, not put beside: the file that was opened is another one now, and what is executed is not.
        let again = try folder.copy("/usr/bin/echo", as: "other")
        job.arguments = [again, "judged"]
        let second = try TestRun(
            job,
            deciding: {
                let descriptor = unsafe open(again, O_WRONLY | O_TRUNC | O_CLOEXEC)
                #expect(descriptor >= 0)
                close(descriptor)
            }
        ).finish()
        #expect(second.output == "judged\n", "\(second.errors)")
    }

    @Test("a program goes by every name: as called, of the file, of the applet, of the interpreter")
    func names() throws {
        let link = folder.link("/usr/bin/cat", as: "harmless")
        #expect(try Set(TestRun(.agent(link, "/dev/null")).finish().facts.names).isSuperset(of: ["harmless", "cat"]))
        let script = try folder.write("script", "#!/usr/bin/env -S perl -w\nprint 1;\n")
        let facts = try TestRun(.agent(script)).finish().facts
        #expect(Set(facts.names).isSuperset(of: ["script", "perl"]))
        #expect(facts.interpreters.contains { $0.hasSuffix("/perl") })
        #expect(
            AccidentGuard.names(of: ["busybox", "wget", "x"], opened: .init(baseName: "busybox")) == ["busybox", "busybox", "wget"])
        #expect(AccidentGuard.names(of: ["wget"], opened: .init(baseName: "busybox")) == ["wget", "busybox", "wget"])
    }

    @Test("HOME and PATH of the child are as decided after the program was opened, and nothing else is")
    func conditions() throws {
        let script = "print join(' ', $ENV{HOME}, $ENV{PATH})"
        let usual = try TestRun(.agent("perl", "-e", script)).finish().output
        #expect(usual.hasPrefix("/tmp/tacit-run-") && usual.hasSuffix(" \(TestRun.path)"))
        let conditions = RunConditions(home: "/root", searchPath: "/opt/bin:/usr/bin")
        #expect(try TestRun(.agent("perl", "-e", script), under: conditions).finish().output == "/root /opt/bin:/usr/bin")
        // A person's run has its own environment, whatever is said.
        #expect(try TestRun(.person("perl", "-e", script), under: RunConditions(home: "/x")).finish().output == "/root \(TestRun.path)")
    }

    @Test("facts and conditions survive the socket")
    func coding() throws {
        var facts = ProgramFacts(path: "/a", device: 1, inode: 2, programClass: .script, interpreter: "/b")
        (facts.calledPath, facts.names, facts.interpreters, facts.isWritableByCaller) = ("/c", ["x", "y"], ["/b"], false)
        facts.fingerprint = ProgramFingerprint(bytes: (0..<32).map { $0 })
        #expect(try ProgramFacts(decoding: facts.encoded) == facts)
        for count in 0..<facts.encoded.count { #expect(throws: CanonicalError.self) { try ProgramFacts(decoding: Array(facts.encoded[..<count])) } }
        for conditions in [RunConditions(), RunConditions(home: "/h", searchPath: "/p", passesUnscanned: true)] {
            #expect(try RunConditions(decoding: conditions.encoded) == conditions)
        }
        #expect(throws: CanonicalError.self) { try RunConditions(decoding: [7]) }
    }
}

/// Root can write everything, so what the caller can write only shows as somebody else.
@Suite("Programs that their caller can write", .enabled(if: getuid() == 0))
struct WritableProgramTests {
    private static let user = OrdinaryUserTests.user
    let folder: TemporaryFolder
    let spawner: SpawnerHandle

    init() throws {
        folder = try TemporaryFolder()
        let fixture = try folder.copy(TestRun.fixture, as: "helper")
        spawner = try SpawnerHandle(
            executable: "/usr/bin/setpriv",
            arguments: ["--reuid=\(Self.user)", "--regid=\(Self.user)", "--clear-groups", fixture, Spawner.subcommand])
    }

    private func facts(_ words: String...) throws -> ProgramFacts {
        var job = RunJob.agent("true")
        job.arguments = words
        return try TestRun(job, from: spawner).finish().facts
    }

    @Test("a program of the system cannot be written, by whichever path of the system it is called")
    func system() throws {
        for name in ["cat", "/usr/bin/cat", "/bin/cat"] {
            let facts = try facts(name, "/dev/null")
            #expect(!facts.isWritableByCaller, "\(name)")
            #expect(facts.calledPath == (name == "cat" ? facts.calledPath : name))
            #expect(facts.calledPath?.hasSuffix("/cat") == true)
        }
    }

    @Test("a link of the user's leads to a program of the system, and is no name of it")
    func ownLink() throws {
        let facts = try facts(folder.link("/usr/bin/cat", as: "link"), "/dev/null")
        #expect(facts.path.hasSuffix("/bin/cat"))
        #expect(!facts.isWritableByCaller)
        #expect(facts.calledPath == nil, "/tmp is everybody's")
    }

    @Test("a system's script and its interpreter are looked at, by the name that the system gives it")
    func script() throws {
        let facts = try facts("psql", "--version")
        #expect(!facts.isWritableByCaller)
        #expect(facts.calledPath == "/usr/bin/psql")
        #expect(facts.path != "/usr/bin/psql")
        #expect(!facts.isBound && facts.runsAnyCode)
    }

    @Test("what lies below a directory that others can write can be written, whoever owns it")
    func below() throws {
        #expect(try facts(folder.copy("/usr/bin/true", as: "tool")).isWritableByCaller)
        let script = try folder.write("script", "#!/bin/sh\n")
        #expect(try facts(script).isWritableByCaller)
    }

    @Test("in a place that only the system can write, the file, a link on the way and each directory above count")
    func places() throws {
        // /opt is root's alone on every system; what is made there goes again.
        let root = "/opt/tacit-test-\(getpid())"
        unsafe mkdir(root, 0o755)
        defer { unsafe Glibc.system("rm -rf \(root)") }
        func place(_ name: String) -> String { "\(root)/\(name)" }
        #expect(unsafe Glibc.system("cp /usr/bin/true \(place("tool")) && mkdir \(place("inner")) && cp /usr/bin/true \(place("inner/tool"))") == 0)
        #expect(try !facts(place("tool")).isWritableByCaller)
        #expect(try facts(place("tool")).calledPath == place("tool"))
        unsafe chown(place("tool"), Self.user, 0)
        #expect(try facts(place("tool")).isWritableByCaller, "the owner can change the mode")
        unsafe chown(place("tool"), 0, Self.user)
        unsafe chmod(place("tool"), 0o775)
        #expect(try facts(place("tool")).isWritableByCaller, "its group is the user's")
        #expect(try !facts(place("inner/tool")).isWritableByCaller)
        unsafe chmod(place("inner"), 0o1777)
        #expect(try facts(place("inner/tool")).isWritableByCaller, "a sticky directory does not help")
        unsafe chmod(place("inner"), 0o755)
        unsafe chown(root, Self.user, 0)
        #expect(try facts(place("inner/tool")).isWritableByCaller, "a directory above is the user's")
        unsafe chown(root, 0, 0)
        // A chain of links is followed, relative and absolute ones, and a link that the user owns decides where it leads.
        #expect(unsafe Glibc.system("cd \(root) && ln -s inner/tool one && ln -s \(root)/one two && ln -s ../\(root.dropFirst(5))/two three") == 0)
        #expect(try facts(place("three")).calledPath == place("three"))
        #expect(try facts("\(root)/inner/../three").calledPath == "\(root)/inner/../three")
        #expect(unsafe Glibc.system("mkdir \(place("own")) && ln -s \(root)/one \(place("own/link")) && chown \(Self.user) \(place("own"))") == 0)
        #expect(try facts(place("own/link")).calledPath == nil)
        #expect(try !facts(place("own/link")).isWritableByCaller, "what it leads to is the system's all the same")
    }

    @Test("a pinned program of the user's own is executed from a copy that nobody can change")
    func pinned() throws {
        let own = "\(folder.path)/own"
        unsafe mkdir(own, 0o755)
        let tool = try folder.copy("/usr/bin/readlink", as: "own/tool")
        unsafe chown(own, Self.user, 0)
        var job = RunJob.agent(tool, "/proc/self/exe")
        job.takesFingerprint = true
        let run = try TestRun(job, from: spawner).finish()
        #expect(run.output == "/memfd:tacit-program (deleted)\n", "\(run.errors)")
        #expect(run.facts.isWritableByCaller && run.facts.fingerprint != nil)
        let hidden = try folder.copy("/usr/bin/echo", as: "hidden", mode: 0o711)
        job.arguments = [hidden, "x"]
        #expect(try TestRun(job, from: spawner).finish().facts.fingerprint == nil, "what cannot be read is not pinned")
    }
}
