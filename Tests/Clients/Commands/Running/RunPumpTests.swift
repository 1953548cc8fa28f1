import CProcess
import Glibc
import Synchronization
import TacitClient
import TacitWire
import TestKit
import Testing

@testable import Commands

/// A caller of the tests: pipes or a terminal as its streams, and signals that are told to it.
private final class Caller {
    let directory: TemporaryDirectory
    let keeper: RunKeeper
    var input: [UInt8] = []
    var inputIsTerminal = false
    private(set) var signals: [Int32] = [-1, -1]
    let suspensions = Mutex<[Int32]>([])

    /// The program blocks every signal during a run; the tests' threads share one process, in which a broken pipe must end nobody.
    private static let endureBrokenPipes: Void = { _ = Glibc.signal(SIGPIPE, SIG_IGN) }()

    init(_ script: @escaping @Sendable (RunKeeper.Run) -> Void) throws {
        Self.endureBrokenPipes
        directory = try TemporaryDirectory("tacit-pump")
        keeper = try RunKeeper(directory.path("k.sock"), script)
        guard unsafe pipe(&signals) == 0 else { throw RigFailure("no pipe") }
        _ = fcntl(signals[0], F_SETFL, O_NONBLOCK)
    }

    deinit { for end in signals { close(end) } }

    /// Tells the run that a signal came.
    func signal(_ number: Int32) { Self.signal(number, to: signals[1]) }

    static func signal(_ number: Int32, to descriptor: Int32) {
        // A signalfd_siginfo: the number, and more that nobody reads.
        Console.write(unsafe withUnsafeBytes(of: number) { unsafe Array($0) } + [UInt8](repeating: 0, count: 124), to: descriptor)
    }

    /// Carries the run with its output into files.
    func run(
        terminal: FakeTerminal? = nil, output: Int32? = nil, messagesAtTerminal: Bool = false, stdinIsTaken: Bool = false,
        concluding: Bool = false
    ) throws -> (ending: RunEnding, output: String, messages: String) {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw RigFailure("no pipe") }
        let source = input
        Threads.start { [end = ends[1]] in
            Console.write(source, to: end)
            close(end)
        }
        let files = try ["out", "err"].map { name -> Int32 in
            let file = unsafe open(directory.path(name), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
            guard file >= 0 else { throw RigFailure("no file") }
            return file
        }
        let side = terminal.map { unsafe open($0.path, O_RDWR | O_NOCTTY | O_CLOEXEC) }
        if let side { _ = tacit_set_window_size(side, 24, 100) }
        defer { for file in files + [ends[0]] + (side.map { [$0] } ?? []) { close(file) } }
        var context = CommandContext(
            environment: [:], currentDirectory: "/", home: "/",
            paths: LocalPaths(environment: [:], home: "/", userID: 0, hasUserRuntime: false), userID: 0, version: "", starter: NoKeeperStarter(),
            keeper: { _ in 0 })
        (context.input, context.output) = (side ?? ends[0], output ?? side ?? files[0])
        context.messages = messagesAtTerminal ? side ?? files[1] : files[1]
        let streams = CallerStreams(context, inputIsTaken: stdinIsTaken)
        let stream = try KeeperConnection(socketPath: keeper.path).startRun(RunRequest(argv: ["command"], terminal: streams.wire))
        let pump = RunPump(stream, streams, signals: signals[0], ignoring: [SIGHUP]) { number in self.suspensions.withLock { $0.append(number) } }
        let ending = pump.run()
        if concluding { #expect(ending.conclude(Console(context)) == ending.status) }
        return (ending, try content(files[0]), try content(files[1]))
    }

    private func content(_ file: Int32) throws -> String {
        lseek(file, 0, SEEK_SET)
        return String(decoding: try Input.readAll(file, limit: 64 << 20, naming: "stream"), as: UTF8.self)
    }
}

@Suite("A run between the caller and the keeper", .serialized)
struct RunPumpTests {
    @Test("writes both streams, in order and to the last byte, and ends as the command ended")
    func output() throws {
        let caller = try Caller { run in
            run.send(.started(process: 9), .stdout(Array("one ".utf8)), .stderr(Array("error".utf8)))
            for _ in 0..<200 { run.send(.stdout([UInt8](repeating: 0x78, count: 60_000))) }
            run.send(.stdout(Array(" two".utf8)), .report(Array("{}".utf8)), .exit(.exited(code: 7)))
        }
        let (ending, output, messages) = try caller.run()
        #expect(ending.status == 7 && ending.exit == .exited(code: 7) && ending.report == Array("{}".utf8))
        #expect(output.utf8.count == 12_000_008 && output.hasPrefix("one xx") && output.hasSuffix("x two"))
        #expect(messages == "error")
    }

