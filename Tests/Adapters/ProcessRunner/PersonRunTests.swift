import Glibc
import Model
import TacitWire
import Testing

@testable import ProcessRunner

@Suite("A person's run")
struct PersonRunTests {
    private func terminal(input: Bool = true, output: Bool = true, error: Bool = true) -> RunTerminal {
        RunTerminal(rows: 33, columns: 99, input: input, output: output, error: error, term: "xterm-256color")
    }

    @Test("the child has a terminal of the caller's size and type, and is its foreground group")
    func isTerminal() throws {
        let script = "test -t 0 && test -t 1 && test -t 2 && stty size && echo $TERM && tty && ps -o tpgid=,pgid= -p $$"
        let run = try TestRun(.person("sh", "-c", script, terminal: terminal())).finish(endsInput: false)
        let lines = run.output.split(whereSeparator: \.isNewline).map(String.init)
        #expect(lines.first == "33 99", "\(run.output)")
        #expect(lines.dropFirst().first == "xterm-256color")
        #expect(lines.dropFirst(2).first?.hasPrefix("/dev/pts/") == true)
        let groups = lines.last?.split(separator: " ") ?? []
        #expect(groups.count == 2 && groups.first == groups.last)
        #expect(run.exit == .exited(code: 0))
    }

    @Test("the child's terminal begins with the modes of the caller's")
    func modes() throws {
        var terminal = terminal()
        // Echo is off, and X ends a line's input: cooked modes otherwise, as Linux has them.
        let characters: [UInt8] = [3, 28, 8, 21, 0x58, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0, 0, 0]
        terminal.modes = RunTerminalModes(input: 0x4500, output: 5, local: 0x8A33, characters: characters)
        let run = try TestRun(.person("sh", "-c", "stty -a; echo whole; cat", terminal: terminal))
        #expect(run.wait { $0.output.hasSuffix("whole\r\n") })
        #expect(run.output.contains("erase = ^H") && run.output.contains("eof = X") && run.output.contains("iutf8"), "\(run.output)")
        #expect(run.output.split(whereSeparator: \.isWhitespace).contains("-echo"))
        let before = run.output
        try run.send(.terminalInput(Array("abc\u{8}d\rX".utf8)))
        try run.finish(endsInput: false)
        #expect(run.output == before + "abd\r\n")
    }

    @Test("streams that are pipes stay pipes, beside a terminal on the others")
    func mixedStreams() throws {
        let script =
            "test -t 0 || echo in-pipe; test -t 1 || echo out-pipe; test -t 2 && echo err-tty >&2; echo typed >/dev/tty; read line; echo got $line"
        let run = try TestRun(.person("sh", "-c", script, terminal: terminal(input: false, output: false)))
        try run.send(.stdin(Array("hello\n".utf8)), .stdinEnd)
        try run.finish(endsInput: false)
        #expect(run.output == "in-pipe\nout-pipe\ngot hello\n")
        #expect(run.errors == "err-tty\r\ntyped\r\n")
    }

    @Test("what is typed arrives, is echoed, and a known value in the echo is redacted")
    func typing() throws {
        let run = try TestRun(
            .person("sh", "-c", "read line; echo \"<$line>\"", terminal: terminal()), [.variable("KEY", "CANARY-typed-19ab77", needle: "key")])
        #expect(run.wait { $0.process != nil })
        try run.send(.terminalInput(Array("CANARY-typed-19ab77\r".utf8)))
        try run.finish(endsInput: false)
        #expect(run.output == "[REDACTED:key]\r\n<[REDACTED:key]>\r\n")
    }

    @Test("a prompt without a line end appears though the child waits")
    func prompt() throws {
        let run = try TestRun(
            .person("sh", "-c", "printf 'CANA? '; read answer; echo done", terminal: terminal()),
            [.variable("KEY", "CANARY-prompt-5512", needle: "key")])
        #expect(run.wait { $0.output == "CANA? " })
        try run.send(.terminalInput([13]))
        try run.finish(endsInput: false)
        #expect(run.output.hasSuffix("done\r\n"))
    }

    @Test("Ctrl-C interrupts the foreground, and the exit code is the child's")
    func interrupt() throws {
        let run = try TestRun(.person("sh", "-c", "trap 'echo caught; exit 9' INT; echo ready; while :; do sleep 0.05; done", terminal: terminal()))
        #expect(run.wait { $0.output.contains("ready") })
        try run.send(.terminalInput([3]))
        try run.finish(endsInput: false)
        #expect(run.output.contains("caught"))
        #expect(run.exit == .exited(code: 9))
        let killed = try TestRun(.person("sh", "-c", "echo ready; exec sleep 100", terminal: terminal()))
        #expect(killed.wait { $0.output.contains("ready") })
        try killed.send(.terminalInput([3]))
        try killed.finish(endsInput: false)
        #expect(killed.exit == .signaled(SIGINT))
    }

    @Test("Ctrl-Z stops the child, which goes on after resume")
    func stopAndResume() throws {
        let run = try TestRun(.person("sh", "-c", "echo ready; read line; echo $line", terminal: terminal()))
        #expect(run.wait { $0.output.contains("ready") })
        try run.send(.terminalInput([26]))
        #expect(run.wait { $0.frames.contains(.stopped(signal: SIGTSTP)) })
        try run.send(.resume, .terminalInput(Array("on\r".utf8)))
        try run.finish(endsInput: false)
        #expect(run.output.hasSuffix("on\r\n"))
        #expect(run.exit == .exited(code: 0))
    }

