import CProcess
import Glibc
import TacitWire
import Testing

@testable import ProcessRunner

@Suite("A terminal that is shared with a pipeline")
struct SharedTerminalTests {
    /// As in `tacit run … | less`.
    private let terminal = RunTerminal(rows: 24, columns: 80, input: true, output: false, error: true, term: "xterm")

    private func stops(_ run: TestRun) -> [Int32] {
        run.frames.compactMap { if case .stopped(let signal) = $0 { signal } else { nil } }
    }

    /// A gate: who reads its path waits until it is opened.
    private func gate(in folder: TemporaryFolder) throws -> String {
        let path = "\(folder.path)/gate"
        try #require(unsafe mkfifo(path, 0o600) == 0)
        return path
    }

    /// Lets go on who waits at the gate.
    private func open(_ gate: String) { close(unsafe Glibc.open(gate, O_WRONLY | O_CLOEXEC)) }

    @Test("the child begins in the background, where it may print; reading stops it, and resume brings it to the front")
    func asking() throws {
        let script = "ps -o tpgid=,pgid= -p $$; printf 'sure? ' >&2; read x; ps -o tpgid=,pgid= -p $$; echo got $x"
        let run = try TestRun(.person("sh", "-c", script, terminal: terminal))
        #expect(run.wait { !stops($0).isEmpty })
        #expect(run.errors == "sure? " && stops(run) == [SIGTTIN])
        try run.send(.resume, .terminalInput(Array("yes\r".utf8)))
        try run.finish(endsInput: false)
        #expect(run.exit == .exited(code: 0))
        let lines = run.output.split(separator: "\n").map { $0.split(separator: " ") }
        try #require(lines.count == 3)
        #expect(lines[0][0] != lines[0][1], "in the background")
        #expect(lines[1][0] == lines[1][1], "in front")
        #expect(lines[2] == ["got", "yes"])
    }

    @Test("changing the terminal's modes is asking, too")
    func modes() throws {
        let run = try TestRun(.person("python3", "-c", "import getpass; print(len(getpass.getpass('secret: ')))", terminal: terminal))
        #expect(run.wait { !stops($0).isEmpty })
        #expect(stops(run) == [SIGTTOU])
        try run.send(.resume)
        #expect(run.wait { $0.errors.contains("secret: ") })
        try run.send(.terminalInput(Array("unseen\r".utf8)))
        try run.finish(endsInput: false)
        #expect(run.output == "6\n" && !run.errors.contains("unseen"))
    }

    @Test(
        "a child that was answered and does something else gives the terminal back, and asks again when it reads again",
        arguments: ["read x; echo $x", "stty -echo; read x; stty echo; echo $x"])
    func givingBack(_ question: String) throws {
        let folder = try TemporaryFolder()
        let gate = try gate(in: folder)
        let run = try TestRun(.person("sh", "-c", "\(question); cat <\(gate); \(question)", terminal: terminal))
        for answer in ["one", "two"] {
            let asked = stops(run).count
            #expect(run.wait { stops($0).count == asked + 1 })
            try run.send(.resume, .terminalInput(Array("\(answer)\r".utf8)))
            guard answer == "one" else { break }
            #expect(run.wait { $0.frames.contains(.terminalFree) })
            #expect(run.output == "one\n")
            open(gate)
        }
        try run.finish(endsInput: false)
        #expect(run.output == "one\ntwo\n" && run.exit == .exited(code: 0))
    }

    @Test("a child that goes on reading keeps the terminal")
    func keeping() throws {
        let run = try TestRun(.person("sh", "-c", "read x; echo $x; read x; echo $x; read x; echo $x", terminal: terminal))
        #expect(run.wait { !stops($0).isEmpty })
        try run.send(.resume)
        for line in 1...3 {
            try run.send(.terminalInput(Array("\(line)\r".utf8)))
            #expect(run.wait { $0.output.hasSuffix("\(line)\n") })
        }
        try run.finish(endsInput: false)
        #expect(run.output == "1\n2\n3\n" && stops(run) == [SIGTTIN] && !run.frames.contains(.terminalFree))
    }

