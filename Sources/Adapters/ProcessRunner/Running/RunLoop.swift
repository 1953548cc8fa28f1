import CProcess
import Glibc
import Model
import Redaction
import TacitWire

/// One run from its first byte to its last: waits for the child, the keeper and the clock, and never holds more than a few buffers.
@safe
final class RunLoop {
    /// No more is read from the child while this much waits to be sent.
    static let highWater = 128 << 10

    let job: RunJob
    let child: StartedRun
    let sandbox: Sandbox?
    let missing: SandboxMissing?
    let directories: RunDirectories
    /// The copy that the child works in; nil where it works in the directory itself.
    let copied: CopiedWork?
    /// What is looked for in files that leave.
    let needles: NeedleSet
    /// What waits for the keeper; nil for a person, whom nothing is kept from.
    let departures: Departures?
    let opener: any MemberOpener
    let control: Int32
    private let signals: Int32
    private let readBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
    private var decoder = RunFrameDecoder(from: .keeper)

    let outputs: [OutputStream]
    var input: InputQueue
    var terminalInput: InputQueue
    /// The child's terminal, when the caller's has other readers.
    var shared: SharedTerminal?
    /// A stop of the child that the client has not been told of.
    var stop: Stop?
    /// Whether the child was stopped because it asked for its terminal.
    var asksForTerminal = false
    var outgoing: [UInt8] = []
    private var sent = 0
    /// The keeper's end is closed: nobody is interested any more.
    var isAbandoned = false
    /// How the child ended; nil while it runs.
    var ended: RunExit?
    var hasTimedOut = false
    var deadlines = Deadlines()

    struct Stop {
        /// How long nothing must have come from the child, in milliseconds: a terminal passes on a little later what is written to it.
        static let calm: Int64 = 10

        /// How long it may take, in milliseconds: somebody else may go on printing.
        static let limit: Int64 = 500

        let signal: Int32
        var toldAt: Int64
        let latest: Int64

        init(signal: Int32, since now: Int64) {
            self.signal = signal
            (toldAt, latest) = (now + Self.calm, now + Self.limit)
        }
    }

    /// When something happens by itself, in milliseconds of `MonotonicClock`.
    struct Deadlines {
        /// The run's time limit.
        var limit: Int64?
        /// The end of the two seconds between SIGTERM and SIGKILL.
        var kill: Int64?
        /// The end of the wait for streams that outlive the child.
        var drain: Int64?
    }

    init(_ child: StartedRun, intake: RunnerIntake, control: Int32, signals: Int32) {
        job = intake.job
        self.child = child
        (sandbox, missing) = (intake.sandbox, intake.missing)
        self.control = control
        self.signals = signals
        (directories, copied, opener) = (intake.directories, intake.copied, intake.opener)
        needles = NeedleSet(
            intake.bindings.compactMap { binding in binding.needleName.map { Needle(name: $0, value: binding.value, isToken: binding.isToken) } })
        departures = intake.job.asker == .agent ? Departures(AnswerBook(left: intake.conditions.answersLeft)) : nil
        outputs = Self.outputs(of: child, intake, needles, departures)
        input = InputQueue(child.input)
        terminalInput = InputQueue(child.terminal)
        if intake.terminal?.isShared == true { shared = SharedTerminal(child.programSide, of: child.process, beside: intake.sandbox?.first) }
        if let only = intake.bindings.first(where: { $0.target == .standardInput }) { input.send(only: only.value, in: only.text) }
        deadlines.limit = job.timeLimit.map { MonotonicClock.now() + max(1, $0.wholeNanoseconds / 1_000_000) }
    }

    private static func outputs(of child: StartedRun, _ intake: RunnerIntake, _ needles: NeedleSet, _ departures: Departures?) -> [OutputStream] {
        let job = intake.job
        var sources = child.outputs
        if let terminal = child.terminal {
            sources.append((fcntl(terminal, F_DUPFD_CLOEXEC, 3), job.terminal?.output == true ? .stdout : .stderr))
        }
        return sources.map { descriptor, kind in
            let filter: OutputFilter = job.masksOutput ? .redacting(intake.redactor(needles, departures?.answers)) : .open
            return OutputStream(descriptor, kind, filter, isForAgent: job.asker == .agent, departures: departures)
        }
    }

    deinit { unsafe readBuffer.deallocate() }

    /// Runs to the end; false when nobody is interested in it any more.
    func run() -> Bool {
        RunFrame.started(process: child.process).encode(into: &outgoing)
        while !isAbandoned && !isOver { turn() }
        if isAbandoned { return abandon() }
        tacit_end_in(Self.turnTime)
        conclude()
        tacit_end_in(0)
        while !isAbandoned && sent < outgoing.count { turn() }
        return !isAbandoned
    }

