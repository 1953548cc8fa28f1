import Foundation
import Glibc
import Model
import TacitWire
import Testing

@testable import ProcessRunner

@Suite("An agent's run")
struct AgentRunTests {
    @Test("output, error output and exit code arrive")
    func streams() throws {
        let run = try TestRun(.agent("sh", "-c", "echo out; echo err >&2; exit 7")).finish()
        #expect(run.output == "out\n")
        #expect(run.errors == "err\n")
        #expect(run.exit == .exited(code: 7))
    }

    @Test("a child that ends by a signal is reported as such")
    func signal() throws {
        let run = try TestRun(.agent("sh", "-c", "kill -9 $$")).finish()
        #expect(run.exit == .signaled(9))
        #expect(run.exit?.status == 137)
    }

    @Test("the environment holds PATH, USER, LANG, TERM, a private HOME and the bindings, nothing else")
    func environment() throws {
        let script = "print join(',', sort keys %ENV), qq(\\n$ENV{API_KEY} $ENV{HOME} ); print `pwd`"
        let run = try TestRun(.agent("perl", "-e", script), [.variable("API_KEY", "CANARY-env-1")]).finish()
        let lines = run.output.split(separator: "\n")
        #expect(lines.first == "API_KEY,HOME,LANG,PATH,TERM,USER", "\(run.errors)")
        let words = lines.last?.split(separator: " ").map(String.init) ?? []
        #expect(words.first == "CANARY-env-1")
        #expect(words.dropFirst().first?.hasPrefix("/tmp/tacit-run-") == true)
        #expect(words.last?.hasPrefix("/tmp/tacit-run-") == true)
        #expect(eventually { unsafe access(words[1], F_OK) != 0 }, "the private home is removed")
    }

    @Test("the directory is told as it was opened, through every link, and the run starts in that one whatever lies under its path by then")
    func directory() throws {
        let folder = try TemporaryFolder()
        unsafe mkdir("\(folder.path)/real", 0o755)
        try folder.write("real/mark", "the one that was opened")
        let link = folder.link("\(folder.path)/real", as: "link")
        var status = stat()
        try #require(unsafe stat(link, &status) == 0)
        let run = try TestRun(.agent("cat", "mark", directory: link)) {
            unsafe unlink(link)
            unsafe rename("\(folder.path)/real", "\(folder.path)/moved")
            unsafe mkdir("\(folder.path)/real", 0o755)
            unsafe mkdir(link, 0o755)
            try folder.write("real/mark", "another")
            try folder.write("link/mark", "another")
        }
        let opened = FilePlace(
            path: "\(folder.path)/real", device: Int64(bitPattern: UInt64(status.st_dev)), inode: Int64(bitPattern: UInt64(status.st_ino)))
        #expect(run.facts.directory == opened)
        #expect(try run.finish().output == "the one that was opened")
        #expect(try TestRun(.agent("true")).finish().facts.directory == nil, "a private one")
    }

