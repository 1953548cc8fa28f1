import Glibc
import Model
import TacitWire
import Testing

@testable import ProcessRunner

extension RunJob {
    /// The job in a sandbox.
    func sandboxed(_ change: (inout SandboxWish) -> Void = { _ in }) -> RunJob {
        var (job, wish) = (self, SandboxWish(.required, user: "tester", home: "/home/tester"))
        change(&wish)
        job.sandbox = wish
        return job
    }
}

/// Runs of an ordinary user in a sandbox. Needs root to become somebody else.
@Suite("A run in a sandbox", .enabled(if: getuid() == 0))
struct SandboxRunTests {
    static let user: UInt32 = 47_114
    let folder: TemporaryFolder
    let spawner: SpawnerHandle

    init() throws {
        folder = try TemporaryFolder()
        unsafe chown(folder.path, Self.user, Self.user)
        let fixture = try folder.copy(TestRun.fixture, as: "helper")
        spawner = try SpawnerHandle(
            executable: "/usr/bin/setpriv",
            arguments: ["--reuid=\(Self.user)", "--regid=\(Self.user)", "--clear-groups", fixture, Spawner.subcommand])
    }

    private func shell(_ script: String, in directory: String? = nil, _ bindings: [RunBinding] = []) throws -> TestRun {
        try TestRun(RunJob.agent("sh", "-c", script, directory: directory).sandboxed(), bindings, from: spawner).finish()
    }

    @Test("a command runs, as the user it was, with its values and exit code")
    func runs() throws {
        let run = try shell("id -u; id -un; echo $VALUE; pwd; echo $HOME; exit 3", [.variable("VALUE", "open-sesame-1234")])
        #expect(run.output == "\(Self.user)\ntester\nopen-sesame-1234\n/work\n/home/tester\n", "\(run.errors)")
        #expect(run.exit == .exited(code: 3))
        #expect(try shell("kill -9 $$").exit == .signaled(9))
        #expect(try shell("cat", [.input(Array("CANARY-typed-6f1c9ab2e7".utf8))]).output == "[REDACTED:input]")
    }

    @Test("values come in open files that are the program's alone, in a sandbox or not", arguments: [true, false])
    func openFiles(isSandboxed: Bool) throws {
        let large = String(repeating: "x", count: 300_000) + "CANARY-file-2"
        let script = """
            echo $A $B; cat $A; cat $A; tail -c 13 $B; wc -c < $B; (sh -c 'cat $A'); echo x 2>/dev/null >> $A || echo fixed; ls /proc/self/fd
            """
        let job = RunJob.agent("sh", "-c", script)
        let run = try TestRun(
            isSandboxed ? job.sandboxed() : job,
            [.file("A", "CANARY-6f1c9ab2e7d4\n", needle: "one"), .file("B", large, needle: nil), .variable("C", "c")], from: spawner
        ).finish()
        let expected = """
            /proc/self/fd/100 /proc/self/fd/101
            [REDACTED:one][REDACTED:one]CANARY-file-2300013
            [REDACTED:one]fixed
            0
            1
            100
            101
            2
            3

            """
        #expect(run.output == expected, "\(run.errors)")
    }

