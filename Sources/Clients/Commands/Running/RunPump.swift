import CProcess
import Glibc
import TacitClient
import TacitWire

/// Carries a run between the caller's streams and the keeper, in one loop over `poll`: no thread, no task.
@safe
final class RunPump {
    /// No more is taken from the keeper while this much waits to be written.
    static let highWater = 256 << 10
    /// How long a command may go on after nobody reads its output, in milliseconds.
    static let brokenPipeGrace: Int64 = 1000

    private let stream: RunStream
    private let signals: Int32
    private let suspend: (Int32) -> Void
    private let ignored: Set<Int32>
    private var terminal: CallerTerminal?
    /// Standard input, unless it is the terminal.
    private var input: Int32?
    private var outputs: [OutputSink]
    private var inputCredit = RunFrame.initialCredit
    private var terminalCredit = RunFrame.initialCredit
    private var giveUpAt: Int64?
    private var ending = RunEnding()

    init(
        _ stream: RunStream, _ streams: CallerStreams, signals: Int32, ignoring ignored: Set<Int32> = [],
        suspend: @escaping (Int32) -> Void = Suspension.suspend
    ) {
        self.stream = stream
        self.signals = signals
        self.ignored = ignored
        self.suspend = suspend
        terminal = streams.terminal
        input = streams.pipedInput
        outputs = [OutputSink(streams.output), OutputSink(streams.messages)]
    }

    /// Carries the run to its end.
    func run() -> RunEnding {
        defer { terminal?.restore() }
        terminal?.take()
        do throws(ClientError) {
            while !isOver { try turn() }
        } catch {
            // Whatever broke, the run is over: its end is missing, and the exit code says so.
        }
        return ending
    }

    private var isOver: Bool {
        if let time = giveUpAt, time <= Clock.milliseconds() { return true }
        return (ending.exit != nil || stream.isAtEnd) && outputs.allSatisfy { $0.backlog == 0 }
    }

    private enum Source {
        case keeper, signals, input, terminal
        case output(Int)
    }

    private func turn() throws(ClientError) {
        var sources: [Source] = []
        var watched: [pollfd] = []
        func watch(_ source: Source, _ descriptor: Int32, _ events: Int32) {
            guard events != 0 else { return }
            sources.append(source)
            watched.append(pollfd(fd: descriptor, events: Int16(truncatingIfNeeded: events), revents: 0))
        }
        let takesFrames = ending.exit == nil && !stream.isAtEnd && outputs.reduce(0) { $0 + $1.backlog } < Self.highWater
        watch(.keeper, stream.descriptor, (takesFrames ? POLLIN : 0) | (stream.hasUnsent ? POLLOUT : 0))
        watch(.signals, signals, POLLIN)
        if let input, inputCredit > 0, !stream.hasUnsent { watch(.input, input, POLLIN) }
        if let terminal, terminal.isRaw, terminalCredit > 0 { watch(.terminal, terminal.descriptor, POLLIN) }
        for (index, output) in outputs.enumerated() where output.backlog > 0 { watch(.output(index), output.descriptor, POLLOUT) }
        let isReady = takesFrames && stream.hasBuffered
        unsafe poll(&watched, nfds_t(watched.count), isReady ? 0 : timeout)
        if isReady { try takeFrames() }
        for (source, entry) in zip(sources, watched) where entry.revents != 0 { try serve(source, entry.revents) }
        terminal?.take()
    }

    /// Milliseconds until something happens by itself; -1 for never.
    private var timeout: Int32 {
        if let giveUpAt { return Int32(clamping: max(0, giveUpAt - Clock.milliseconds())) }
        return terminal?.isAwaited == true ? CallerTerminal.lookEvery : -1
    }

    private func serve(_ source: Source, _ events: Int16) throws(ClientError) {
        switch source {
        case .keeper:
            stream.flush()
            if events != Int16(POLLOUT) { try takeFrames() }
        case .signals: try serveSignals()
        case .input: readInput()
        case .terminal: readTerminal()
        case .output(let index): write { $0[index].write() }
        }
    }
}

// MARK: - From the keeper

extension RunPump {
    private func takeFrames() throws(ClientError) {
        for frame in try stream.receive() { take(frame) }
    }

    private func take(_ frame: RunFrame) {
        switch frame {
        case .stdout(let bytes): write { $0[0].take(bytes) }
        case .stderr(let bytes): write { $0[1].take(bytes) }
        case .stdinCredit(let count): inputCredit += count
        case .terminalCredit(let count): terminalCredit += count
        case .stopped(let signal): stopped(signal)
        case .terminalFree: terminal?.letGo()
        case .timedOut: ending.hasTimedOut = true
        case .report(let bytes): ending.report = bytes
        case .exit(let exit): ending.exit = exit
        default: break
        }
    }

    /// Writes; when nobody reads any more, the command is told as a pipe would tell it, and is not waited for long.
    private func write(_ body: (inout [OutputSink]) -> Void) {
        body(&outputs)
        guard ending.outputError == 0, let error = outputs.lazy.map(\.error).first(where: { $0 != 0 }) else { return }
        ending.outputError = error
        giveUpAt = Clock.milliseconds() + Self.brokenPipeGrace
        stream.send(.signal(error == EPIPE ? SIGPIPE : error == EIO ? SIGHUP : SIGTERM))
    }

    /// The command was stopped. It asked for the shared terminal; or this process stops as well, and when it goes on, so does the command.
    private func stopped(_ signal: Int32) {
        drain()
        let asksForTerminal = signal == SIGTTIN || signal == SIGTTOU
        if asksForTerminal, let terminal, terminal.isShared, terminal.isInFront {
            terminal.want()
        } else {
            terminal?.restore()
            suspend(signal)
            if asksForTerminal { terminal?.want() }
        }
        terminal?.take()
        sendSize()
        stream.send(.resume)
    }

    /// Shows what was printed before a stop, as far as it is read within a moment.
    private func drain() {
        let deadline = Clock.milliseconds() + 500
        while let index = outputs.firstIndex(where: { $0.backlog > 0 }), Clock.milliseconds() < deadline {
            var ready = pollfd(fd: outputs[index].descriptor, events: Int16(POLLOUT), revents: 0)
            unsafe poll(&ready, 1, 100)
            outputs[index].write()
        }
    }
}

// MARK: - To the keeper

extension RunPump {
    private func readInput() {
        guard let input, let bytes = Stream.read(input, atMost: min(inputCredit, RunFrame.maximumPayload)) else { return }
        inputCredit -= bytes.count
        if bytes.isEmpty { self.input = nil }
        stream.send(bytes.isEmpty ? .stdinEnd : .stdin(bytes))
    }

    private func readTerminal() {
        guard let bytes = terminal?.read(atMost: min(terminalCredit, 4096)) else { return }
        terminalCredit -= bytes.count
        if !bytes.isEmpty { return stream.send(.terminalInput(bytes)) }
        // The terminal was closed.
        terminal = nil
        stream.send(.signal(SIGHUP))
    }

    private func serveSignals() throws(ClientError) {
        while case let number = tacit_next_signal(signals), number != 0 {
            switch number {
            case SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGTSTP:
                if ignored.contains(number) { continue }
                // A keeper that takes nothing would leave nobody to obey.
                guard !stream.hasUnsent else { throw .brokenOff }
                stream.send(.signal(number))
            case SIGWINCH: sendSize()
            default: continue
            }
        }
    }

    private func sendSize() {
        if let size = terminal?.size { stream.send(.windowSize(rows: size.rows, columns: size.columns)) }
    }
}

/// Time that only goes forward.
private enum Clock {
    static func milliseconds() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