    @Test("is the same however the frames are cut into chunks")
    func anyCut() throws {
        let bytes = [RunFrame.stdout(Array("abc".utf8)), .stderr(Array("def".utf8)), .exit(.signaled(15))].flatMap(\.encoded)
        for size in [1, 2, 3, 5, 7, bytes.count] {
            let caller = try Caller { run in
                for start in stride(from: 0, to: bytes.count, by: size) { run.raw(Array(bytes[start..<min(bytes.count, start + size)])) }
            }
            let (ending, output, messages) = try caller.run()
            #expect(ending.status == 143 && output == "abc" && messages == "def")
        }
    }

    @Test("sends input no faster than there is credit, and then its end")
    func credit() throws {
        let input = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let received = Mutex<[UInt8]>([])
        let overdrawn = Switch()
        let caller = try Caller { run in
            var credit = RunFrame.initialCredit
            while case .stdin(let bytes)? = run.next() {
                credit -= bytes.count
                if credit < 0 { overdrawn.turnOn() }
                received.withLock { $0 += bytes }
                if credit == 0 || bytes.count.isMultiple(of: 3) {
                    run.send(.stdinCredit(10_000))
                    credit += 10_000
                }
            }
            run.send(.exit(.exited(code: 0)))
        }
        caller.input = input
        let (ending, _, _) = try caller.run()
        #expect(ending.status == 0 && !overdrawn.isOn)
        #expect(received.withLock { $0 } == input)
    }

    @Test("leaves standard input alone when a secret is sent there")
    func takenInput() throws {
        let first = Mutex<RunFrame?>(nil)
        let caller = try Caller { run in
            run.send(.stdout([0x61]), .exit(.exited(code: 0)))
            first.withLock { $0 = run.next() }
        }
        caller.input = Array("not this".utf8)
        #expect(try caller.run(stdinIsTaken: true).ending.status == 0)
        #expect(first.withLock { $0 } == nil)
    }

    @Test("passes signals on, but not those that the caller ignores")
    func signals() throws {
        let heard = Mutex<[RunFrame]>([])
        let caller = try Caller { run in
            while let frame = run.next() {
                if frame == .stdinEnd { continue }
                heard.withLock { $0.append(frame) }
                if frame == .signal(SIGTERM) { break }
            }
            run.send(.exit(.signaled(SIGTERM)))
        }
        for number in [SIGHUP, SIGCHLD, SIGURG, SIGINT, SIGQUIT, SIGUSR1, SIGTERM] { caller.signal(number) }
        #expect(try caller.run().ending.status == 143)
        #expect(heard.withLock { $0 } == [.signal(SIGINT), .signal(SIGQUIT), .signal(SIGUSR1), .signal(SIGTERM)])
    }

    @Test("stops when the command was stopped, and lets it go on afterwards")
    func stops() throws {
        let next = Mutex<RunFrame?>(nil)
        let caller = try Caller { run in
            while run.next() != .stdinEnd {}
            run.send(.stdout(Array("before".utf8)), .stopped(signal: SIGTSTP))
            next.withLock { $0 = run.next() }
            run.send(.exit(.exited(code: 0)))
        }
        let (ending, output, _) = try caller.run()
        #expect(ending.status == 0 && output == "before")
        #expect(caller.suspensions.withLock { $0 } == [SIGTSTP])
        #expect(next.withLock { $0 } == .resume)
    }

    @Test("ends the command when nobody reads what it prints")
    func brokenPipe() throws {
        let told = Switch()
        let caller = try Caller { run in
            for _ in 0..<50 { run.send(.stdout([UInt8](repeating: 0x79, count: 60_000))) }
            while let frame = run.next() {
                guard frame == .signal(SIGPIPE) else { continue }
                told.turnOn()
                run.send(.exit(.signaled(SIGPIPE)))
            }
        }
        var ends: [Int32] = [-1, -1]
        #expect(unsafe pipe(&ends) == 0)
        close(ends[0])
        let ending = try caller.run(output: ends[1]).ending
        close(ends[1])
        #expect(told.isOn && ending.status == 141 && ending.failure == nil)
    }

    @Test("does not wait for a command that goes on although nobody reads")
    func stubbornAfterBrokenPipe() throws {
        let caller = try Caller { run in
            run.send(.stdout([UInt8](repeating: 0x79, count: 60_000)))
            while run.next() != nil {}
        }
        var ends: [Int32] = [-1, -1]
        #expect(unsafe pipe(&ends) == 0)
        close(ends[0])
        #expect(try caller.run(output: ends[1]).ending.status == 141)
        close(ends[1])
    }

    @Test("fails when the keeper ends in the middle")
    func lost() throws {
        for ending in [[], [UInt8](RunFrame.stdout([0x61]).encoded.prefix(3))] as [[UInt8]] {
            let caller = try Caller { run in
                run.send(.stdout(Array("so far".utf8)))
                if !ending.isEmpty { run.raw(ending) }
            }
            let (result, output, _) = try caller.run()
            #expect(result.status == 125 && result.failure?.code == "run.lost" && output == "so far")
        }
    }