    @Test("a value that is given as a file can be read by its path, whole and as often as one likes, and is redacted")
    func file() throws {
        let script = #"cat "$CERT"; cat "$CERT" | base64 -w0; stat -Lc '%a %F' "$CERT"; echo x 2>&1 >> "$CERT"; cat "$OTHER"; echo "$CERT""#
        let value = "CANARY-file-6f1c9ab2e7\u{0}more of it that no variable can hold"
        let run = try TestRun(
            .agent("bash", "-c", script), [.file("CERT", value, needle: "tls/key"), .file("OTHER", "plain", needle: nil)]
        ).finish()
        #expect(run.output.contains("[REDACTED:tls/key]") && run.output.contains("[REDACTED:tls/key:base64]"), "\(run.output) \(run.errors)")
        #expect(run.output.contains("600 regular file") && run.output.contains("plain"))
        #expect(run.output.contains("/proc/self/fd/100\n") && !run.output.contains("CANARY"))
        let bytes = try TestRun(.agent("sh", "-c", #"wc -c < "$CERT"; wc -c < "$CERT""#), [.file("CERT", value, needle: "k")]).finish()
        #expect(bytes.output == "\(value.utf8.count)\n\(value.utf8.count)\n", "nothing was written to it")
    }

    @Test("nothing but the program and what it starts has the file, and it is in no directory")
    func fileIsPrivate() throws {
        let run = try TestRun(.agent("sh", "-c", #"readlink "$CERT"; read line"#), [.file("CERT", "CANARY-file-private", needle: "k")])
        #expect(run.wait { $0.output.contains("\n") })
        #expect(run.output == "/memfd:tacit-value (deleted)\n")
        let process = try #require(run.process)
        #expect(entries(of: "/proc/\(process)/fd").sorted() == ["0", "1", "100", "2"])
        try run.finish()
        #expect(run.exit != nil && eventually { !isLiving(process) })
    }

    @Test("a variable holds one path or one value, and no file's path goes where programs take their code from")
    func fileVariables() throws {
        #expect(throws: InjectionError.taken("A")) {
            try InjectionPlan([.variable("A"), .file("A")], inherited: [:], preservesInherited: false)
        }
        #expect(throws: InjectionError.dangerous("BASH_ENV")) { try InjectionPlan([.file("BASH_ENV")], inherited: [:], preservesInherited: false) }
        let refused = try TestRun(.agent("true"), [.file("LD_PRELOAD", "x", needle: nil)]).finish()
        guard case .failed(let failure)? = refused.exit else { throw Errno(code: EINVAL) }
        #expect(failure.code == "injection.dangerous-variable")
    }

    @Test("a time zone is passed on where it is one")
    func timeZone() throws {
        var job = RunJob.agent("sh", "-c", "echo $TZ")
        job.environment = RunJob.cleanEnvironment(user: "tester", timeZone: "Europe/Vienna")
        #expect(try TestRun(job).finish().output == "Europe/Vienna\n")
        for zone in ["UTC", "CET-1CEST,M3.5.0,M10.5.0/3", "<+0545>-5:45"] {
            #expect(RunJob.cleanEnvironment(user: "a", timeZone: zone)["TZ"] == zone)
        }
        for text in ["", "/etc/passwd", ":/etc/passwd", "../../etc/passwd", "a b", "UTC\n", String(repeating: "A", count: 129)] {
            #expect(RunJob.cleanEnvironment(user: "a", timeZone: text)["TZ"] == nil)
        }
    }

    @Test("a value is redacted, plainly and in base64; a plain field is not; the report counts")
    func redaction() throws {
        let run = try TestRun(
            .agent("sh", "-c", "echo $KEY; printf %s $KEY | base64; echo $HOST; echo $KEY >&2"),
            [.variable("KEY", "CANARY-redact-6f1c9ab2e7", needle: "stripe/key"), .variable("HOST", "db.example.org")]
        ).finish()
        #expect(run.output.contains("[REDACTED:stripe/key]"))
        #expect(run.output.contains("[REDACTED:stripe/key:base64]"))
        #expect(run.output.contains("db.example.org"))
        #expect(!(run.output + run.errors).contains("CANARY"))
        #expect(run.report?.redactions.map(\.count).reduce(0, +) == 3)
        #expect(run.report?.masked == true)
    }

    @Test("redaction cannot be switched off for an agent, and an agent gets no terminal")
    func noWayRound() throws {
        var job = RunJob.agent(
            "sh", "-c", "echo $KEY; tty; test -t 0 || test -t 1 || test -t 2 || echo none; (: </dev/tty) 2>/dev/null || echo no tty")
        job.masksOutput = false
        job.terminal = RunTerminal(rows: 24, columns: 80, input: true, output: true, error: true)
        let run = try TestRun(job, [.variable("KEY", "CANARY-mask-6f1c9ab2e7", needle: "key")]).finish()
        #expect(run.output == "[REDACTED:key]\nnot a tty\nnone\nno tty\n")
    }

    @Test("a value goes to standard input, whole, and then the input ends")
    func standardInput() throws {
        var value = Array("CANARY-stdin-".utf8) + [0]
        value += (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        let run = try TestRun(
            .agent("python3", "-c", "import sys,hashlib; d=sys.stdin.buffer.read(); print(len(d), sum(d))"), [.input(value)]
        ).finish(endsInput: false)
        #expect(run.output == "\(value.count) \(value.reduce(0) { $0 + Int($1) })\n")
    }

    @Test("text stands around the value on standard input and is shown; the value is redacted, and the first read has all of it")
    func textAround() throws {
        let value = Array("CANARY-stdin-text-55bb7c1e09".utf8)
        let script = "import os; d=os.read(0, 99999); print(len(d), d.decode(), os.read(0, 9))"
        for (before, after) in [("Authorization: Bearer ", ""), ("", "tail"), ("user = \"", "\"\n# é"), (String(repeating: "x", count: 1024), "y")] {
            let run = try TestRun(.agent("python3", "-c", script), [.input(value, before: before, after: after)]).finish(endsInput: false)
            let count = before.utf8.count + value.count + after.utf8.count
            #expect(run.output == "\(count) \(before)[REDACTED:input]\(after) b''\n", "\(run.output)")
        }
        let long = [UInt8](repeating: UInt8(ascii: "v"), count: 300_000)
        let run = try TestRun(
            .agent("python3", "-c", "import sys; d=sys.stdin.read(); print(d[:7] + d[-6:], d.count('v'), len(d))"),
            [.input(long, before: "before ", after: " after")]
        ).finish(endsInput: false)
        #expect(run.output == "before  after 300000 300013\n", "\(run.output.prefix(200))")
    }

    @Test("what cannot be a variable is refused before anything is executed")
    func badValues() throws {
        let folder = try TemporaryFolder()
        for binding in [
            RunBinding.variable("A", "a\u{0}b"), .variable("A", String(repeating: "x", count: 128 << 10)), .variable("LD_PRELOAD", "x"),
            .variable("A B", "x"),
        ] {
            let run = try TestRun(.agent("touch", "\(folder.path)/ran"), [binding]).finish()
            guard case .failed(let failure)? = run.exit else {
                Issue.record("it ran")
                continue
            }
            #expect(failure.code.hasPrefix("injection."))
            #expect(failure.status == 125)
        }
        #expect(entries(of: folder.path).isEmpty)
        let long = try TestRun(.agent("sh", "-c", "echo ${#A}"), [.variable("A", String(repeating: "x", count: 131_069))]).finish()
        #expect(long.output == "131069\n")
    }

    @Test("arguments that are too long for the system are refused with a hint")
    func tooLarge() throws {
        var job = RunJob.agent("true")
        job.arguments += [String(repeating: "a", count: 200_000)]
        let run = try TestRun(job).finish()
        #expect(run.exit?.status == 125)
    }

    @Test("the child has no core, no inherited descriptors, default signals, its file mask, and gains no privileges")
    func child() throws {
        let script = """
            import os, resource, signal
            print(resource.getrlimit(resource.RLIMIT_CORE), sorted(os.listdir('/proc/self/fd'))[:4], len(os.listdir('/proc/self/fd')))
            status = dict(l.split(':\\t', 1) for l in open('/proc/self/status').read().splitlines() if ':\\t' in l)
            print(status['NoNewPrivs'], status['SigBlk'], os.umask(0), os.getsid(0) == os.getpid())
            """
        let run = try TestRun(.agent("python3", "-c", script)).finish()
        #expect(run.output == "(0, 0) ['0', '1', '2', '3'] 4\n1 0000000000000000 18 True\n", "\(run.errors)")
        let ignored = try TestRun(.agent("sh", "-c", "grep -E 'SigIgn' /proc/self/status")).finish()
        // 32 and 33 are glibc's own: whatever posix_spawn starts ignores them.
        #expect(ignored.output.split(separator: "\t").last == "0000000180000000\n")
    }

    @Test("bytes for standard input arrive under credit, all of them")
    func inputCredit() throws {
        let run = try TestRun(.agent("sh", "-c", "sleep 0.1; exec cksum"))
        let bytes = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        var rest = bytes[...]
        var used = 0
        while !rest.isEmpty {
            var credit = 0
            #expect(
                run.wait {
                    credit =
                        RunFrame.initialCredit - used
                        + $0.frames.reduce(0) { sum, frame in if case .stdinCredit(let n) = frame { sum + n } else { sum } }
                    return credit > 0
                })
            guard credit > 0 else { break }
            let part = Array(rest.prefix(min(credit, 10_000)))
            try run.send(.stdin(part))
            used += part.count
            rest = rest.dropFirst(part.count)
        }
        try run.finish()
        #expect(run.output.hasSuffix(" 1000000\n"))
    }

    @Test("more input than credit ends the run")
    func creditExceeded() throws {
        let run = try TestRun(.agent("sleep", "30"))
        for _ in 0..<10 { try? run.send(.stdin(Array(repeating: 1, count: 60_000))) }
        #expect(run.wait { $0.hasEnded })
        #expect(run.exit == nil)
    }

    @Test("at the time limit the group gets SIGTERM, and what ignores it is killed two seconds later")
    func timeLimit() throws {
        let polite = try TestRun(.agent("sh", "-c", "trap 'echo bye; exit 3' TERM; while :; do sleep 0.05; done", timeLimit: .milliseconds(1000)))
            .finish()
        #expect(polite.frames.contains(.timedOut))
        #expect(polite.output == "bye\n")
        #expect(polite.exit == .exited(code: 3))
        let stubborn = try TestRun(.agent("sh", "-c", "trap '' TERM; echo $$; while :; do sleep 0.05; done", timeLimit: .milliseconds(1000))).finish()
        #expect(stubborn.exit == .signaled(SIGKILL))
        #expect(stubborn.output.split(separator: "\n").compactMap { Int32($0) }.allSatisfy { !isLiving($0) })
    }

    @Test("no descendant outlives the run, in whatever session it hides")
    func stragglers() throws {
        let script = """
            sleep 300 & echo $!
            setsid sleep 301 & echo $!
            (setsid sh -c 'sleep 302 & echo $!; wait' >&1 2>/dev/null &)
            sleep 0.2
            """
        let run = try TestRun(.agent("sh", "-c", script)).finish()
        #expect(run.exit == .exited(code: 0))
        let processes = run.output.split(separator: "\n").compactMap { Int32($0) }
        #expect(processes.count == 3)
        #expect(processes.allSatisfy { !isLiving($0) })
    }

    @Test("a background process that keeps the pipe open does not keep the run open, and what it wrote arrives")
    func keptPipe() throws {
        let start = MonotonicClock.now()
        let run = try TestRun(.agent("sh", "-c", "(echo early; sleep 0.3; echo late; sleep 100) & exit 4")).finish()
        #expect(run.exit == .exited(code: 4))
        #expect(run.output == "early\nlate\n")
        #expect(MonotonicClock.now() - start < 5000)
    }

    @Test("not a byte is lost at exit: 5 MB arrive under a slow reader")
    func slowReader() throws {
        let run = try TestRun(.agent("python3", "-c", "import sys; sys.stdout.buffer.write(bytes(i % 251 for i in range(5_000_000)))"))
        try run.send(.stdinEnd)
        while run.exit == nil && !run.hasEnded {
            usleep(500)
            run.readSome(60_000)
        }
        #expect(run.stdout.count == 5_000_000)
        let bytes = run.stdout
        #expect(bytes.indices.allSatisfy { bytes[$0] == UInt8($0 % 251) })
        #expect(run.exit == .exited(code: 0))
    }

    @Test(
        "what cannot be searched for values ends an agent's stream, and the report says so; with the policy's leave it passes, and a person sees it")
    func unsearchable() throws {
        let job = RunJob.agent("sh", "-c", #"echo before; printf 'BZh91AY&'; echo after; echo beside >&2"#)
        let run = try TestRun(job, Self.packed).finish()
        #expect(run.output == "before\n" && run.errors == "beside\n")
        #expect(run.report?.output == RunOutput(withheld: [.init(stream: "stdout", reason: "compressed", bytes: 14)]))
        #expect(run.report?.unscanned == [])
        let passed = try TestRun(job, Self.packed, under: RunConditions(passesUnscanned: true)).finish()
        #expect(passed.stdout == Array("before\nBZh91AY&after\n".utf8) && passed.report?.output == nil)
        #expect(passed.report?.unscanned.count == 1, "it is said")
        let seen = try TestRun(.person("sh", "-c", "echo x | gzip -c; echo after")).finish()
        #expect(seen.stdout.suffix(6) == Array("after\n".utf8)[...] && seen.report?.output == nil)
    }

    private static let packed: [RunBinding] = [
        .variable("KEY", "CANARY-packed-6f1c9ab2e7", needle: "stripe/key"), .variable("WORD", "summer-2025", needle: "db#name"),
    ]

    @Test("compressed output without a value passes whole, in however many writes; one with a value ends the stream, which is said with its name")
    func opened() throws {
        let slow =
            "import gzip, sys, time, zlib\nfor b in gzip.compress(b'fine' * 99) + zlib.compress(b'x'): sys.stdout.buffer.write(bytes([b])); sys.stdout.flush()"
        let clean = try TestRun(.agent("sh", "-c", "echo before; python3 -c \"$1\"; echo after", "sh", slow), Self.packed).finish()
        #expect(clean.stdout.starts(with: Array("before\n".utf8) + [0x1f, 0x8b]) && clean.stdout.suffix(6) == Array("after\n".utf8)[...])
        #expect(clean.report?.output == nil && clean.report?.unscanned == [])
        for (value, name, reason) in [("KEY", "stripe/key", "compressed"), ("WORD", "db#name", "guessable")] {
            for packer in ["gzip.compress", "zlib.compress"] {
                let script = "import gzip, zlib, os, sys; sys.stdout.buffer.write(b'before ' + \(packer)(os.environb[b'\(value)'] * 9) + b' after')"
                for conditions in [RunConditions(), RunConditions(passesUnscanned: true)] {
                    let run = try TestRun(.agent("python3", "-c", script), Self.packed, under: conditions).finish()
                    let withheld = try #require(run.report?.output?.withheld.first)
                    #expect(run.output == "before " && withheld.reason == reason && withheld.secret == name && withheld.bytes > 20)
                    #expect(withheld.sentence.contains(name))
                }
            }
        }
    }

    @Test("a value that could be guessed ends an agent's stream before it, and the report names it; a person's goes on with a placeholder")
    func guessable() throws {
        let bindings: [RunBinding] = [.variable("WORD", "summer-2025", needle: "db#name")]
        let run = try TestRun(.agent("sh", "-c", "echo before; echo \"<$WORD>\"; echo after; echo beside >&2; exit 3"), bindings).finish()
        #expect(run.output == "before\n<" && run.errors == "beside\n" && run.exit == .exited(code: 3))
        #expect(run.report?.output == RunOutput(withheld: [.init(stream: "stdout", reason: "guessable", secret: "db#name", bytes: 19)]))
        #expect(run.report?.redactions == [])
        let seen = try TestRun(.person("sh", "-c", "echo $WORD"), bindings).finish()
        #expect(seen.output == "[REDACTED:db#name]\n" && seen.report?.output == nil)
    }

    @Test("an answer to a guess is told to the keeper before the output that gives it; with the last one nothing more leaves")
    func answers() throws {
        let bindings: [RunBinding] = [.variable("KEY", "CANARY-answer-6f1c9ab2e7", needle: "k")]
        let job = RunJob.agent("sh", "-c", #"printf %s "${KEY%?}"; exit 4"#)
        let run = try TestRun(job, bindings).finish()
        let told = try #require(run.frames.firstIndex(of: .answered(Array("k".utf8))))
        #expect(run.frames.filter { $0.kind == .answered }.count == 1 && run.output == "[REDACTED:k]")
        #expect(try told < #require(run.frames.firstIndex { $0.kind == .stdout }))
        let last = try TestRun(
            .agent("sh", "-c", #"printf %s "${KEY%?}"; read line; echo more; echo beside >&2"#), bindings, under: RunConditions(answersLeft: ["k": 1])
        )
        #expect(last.wait { $0.output == "[REDACTED:k]" })
        try last.finish()
        #expect(last.output == "[REDACTED:k]" && last.errors == "")
        #expect(last.report?.output?.withheld.map(\.reason) == ["fuse", "fuse"])
        let blown = try TestRun(job, bindings, under: RunConditions(answersLeft: ["k": 0])).finish()
        #expect(blown.output == "" && blown.exit == .exited(code: 4) && blown.report?.output?.withheld.map(\.reason) == ["fuse"])
        #expect(!blown.frames.contains { $0.kind == .answered })
        let whole = try TestRun(.agent("sh", "-c", "echo $KEY; echo $KEY"), bindings).finish()
        #expect(!whole.frames.contains { $0.kind == .answered }, "a whole value that nobody guesses answers nothing")
    }

    @Test("a fake token is hidden as a value is, in each form and at an edge, and answers nothing")
    func tokens() throws {
        let bindings: [RunBinding] = [
            .token("TOKEN", "sk_live_Fk9Qz2Xw7Lm4Tn8Rb3Yc6V", needle: "stripe/key"), .token("SHORT", "tok-2025", needle: "pin"),
        ]
        let run = try TestRun(
            .agent("sh", "-c", #"echo "$TOKEN"; printf %s "$TOKEN" | base64 -w 0; echo; echo "<$SHORT>"; printf %s "${TOKEN%?}""#), bindings
        ).finish()
        #expect(run.output == "[REDACTED:stripe/key]\n[REDACTED:stripe/key:base64]\n<[REDACTED:pin]>\n[REDACTED:stripe/key]")
        #expect(run.report?.output == nil && !run.frames.contains { $0.kind == .answered })
    }

    @Test("nothing leaves before the keeper has said so, and a person's output is not asked about")
    func leave() throws {
        let bindings: [RunBinding] = [.variable("KEY", "CANARY-answer-6f1c9ab2e7", needle: "k")]
        let run = try TestRun(.agent("sh", "-c", #"printf %s "${KEY%?}"; read line; echo more"#), bindings)
        run.keeperSays = { _ in nil }
        #expect(run.wait { $0.frames.contains(.mayLeave) })
        #expect(run.frames.suffix(2) == [.answered(Array("k".utf8)), .mayLeave] && run.stdout.isEmpty)
        run.keeperSays = { _ in true }
        try run.send(.leave)
        #expect(run.wait { $0.output == "[REDACTED:k]" })
        try run.finish()
        #expect(run.output == "[REDACTED:k]more\n" && run.report?.output == nil)
        #expect(try !TestRun(.person("sh", "-c", "echo on; echo $KEY"), bindings).finish().frames.contains { $0.kind.isForKeeper })
        // Whom nobody asked anything, nobody answers.
        let silent = try TestRun(.agent("sh", "-c", "read line"), bindings)
        try silent.send(.leave)
        #expect(silent.wait { $0.hasEnded } && silent.exit == nil)
    }

    @Test("what the keeper withholds leaves no trace, whether it answered a guess or not", arguments: [nil, "before; "])
    func withheld(_ first: String?) throws {
        let (key, word) = ("CANARY-answer-6f1c9ab2e7", "summer-2025")
        let guesses = [String(key.dropLast()), String(key.dropLast(2)) + "~", "a \(word) b", "a summer-2026 b"]
        var seen: [[RunFrame]] = []
        for guess in guesses {
            let bindings: [RunBinding] = [.variable("KEY", key, needle: "k"), .variable("WORD", word, needle: "w")]
            let script = (first.map { "printf '\($0)'; read line; " } ?? "") + "printf '%s' '\(guess)'; exit 4"
            let run = try TestRun(.agent("sh", "-c", script), bindings)
            var allowed = first == nil ? 0 : 1
            run.keeperSays = { _ in
                allowed -= 1
                return allowed >= 0
            }
            if let first { #expect(run.wait { $0.output == first }) }
            try run.finish()
            #expect(run.output == first ?? "" && run.errors == "" && run.exit == .exited(code: 4), "\(guess)")
            let told = run.report.map { RunReport(masked: $0.masked, redactions: $0.redactions, scannedBytes: $0.scannedBytes) }
            #expect(told == RunReport(masked: true, redactions: [], scannedBytes: first?.utf8.count ?? 0))
            #expect(run.report?.output == RunOutput(withheld: [.init(stream: "stdout", reason: "fuse", secret: nil, bytes: guess.utf8.count)]))
            seen.append(run.frames.filter { !$0.kind.isForKeeper && $0.kind != .started && $0.kind != .report && $0.kind != .stdinCredit })
        }
        #expect(seen.allSatisfy { $0 == seen[0] }, "\(seen)")
    }

    @Test("a child that nobody reads is held up, and what waits is bounded")
    func backpressure() throws {
        let folder = try TemporaryFolder()
        let script =
            "import sys\nfor i in range(400):\n sys.stdout.buffer.write(b'x' * 10000); sys.stdout.flush(); open('\(folder.path)/n', 'w').write(str(i))"
        let run = try TestRun(.agent("python3", "-c", script))
        usleep(500_000)
        let written = text(of: "\(folder.path)/n").flatMap { Int($0) } ?? 0
        #expect(written < 200, "\(written * 10_000) bytes were taken in")
        try run.finish()
        #expect(run.stdout.count == 4_000_000)
    }
}

extension TestRun {
    var report: RunReport? {
        frames.lazy.compactMap { frame -> RunReport? in
            guard case .report(let bytes) = frame else { return nil }
            return try? WireJSON.decode(RunReport.self, from: Data(bytes))
        }.first
    }
}