    @Test("it has power over nothing, and gets none")
    func power() throws {
        let run = try shell("grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status")
        let none = "0000000000000000"
        #expect(
            run.output == "CapInh:\t\(none)\nCapPrm:\t\(none)\nCapEff:\t\(none)\nCapBnd:\t\(none)\nCapAmb:\t\(none)\nNoNewPrivs:\t1\nSeccomp:\t2\n")
    }

    @Test("how many processes, files and messages it has, and how large they grow, is limited, and it leaves no core file")
    func limits() throws {
        let run = try shell("cat /proc/self/limits")
        var limits: [String: [String]] = [:]
        for line in run.output.split(separator: "\n") {
            let name = line.prefix(26).split(separator: " ").joined(separator: " ")
            limits[name] = line.dropFirst(26).split(separator: " ").prefix(2).map(String.init)
        }
        let expected = [
            "Max processes": "1024", "Max file size": "\(1 << 30)", "Max open files": "4096", "Max msgqueue size": "65536", "Max core file size": "0",
        ]
        // As much for the limit that a program may raise as for the one that it may not.
        for (name, limit) in expected { #expect(limits[name] == [limit, limit], "\(name): \(run.output)") }
    }

    @Test("the processes that start it are confined before it is: two filters are on the first one, and two on the program")
    func starters() throws {
        let run = try shell("grep -h -E '^(Name|NoNewPrivs|Seccomp_filters):' /proc/1/status /proc/self/status")
        let expected = "Name:\ttacit-sandbox\nNoNewPrivs:\t1\nSeccomp_filters:\t2\nName:\tgrep\nNoNewPrivs:\t1\nSeccomp_filters:\t2\n"
        #expect(run.output == expected, "\(run.output)\(run.errors)")
    }

    @Test("root's run, which owns what root owns, changes nothing of the kernel's or the system's")
    func root() throws {
        let script = """
            for f in /proc/sys/kernel/core_pattern /proc/sys/vm/swappiness /proc/self/oom_score_adj /usr/bin/true /etc/passwd /etc/ld.so.cache; do
              (: >>$f) 2>/dev/null && echo "may write $f"; done; id -u; cat /proc/sys/kernel/ostype
            """
        #expect(try TestRun(RunJob.agent("sh", "-c", script).sandboxed()).finish().output == "0\nLinux\n")
    }

    @Test("it sees its own processes only, and the first one cannot be looked into")
    func processes() throws {
        let run = try shell("ls /proc | grep -c '^[0-9]'; ls -l /proc/1/fd 2>/dev/null | wc -l; cat /proc/1/env* 2>/dev/null | wc -c; echo $PPID")
        let lines = run.output.split(separator: "\n").compactMap { Int($0) }
        try #require(lines.count == 4, "\(run.output)")
        #expect((2...8).contains(lines[0]) && lines[1...] == [0, 0, 0], "\(run.output)")
    }

    @Test("of the machine's files it sees the system's")
    func files() throws {
        let secret = try folder.write("secret", "host", mode: 0o644)
        let run = try shell(
            """
            cat \(secret) 2>/dev/null; for d in /tmp /run /dev/shm /home/tester /var/tmp; do ls -A $d; done; ls -d /home/* /root /srv /boot /sys 2>/dev/null
            test -e /etc/shadow && echo shadow; cat /etc/passwd; touch /x /usr/x /etc/x 2>/dev/null && echo wrote; touch /tmp/x ~/x x && echo own
            """)
        #expect(
            run.output
                == "/home/tester\ntester:x:\(Self.user):\(Self.user):tester:/home/tester:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\nown\n",
            "\(run.output) \(run.errors)")
    }

    @Test("when the runner is killed, or the run is abandoned, nothing of it is left")
    func ends() throws {
        let run = try TestRun(RunJob.agent("sh", "-c", "setsid sleep 600 & echo on; wait").sandboxed(), from: spawner)
        run.wait { $0.output == "on\n" }
        var inside: [Int32] = []
        #expect(
            eventually {
                inside = Descendants.all(below: [spawner.process]).filter { text(of: "/proc/\($0)/cmdline")?.hasPrefix("sleep") == true }
                return inside.count == 1
            })
        let runner = try #require(run.process.flatMap { parent(of: $0) })
        kill(runner, SIGKILL)
        #expect(eventually { inside.allSatisfy { !isLiving($0) } && run.process.map { !isLiving($0) } == true })
    }

    private func parent(of process: Int32) -> Int32? {
        guard let status = text(of: "/proc/\(process)/stat"), let end = status.lastIndex(of: ")") else { return nil }
        return status[end...].split(separator: " ").dropFirst(2).first.flatMap { Int32($0) }
    }

    @Test("a run leaves no process behind, though it was told to")
    func leavesNobody() throws {
        let run = try TestRun(
            RunJob.person("sh", "-c", "setsid sleep 600 >/dev/null 2>&1 </dev/null & echo on", directory: nil).sandboxed(), from: spawner)
        #expect(try run.finish().exit == .exited(code: 0))
        #expect(eventually { !Descendants.all(below: [spawner.process]).contains { text(of: "/proc/\($0)/cmdline")?.hasPrefix("sleep") == true } })
    }

    @Test("a person's terminal is the command's, with job control")
    func terminal() throws {
        let terminal = RunTerminal(rows: 5, columns: 6, input: true, output: true, error: true)
        let job = RunJob.person(
            "bash", "-ic", "stty size; (: </dev/tty) && echo own >/dev/stderr; sleep 600 & kill %1; echo end", directory: nil, terminal: terminal)
        let run = try TestRun(job.sandboxed(), from: spawner).finish(endsInput: false)
        #expect(run.output.contains("5 6\r\nown\r\n"), "\(run.output)")
        #expect(run.output.contains("end"))
        #expect(!run.output.contains("job control"), "\(run.output)")
    }

    @Test("a program outside of the system is executed by the file that was opened; a script finds its own")
    func programs() throws {
        let copy = try folder.copy("/usr/bin/echo", as: "other-echo")
        #expect(try TestRun(RunJob.agent(copy, "on").sandboxed(), from: spawner).finish().output == "on\n")
        let script = try folder.write("script", "#!/bin/sh\necho $0; ls \(folder.path)\n")
        #expect(try TestRun(RunJob.agent(script).sandboxed(), from: spawner).finish().output == "\(script)\nscript\n")
        #expect(throws: RunnerError.self) { try TestRun(RunJob.agent("/nowhere").sandboxed(), from: spawner) }
    }

    @Test("what is named is read besides, and not written")
    func reads() throws {
        let other = try TemporaryFolder()
        try other.write("data", "besides\n", mode: 0o666)
        unsafe chmod(other.path, 0o777)
        let script =
            "cat \(other.path)/data; echo x 2>/dev/null > \(other.path)/data || echo kept; touch \(other.path)/new 2>/dev/null || echo closed"
        let job = RunJob.agent("sh", "-c", script)
        #expect(try TestRun(job.sandboxed { $0.reads = [other.path] }, from: spawner).finish().output == "besides\nkept\nclosed\n")
        let refusal = RunRefusal.noSandboxThere("/nowhere/at/all", "there is nothing").failure
        #expect(throws: RunnerError.refused(refusal)) { try TestRun(job.sandboxed { $0.reads = ["/nowhere/at/all"] }, from: spawner) }
    }

    @Test("the time limit, signals and stops reach it as they reach any run")
    func signals() throws {
        var long = RunJob.agent("sh", "-c", "trap '' TERM; sleep 600", timeLimit: .milliseconds(1000)).sandboxed()
        let timed = try TestRun(long, from: spawner).finish()
        #expect(timed.frames.contains(.timedOut) && timed.exit == .signaled(9))
        long.timeLimit = nil
        for hasTerminal in [true, false] {
            let terminal = RunTerminal(rows: 5, columns: 60, input: true, output: true, error: true)
            let job = RunJob.person(
                "sh", "-c", "echo ready; read line; echo $line; trap 'echo int; exit 4' INT; kill -INT $$", directory: nil,
                terminal: hasTerminal ? terminal : nil
            ).sandboxed()
            let run = try TestRun(job, from: spawner)
            #expect(run.wait { $0.output.contains("ready") })
            try run.send(.signal(SIGTSTP))
            #expect(run.wait { $0.frames.contains(.stopped(signal: hasTerminal ? SIGTSTP : SIGSTOP)) })
            try run.send(.resume, hasTerminal ? .terminalInput(Array("on\r".utf8)) : .stdin(Array("on\n".utf8)))
            try run.finish(endsInput: !hasTerminal)
            #expect(run.output.contains("on") && run.output.contains("int") && run.exit == .exited(code: 4), "\(run.output)")
        }
    }

    @Test("a terminal that is shared with a pipeline is asked for, and given back")
    func sharedTerminal() throws {
        let terminal = RunTerminal(rows: 24, columns: 80, input: true, output: false, error: true, term: "xterm")
        let job = RunJob.person(
            "sh", "-c", "printf 'sure? ' >&2; read x; echo got $x; exec 0</dev/null; sleep 600", directory: nil, terminal: terminal)
        let run = try TestRun(job.sandboxed(), from: spawner)
        #expect(run.wait { $0.frames.contains(.stopped(signal: SIGTTIN)) })
        try run.send(.resume, .terminalInput(Array("yes\r".utf8)))
        #expect(run.wait { $0.output == "got yes\n" && $0.frames.contains(.terminalFree) })
    }

    @Test("a program that its caller can write, and whose content decides, is executed as it was judged")
    func pinned() throws {
        let path = try folder.copy("/usr/bin/echo", as: "tool")
        unsafe chown(path, Self.user, Self.user)
        var job = RunJob.agent(path, "judged").sandboxed()
        job.takesFingerprint = true
        let run = try TestRun(
            job, from: spawner,
            deciding: {
                unsafe unlink(path)
                _ = try folder.copy("/usr/bin/true", as: "tool")
            }
        ).finish()
        #expect(run.output == "judged\n", "\(run.errors)")
    }

    @Test("a working directory is refused that holds more than a project")
    func refused() throws {
        let refusal = RunRefusal.noSandboxThere("/etc", "it belongs to the system").failure
        #expect(throws: RunnerError.refused(refusal)) { try TestRun(RunJob.agent("true", directory: "/etc").sandboxed(), from: spawner) }
    }

    /// A spawner whose runners may make no user namespace: the kernel lets nobody who was locked into a directory.
    private func lockedIn() throws -> SpawnerHandle {
        let user = "\(Self.user):\(Self.user)"
        let fixture = try folder.copy(TestRun.fixture, as: "locked-in")
        let script = #"mount --rbind / /mnt && exec chroot --userspec="$1" --groups= /mnt "$2" "$3""#
        return try SpawnerHandle(
            executable: "/usr/bin/unshare",
            arguments: ["-m", "--propagation", "private", "sh", "-c", script, "sh", user, fixture, Spawner.subcommand])
    }

    @Test("where there is no sandbox a run is refused, or goes without and says why, as was wished")
    func missing() throws {
        let spawner = try lockedIn()
        let refusal = #expect(throws: RunnerError.self) { try TestRun(RunJob.agent("echo", "on").sandboxed(), from: spawner) }
        guard case .refused(let failure) = refusal else { return #expect(Bool(false), "\(String(describing: refusal))") }
        #expect(failure.code == "run.no-sandbox" && failure.message.contains("namespaces") && failure.hint?.contains("apparmor") == true)
        let run = try TestRun(RunJob.agent("echo", "on").sandboxed { $0.strictness = .fallback }, from: spawner).finish()
        #expect(run.output == "on\n")
        let report = run.frames.lazy.compactMap { frame -> String? in
            if case .report(let bytes) = frame { String(decoding: bytes, as: UTF8.self) } else { nil }
        }.first
        #expect(report?.contains(#""landlock":"off","namespaces":"this machine does not let"#) == true, "\(report ?? "")")
    }

    @Test("the probe finds here what runs here have")
    func probe() throws {
        let folder = try TemporaryFolder()
        let fixture = try folder.copy(TestRun.fixture, as: "helper")
        let command = "setpriv --reuid=\(Self.user) --regid=\(Self.user) --clear-groups \(fixture) __sandbox 3>\(folder.path)/answer"
        unsafe system(command)
        let answer = text(of: "\(folder.path)/answer") ?? ""
        #expect(answer.contains(#""namespaces":"on""#) && answer.contains(#""seccomp":"on""#), "\(answer)")
    }
}