    @Test("signals and sizes reach the child in the background; one that is stopped by hand stays there")
    func signals() throws {
        let script =
            "exec 3<>\"$0\"; trap 'echo int' INT; trap 'echo winch' WINCH; echo ready; while ! read -t 0.05 x <&3; do :; done; read x; echo $x"
        let folder = try TemporaryFolder()
        let gate = try gate(in: folder)
        let run = try TestRun(.person("bash", "-c", script, gate, terminal: terminal))
        #expect(run.wait { $0.output == "ready\n" })
        try run.send(.signal(SIGINT))
        #expect(run.wait { $0.output == "ready\nint\n" })
        try run.send(.windowSize(rows: 24, columns: 80), .windowSize(rows: 25, columns: 80))
        #expect(run.wait { $0.output.contains("winch\n") })
        try run.send(.signal(SIGTSTP))
        #expect(run.wait { stops($0) == [SIGTSTP] })
        try run.send(.resume)
        let end = unsafe Glibc.open(gate, O_WRONLY | O_CLOEXEC)
        #expect(unsafe write(end, "\n", 1) == 1)
        close(end)
        #expect(run.wait { stops($0) == [SIGTSTP, SIGTTIN] })
        try run.send(.resume, .terminalInput(Array("end\r".utf8)))
        try run.finish(endsInput: false)
        #expect(run.output == "ready\nint\nwinch\nend\n" && run.exit == .exited(code: 0))
    }

    @Test("through /dev/tty, when its input is a pipe")
    func pipedInput() throws {
        let terminal = RunTerminal(rows: 24, columns: 80, input: false, output: true, error: true)
        let run = try TestRun(.person("sh", "-c", "cat; read x </dev/tty; echo $x", terminal: terminal))
        try run.send(.stdin(Array("piped\n".utf8)), .stdinEnd)
        #expect(run.wait { stops($0) == [SIGTTIN] })
        try run.send(.resume, .terminalInput(Array("typed\r".utf8)))
        try run.finish(endsInput: false)
        #expect(run.output == "piped\r\ntyped\r\ntyped\r\n")
    }

    @Test("who waits for input, or would not be stopped, holds its terminal")
    func holders() throws {
        let whole = RunTerminal(rows: 24, columns: 80, input: true, output: true, error: true)
        let table: [(words: [String], holds: Int32)] = [
            (["sh", "-c", "echo ready; exec sleep 100"], 0), (["sh", "-c", "cat | cat"], 1), (["cat"], 1), (["cat", "/dev/tty"], 1),
            (["python3", "-c", "import select; select.select([0], [], [])"], 1),
            (["python3", "-c", "import select; e = select.epoll(); e.register(0, select.EPOLLIN); e.poll()"], 1),
            (["python3", "-c", "import signal, time; signal.signal(signal.SIGTTIN, signal.SIG_IGN); time.sleep(100)"], 1),
            (["python3", "-c", "import os; print('ready', flush=True); a, b = os.pipe(); os.read(a, 1)"], 0),
        ]
        for row in table {
            var job = RunJob.person("x", terminal: whole)
            job.arguments = row.words
            let run = try TestRun(job)
            #expect(run.wait { $0.process != nil })
            let process = try #require(run.process)
            // Its terminal, as another process names it.
            let side = unsafe Glibc.open("/proc/\(process)/fd/0", O_RDWR | O_NOCTTY | O_CLOEXEC)
            defer { close(side) }
            func holds() -> Int32 {
                tacit_holds_terminal(process, side) == 1 || children(process).contains { tacit_holds_terminal($0, side) == 1 } ? 1 : 0
            }
            if row.holds == 0 {
                #expect(run.wait { $0.output.contains("ready") })
                #expect(eventually { text(of: "/proc/\(process)/syscall")?.hasPrefix("running") == false })
            }
            #expect(eventually { holds() == row.holds }, "\(row.words)")
        }
    }

    private func children(_ process: Int32) -> [Int32] {
        unsafe [Int32](unsafeUninitializedCapacity: 64) { buffer, count in
            count = Int(max(0, unsafe tacit_children(process, buffer.baseAddress, 64)))
        }
    }
}