    @Test("what was printed before a stop is told before the stop, and is not held back", arguments: [true, false])
    func outputBeforeStop(_ hasTerminal: Bool) throws {
        // The end could begin the value: without the stop it would be held back for a while.
        let run = try TestRun(
            .person(
                "sh", "-c", "head -c 100000 /dev/zero | tr '\\0' x; printf CANARY-; kill -STOP $$; echo on", terminal: hasTerminal ? terminal() : nil),
            [.variable("KEY", "CANARY-stop-77120c", needle: "key")])
        #expect(run.wait { $0.frames.contains(.stopped(signal: SIGSTOP)) })
        #expect(run.stdout.count == 100_007 && run.output.hasSuffix("CANARY-"))
        try run.send(.resume)
        try run.finish(endsInput: false)
        #expect(run.output.contains("CANARY-on"))
    }

    @Test("without a terminal too, a stop is passed on and reported")
    func stopWithoutTerminal() throws {
        let run = try TestRun(.person("sh", "-c", "echo ready; read line; echo $line"))
        #expect(run.wait { $0.output.contains("ready") })
        try run.send(.signal(SIGTSTP))
        #expect(run.wait { $0.frames.contains(.stopped(signal: SIGSTOP)) })
        try run.send(.resume, .stdin(Array("on\n".utf8)))
        try run.finish()
        #expect(run.output == "ready\non\n")
    }

    @Test("a new window size arrives")
    func resize() throws {
        let run = try TestRun(.person("bash", "-c", "trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.05; done", terminal: terminal()))
        #expect(run.wait { $0.output.contains("ready") })
        try run.send(.windowSize(rows: 11, columns: 22))
        try run.finish(endsInput: false)
        #expect(run.output.hasSuffix("11 22\r\n"))
    }

    @Test("an interactive shell has job control of its own")
    func shell() throws {
        let run = try TestRun(.person("bash", "--norc", "-i", terminal: terminal()))
        #expect(run.wait { $0.output.contains("$ ") || $0.output.contains("# ") })
        try run.send(.terminalInput(Array("sleep 100\r".utf8)))
        usleep(300_000)
        try run.send(.terminalInput([26]))
        #expect(run.wait { $0.output.contains("Stopped") }, "\(run.output)")
        try run.send(.terminalInput(Array("kill %1; exit 5\r".utf8)))
        #expect(run.wait(seconds: 5) { $0.exit != nil || $0.output.contains("There are stopped jobs") })
        if run.exit == nil { try run.send(.terminalInput(Array("exit 5\r".utf8))) }
        try run.finish(endsInput: false)
        #expect(run.exit == .exited(code: 5))
    }

    @Test("signals are passed on to the group")
    func signals() throws {
        let run = try TestRun(.person("sh", "-c", "trap 'echo hup; exit 4' HUP; echo ready; while :; do sleep 0.05; done"))
        #expect(run.wait { $0.output.contains("ready") })
        try run.send(.signal(SIGHUP))
        try run.finish()
        #expect(run.output == "ready\nhup\n")
        #expect(run.exit == .exited(code: 4))
    }

    @Test("a background process that the person started stays")
    func daemon() throws {
        let run = try TestRun(.person("sh", "-c", "setsid sleep 50 >/dev/null 2>&1 </dev/null & echo $!")).finish()
        let process = try #require(run.output.split(separator: "\n").first.flatMap { Int32($0) })
        #expect(isLiving(process))
        kill(process, SIGKILL)
    }

    @Test("a run that took too long leaves nobody, though the person started it")
    func timeLimit() throws {
        let run = try TestRun(.person("sh", "-c", "setsid sleep 51 & echo $!; wait", timeLimit: .milliseconds(1000))).finish()
        #expect(run.frames.contains(.timedOut) && run.exit == .signaled(SIGTERM))
        #expect(try !isLiving(#require(Int32(run.output.dropLast()))))
    }

    @Test("output passes as it is when the person asked for that")
    func unmasked() throws {
        let run = try TestRun(.person("sh", "-c", "echo $KEY", masksOutput: false), [.variable("KEY", "CANARY-open-1", needle: "key")]).finish()
        #expect(run.output == "CANARY-open-1\n")
        #expect(run.report == RunReport(masked: false))
    }

    @Test("a value for standard input takes the terminal's place there only")
    func valueAndTerminal() throws {
        let run = try TestRun(
            .person("sh", "-c", "test -t 0 || echo pipe; test -t 1 && echo tty; cat | wc -c", terminal: terminal()), [.input(Array("CANARY-in".utf8))]
        ).finish(endsInput: false)
        #expect(run.output == "pipe\r\ntty\r\n9\r\n")
    }

    @Test("what was printed last before the end arrives, on a terminal too")
    func lastBytes() throws {
        for _ in 0..<10 {
            let run = try TestRun(.person("python3", "-c", "print('x' * 50000 + 'END')", terminal: terminal())).finish(endsInput: false)
            #expect(run.output.count(where: { $0 == "x" }) == 50_000)
            #expect(run.output.contains("END"))
        }
    }
}
