import Glibc
import Policies
import TacitWire
import Testing

@testable import ProcessRunner

@Suite("Finding and opening programs")
struct ProgramResolverTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func refusal(_ job: RunJob) -> RunFailure? {
        do {
            try TestRun(job).finish()
            return nil
        } catch RunnerError.refused(let failure) { return failure } catch { return nil }
    }

    @Test("a program of the search path is opened once and executed by that descriptor")
    func native() throws {
        let run = try TestRun(.agent("cat", "/proc/self/comm")).finish()
        #expect(run.output.hasSuffix("\n"))
        #expect(run.facts.path.hasSuffix("/cat"))
        #expect(run.facts.isBound)
        #expect(run.facts.programClass == .native)
        var status = stat()
        #expect(unsafe stat(run.facts.path, &status) == 0)
        #expect(run.facts.inode == Int64(status.st_ino))
    }

    @Test("what is executed is what was opened, though another file has taken its path: a program, and a script's interpreter")
    func swapped() throws {
        let echo = try folder.copy("/bin/echo", as: "echo")
        let script = try folder.write("script", "#!\(echo) by\n")
        for words in [[echo, "opened"], [script]] {
            var job = RunJob.agent("true")
            job.arguments = words
            let run = try TestRun(job) {
                _ = try folder.copy("/bin/false", as: "other")
                try #require(unsafe rename("\(folder.path)/other", echo) == 0)
            }
            try run.finish()
            #expect(run.output == (words.count == 2 ? "opened\n" : "by \(script)\n") && run.exit == .exited(code: 0))
            #expect(unsafe unlink(echo) == 0)
            _ = try folder.copy("/bin/echo", as: "echo")
        }
    }

    @Test("a script runs by its interpreter, with its own path and arguments, and is not bound")
    func script() throws {
        let path = try folder.write("hello", "#!/bin/sh -e\necho \"$0\" \"$@\"\n")
        let run = try TestRun(.agent(path, "a b", "c")).finish()
        #expect(run.output == "\(path) a b c\n")
        #expect(!run.facts.isBound)
        #expect(run.facts.programClass == .script)
        #expect(run.facts.runsAnyCode)
        #expect(run.facts.interpreter?.hasSuffix("/dash") == true || run.facts.interpreter?.hasSuffix("sh") == true)
    }

    @Test("an interpreter named through env is looked up")
    func env() throws {
        let plain = try folder.write("one.py", "#!/usr/bin/env python3\nimport sys; print(sys.argv)\n")
        #expect(try TestRun(.agent(plain, "x")).finish().output == "['\(plain)', 'x']\n")
        let split = try folder.write("two.py", "#!/usr/bin/env -S python3 -E\nimport sys; print(sys.flags.ignore_environment)\n")
        #expect(try TestRun(.agent(split)).finish().output == "1\n")
    }

    @Test("a script of a script runs; a chain that never ends is refused")
    func nested() throws {
        let first = try folder.write("first", "#!/bin/sh\necho first \"$@\"\n")
        let second = try folder.write("second", "#!\(first) flag\n")
        #expect(try TestRun(.agent(second, "x")).finish().output == "first flag \(second) x\n")
        let loop = try folder.write("loop", "#!\(folder.path)/loop\n")
        #expect(refusal(.agent(loop))?.status == 126)
    }

    @Test("npm, psql and perl run")
    func everydayScripts() throws {
        let npm = try TestRun(.agent("npm", "--version")).finish(seconds: 30)
        #expect(npm.exit == .exited(code: 0), "\(npm.errors)")
        #expect(npm.facts.programClass == .packageManager)
        let psql = try TestRun(.agent("psql", "--version")).finish()
        #expect(psql.output.hasPrefix("psql (PostgreSQL)"))
        #expect(psql.facts.programClass == .script)
        #expect(try TestRun(.agent("perl", "-e", "print 6*7")).finish().output == "42")
    }

    @Test("what is missing is 127, what cannot be executed 126, an empty command 125")
    func statuses() throws {
        #expect(refusal(.agent("no-such-program-here"))?.status == 127)
        #expect(refusal(.agent("\(folder.path)/none"))?.status == 127)
        #expect(refusal(.agent(try folder.write("data", "hello", mode: 0o644)))?.status == 126)
        #expect(refusal(.agent(folder.path))?.status == 126)
        #expect(refusal(.agent(try folder.write("bad", "#!\n")))?.status == 126)
        #expect(refusal(.agent(try folder.write("lost", "#!/no/such/interpreter\n")))?.status == 127)
        #expect(refusal(.agent(""))?.status == 125)
        #expect(refusal(.agent("true", directory: "/no/such/directory"))?.code == "run.no-directory")
        let text = try TestRun(.agent(try folder.write("text", "neither program nor script"))).finish()
        #expect(text.exit?.status == 126)
    }

    @Test("a person's search path is the caller's, in order; a relative path is read in the working directory")
    func searchPath() throws {
        try folder.write("tool", "#!/bin/sh\necho mine\n")
        var job = RunJob.person("tool", directory: folder.path)
        job.environment["PATH"] = "/no/such:\(folder.path):/usr/bin"
        #expect(try TestRun(job).finish().output == "mine\n")
        #expect(try TestRun(.person("./tool", directory: folder.path)).finish().output == "mine\n")
        #expect(refusal(.agent("tool", directory: folder.path))?.status == 127)
    }

    @Test("the guard judges the opened file: links, hard links, copies and applets of env are refused")
    func guarded() throws {
        let link = folder.link("/usr/bin/env", as: "harmless")
        let copy = try folder.copy("/usr/bin/env", as: "copied")
        let script = try folder.write("script", "#!/usr/bin/printenv\n")
        for words in [["env"], [link], [copy], [script], ["printenv"], ["sh", "-c", "env"], ["cat", "/proc/self/environ"], ["set"]] {
            var job = RunJob.agent("true")
            job.arguments = words
            #expect(refusal(job)?.code == "run.accident-guard", "\(words)")
        }
        // A person may look at his own environment.
        #expect(try TestRun(.person("env")).finish().exit == .exited(code: 0))
    }
}