    @Test("says that the run's broker ended before the command, whose exit code stays")
    func brokerEnded() throws {
        let told = #"{"broker_ended":true,"masked":true,"redactions":[],"scanned_bytes":0,"unscanned":[]}"#
        for (report, isTold) in [(told, true), (told.replacing(#""broker_ended":true,"#, with: ""), false)] {
            let caller = try Caller { run in
                run.send(.report(Array(report.utf8)))
                run.send(.exit(.exited(code: 3)))
            }
            let (ending, _, text) = try caller.run(concluding: true)
            #expect(ending.status == 3)
            #expect(text.contains("the broker of this run ended before the command did") == isTold && text.contains("tacit status") == isTold)
        }
    }

    @Test("fails when what comes is no run")
    func nonsense() throws {
        let caller = try Caller { run in run.raw([0xFF, 0, 0, 0, 0]) }
        #expect(try caller.run().ending.status == 125)
    }
}

@Suite("A run at a terminal", .serialized)
struct RunAtTerminalTests {
    @Test("passes keys on as they are, and leaves the terminal as it was")
    func keys() throws {
        let terminal = try FakeTerminal(("ready", "a\u{3}\u{1A}b\r"))
        let typed = Mutex<[UInt8]>([])
        let wasRaw = Switch()
        let caller = try Caller { run in
            run.send(.stdout(Array("ready".utf8)))
            while case .terminalInput(let bytes)? = run.next() {
                if !terminal.echoes { wasRaw.turnOn() }
                if typed.withLock({
                    $0 += bytes; return $0.count == 5
                }) {
                    break
                }
            }
            run.send(.exit(.exited(code: 0)))
        }
        #expect(terminal.echoes)
        let ending = try caller.run(terminal: terminal).ending
        #expect(ending.status == 0 && wasRaw.isOn && terminal.echoes)
        #expect(typed.withLock { $0 } == [0x61, 3, 0x1A, 0x62, 0x0D])
        #expect(terminal.screen == "ready")
    }

    @Test("tells the size at the start and when it changes")
    func size() throws {
        let terminal = try FakeTerminal()
        let sizes = Mutex<[RunFrame]>([])
        let caller = try Caller { run in
            if let frame = run.next() { sizes.withLock { $0.append(frame) } }
            run.send(.exit(.exited(code: Int32(run.request.firstRange(of: Array(#""columns":100"#.utf8)) == nil ? 1 : 0))))
        }
        caller.signal(SIGWINCH)
        #expect(try caller.run(terminal: terminal).ending.status == 0)
        #expect(sizes.withLock { $0 } == [.windowSize(rows: 24, columns: 100)])
    }

    @Test("gives the terminal back while it is stopped, and takes it again")
    func stop() throws {
        let terminal = try FakeTerminal()
        let caller = try Caller { run in
            run.send(.stopped(signal: SIGTSTP))
            while let frame = run.next(), frame != .resume {}
            run.send(.exit(.exited(code: terminal.echoes ? 1 : 0)))
        }
        #expect(try caller.run(terminal: terminal).ending.status == 0)
        #expect(terminal.echoes)
    }

    @Test("in a pipeline the terminal is taken when the command asks for it, and let go when it reads no more")
    func sharing() throws {
        let terminal = try FakeTerminal(("sure? ", "yes\r"))
        let file = unsafe open("/dev/null", O_WRONLY | O_CLOEXEC)
        defer { close(file) }
        let caller = try Caller { run in
            func ends(with code: Int32) { run.send(.exit(.exited(code: code))) }
            guard terminal.echoes else { return ends(with: 1) }
            run.send(.stdout(Array("not yet".utf8)), .stopped(signal: SIGTTIN))
            while let frame = run.next(), frame != .resume {}
            guard !terminal.echoes else { return ends(with: 2) }
            run.send(.stderr(Array("sure? ".utf8)))
            guard run.next() == .terminalInput(Array("yes\r".utf8)) else { return ends(with: 3) }
            run.send(.terminalFree)
            while !terminal.echoes { sched_yield() }
            ends(with: 0)
        }
        #expect(try caller.run(terminal: terminal, output: file, messagesAtTerminal: true).ending.status == 0)
        #expect(caller.suspensions.withLock { $0 } == [], "nothing else of the pipeline is stopped")
        #expect(terminal.echoes)
    }

    @Test("leaves the terminal as it was when the keeper ends in the middle")
    func lost() throws {
        let terminal = try FakeTerminal()
        let caller = try Caller { _ in }
        #expect(try caller.run(terminal: terminal).ending.status == 125)
        #expect(terminal.echoes)
    }
}