    /// The last frame.
    var exit: RunFrame { .exit(ended ?? .exited(code: 125)) }

    private var isOver: Bool { ended != nil && outputs.allSatisfy { $0.descriptor == nil } }

    private enum Source {
        case control, signals, input, terminalInput
        case output(Int)
    }

    private func turn() {
        var sources: [Source] = [.control, .signals]
        var watched = [watch(control, POLLIN | (sent < outgoing.count ? POLLOUT : 0)), watch(signals, POLLIN)]
        func add(_ source: Source, _ descriptor: Int32?, _ events: Int32) {
            guard let descriptor else { return }
            sources.append(source)
            watched.append(watch(descriptor, events))
        }
        if input.hasWork { add(.input, input.descriptor, POLLOUT) }
        if terminalInput.hasWork { add(.terminalInput, terminalInput.descriptor, POLLOUT) }
        if outgoing.count - sent + (departures?.byteCount ?? 0) < Self.highWater {
            for index in outputs.indices where !outputs[index].isBehind { add(.output(index), outputs[index].descriptor, POLLIN) }
        }
        unsafe poll(&watched, nfds_t(watched.count), timeout())
        tacit_end_in(Self.turnTime)
        let now = MonotonicClock.now()
        for (source, entry) in zip(sources, watched) where entry.revents != 0 { serve(source, entry.revents, now) }
        for output in outputs where output.isBehind { output.catchUp(now) }
        serveClock(now)
        giveCredit()
        send()
        tacit_end_in(0)
    }

    private func serve(_ source: Source, _ events: Int16, _ now: Int64) {
        switch source {
        case .control: if events != Int16(POLLOUT) { receive() }
        case .signals: serveSignals(signals)
        case .input: input.write()
        case .terminalInput: terminalInput.write()
        case .output(let index): unsafe outputs[index].read(with: readBuffer, into: &outgoing, now: now)
        }
    }

    /// Reads frames of the client.
    private func receive() {
        let count = unsafe recv(control, readBuffer.baseAddress, readBuffer.count, Int32(MSG_DONTWAIT))
        if count < 0 && (errno == EAGAIN || errno == EINTR) { return }
        guard count > 0 else { return isAbandoned = true }
        unsafe decoder.append(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(readBuffer)[..<count]))
        do throws(RunFrameError) {
            while let frame = try decoder.next() { isAbandoned = isAbandoned || !obey(frame) }
        } catch {
            isAbandoned = true
        }
    }

    /// Sends what waits, as much as the keeper takes now.
    func send() {
        guard sent < outgoing.count else { return }
        let count = unsafe outgoing.withUnsafeBytes { buffer in
            unsafe Glibc.send(
                control, buffer.baseAddress.map { unsafe $0 + sent }, buffer.count - sent,
                Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
        }
        if count < 0 {
            isAbandoned = isAbandoned || (errno != EAGAIN && errno != EINTR)
            return
        }
        sent += count
        guard sent == outgoing.count else { return }
        outgoing.removeAll(keepingCapacity: true)
        sent = 0
    }

    /// Waits until the keeper has said of all that was judged whether it may leave. Meanwhile nobody else waits: the child has ended.
    func awaitLeave() {
        while !isAbandoned, departures?.isWaiting == true {
            tacit_end_in(Self.turnTime)
            var watched = [watch(control, POLLIN | (sent < outgoing.count ? POLLOUT : 0))]
            guard unsafe poll(&watched, 1, 1000) > 0 else { continue }
            if watched[0].revents != Int16(POLLOUT) { receive() }
            send()
        }
    }

    private func giveCredit() {
        if input.owedCredit > 0 { RunFrame.stdinCredit(input.takeCredit()).encode(into: &outgoing) }
        if terminalInput.owedCredit > 0 { RunFrame.terminalCredit(terminalInput.takeCredit()).encode(into: &outgoing) }
    }

    /// Milliseconds until something happens by itself; -1 for never.
    private func timeout() -> Int32 {
        let times =
            [deadlines.limit, deadlines.kill, deadlines.drain, shared?.lookAt, stop?.toldAt].compactMap(\.self) + outputs.compactMap(\.idleAt)
        if outputs.contains(where: \.isBehind) { return 0 }
        guard let next = times.min() else { return -1 }
        return Int32(clamping: max(0, next - MonotonicClock.now()))
    }

    private func watch(_ descriptor: Int32, _ events: Int32) -> pollfd {
        pollfd(fd: descriptor, events: Int16(truncatingIfNeeded: events), revents: 0)
    }
}
