import CProcess
import Glibc
import TacitWire

/// What the loop does to the child and hears of it.
extension RunLoop {
    /// How long streams that outlive the child are waited for, in milliseconds.
    static var drainTime: Int64 { 1000 }
    /// The time between SIGTERM and SIGKILL when the time limit was reached.
    static var stopTime: Int64 { 2000 }
    /// The same when nobody is interested in the run any more.
    static var abandonTime: Int64 { 200 }
    /// After how many seconds without a look at the keeper and the clock the kernel ends this process, and the spawner what it leaves. Each look comes after a
    /// fraction of it, whatever is judged.
    static var turnTime: UInt32 { 20 }
    /// How long killing may take.
    static var killTime: Int64 { 2000 }

    /// Does what the client's frame says; false when it breaks the rules.
    func obey(_ frame: RunFrame) -> Bool {
        switch frame {
        case .stdin(let bytes): return input.append(bytes)
        case .stdinEnd: input.end()
        case .terminalInput(let bytes):
            shared?.type()
            return terminalInput.append(bytes)
        case .windowSize(let rows, let columns): resize(rows, columns)
        case .signal(let number): forward(number)
        case .resume: letGoOn()
        case .leave, .withhold, .refuse: return departures?.hear(frame, on: &outgoing) == true
        default: return false
        }
        return true
    }

    func serveSignals(_ signals: Int32) {
        while tacit_next_signal(signals) != 0 {}
        reap()
    }

    /// Does what is due, and lets held-back output go.
    func serveClock(_ now: Int64) {
        for output in outputs { output.idle(into: &outgoing, now: now) }
        tellStop(now)
        if shared?.takeBack(now: now) == true { RunFrame.terminalFree.encode(into: &outgoing) }
        if let limit = deadlines.limit, limit <= now, ended == nil { timeOut(now) }
        if let time = deadlines.kill, time <= now {
            deadlines.kill = nil
            killDescendants()
        }
        if let time = deadlines.drain, time <= now {
            deadlines.drain = nil
            if leavesNobody { killDescendants() }
            for output in outputs { output.lastCall() }
        }
    }

    /// Nobody listens any more: the group gets a moment to end by itself, then nothing of it is left. Always false.
    func abandon() -> Bool {
        signalGroups(SIGTERM)
        signalGroups(SIGCONT)
        let deadline = MonotonicClock.now() + Self.abandonTime
        while ended == nil && MonotonicClock.now() < deadline {
            usleep(2000)
            reap()
        }
        killDescendants()
        return false
    }

    /// The child ended and its streams were read: sends the rest and the report.
    func conclude() {
        if leavesNobody { killDescendants() }
        for output in outputs { output.finish(into: &outgoing, while: isWanted) }
        input.close()
        terminalInput.close()
        awaitLeave()
        var report = RunReport(masked: job.masksOutput, streams: outputs.compactMap(\.report))
        report.output = RunOutput(outputs)
        report.sandbox = sandboxReport
        report.files = releaseChanges()
        if let copied { report.files = copied.bringBack(after: report.files, search) }
        RunFrame.report(Array(report.json.utf8)).encode(into: &outgoing)
    }

    /// Whether the keeper still listens, and another while of work is granted.
    private func isWanted() -> Bool {
        tacit_end_in(Self.turnTime)
        send()
        var watched = pollfd(fd: control, events: 0, revents: 0)
        if unsafe poll(&watched, 1, 0) > 0, watched.revents & Int16(POLLHUP | POLLERR) != 0 { isAbandoned = true }
        return !isAbandoned
    }

    /// What confined the child, and why not.
    private var sandboxReport: RunSandbox? {
        if let missing { return .missing(missing.reason) }
        return sandbox.map { sandbox in
            let checked = sandbox.copy == nil && copied == nil ? "checked" : "checked, in a copy"
            let files = sandbox.changes != nil ? checked : job.directory == nil ? "private" : "through"
            return sandbox.layers.report(files: files)
        }
    }

    /// What searches files and their names for the values of the run.
    private var search: FileSearch {
        var search = FileSearch(needles: needles, opener: opener, passesUnscanned: job.sandbox?.passesUnscanned == true, answers: departures?.answers)
        search.isWanted = { [unowned self] in isWanted() }
        guard let departures else { return search }
        search.asksForTokens = true
        search.word = { [unowned self] candidates in
            departures.ask(aboutFileWith: candidates, on: &outgoing)
            send()
            awaitLeave()
            return departures.areOver || isAbandoned ? .withhold : departures.isRefused ? .refuse : .leave
        }
        return search
    }

    /// Brings what the child changed into the working directory, once nobody of its sandbox can change it any more; nil when nothing was changed.
    private func releaseChanges() -> RunChanges? {
        guard let sandbox, let kept = sandbox.changes else { return nil }
        var files = RunChanges()
        if Descendants.haveEnded, let changes = OpenDirectory(reopening: kept), let target = OpenDirectory(reopening: directories.working) {
            var release = ChangeRelease(search, since: sandbox.since, copy: sandbox.copy)
            release.release(changes, into: target)
            files = release.result
        } else {
            files.tell(".", "processes of the run could not be ended, or the directory is gone or closed: nothing was taken over")
        }
        return files.isEmpty ? nil : files
    }

    /// An agent's run leaves no process behind, and neither does one in a sandbox or a copy, or one that took too long.
    private var leavesNobody: Bool { job.asker == .agent || sandbox != nil || copied != nil || hasTimedOut }

    private func timeOut(_ now: Int64) {
        deadlines.limit = nil
        hasTimedOut = true
        RunFrame.timedOut.encode(into: &outgoing)
        signalGroups(SIGTERM)
        signalGroups(SIGCONT)
        deadlines.kill = now + Self.stopTime
    }

    /// Passes a signal of the person's on, as the terminal would: what stops or interrupts goes to the foreground group alone.
    private func forward(_ number: Int32) {
        switch number {
        case SIGINT, SIGQUIT, SIGWINCH, SIGTSTP:
            // Without a terminal the child's group is an orphaned one, which ignores SIGTSTP.
            let signal = number == SIGTSTP && child.terminal == nil ? SIGSTOP : number
            if ended == nil { kill(-(foregroundGroup ?? child.process), signal) }
        default:
            signalGroups(number)
            // As a terminal that hangs up does: what is stopped must hear of it.
            if number == SIGHUP || number == SIGTERM { signalGroups(SIGCONT) }
        }
    }

    /// Signals the child's group and the foreground group, while the child lives: afterwards the group's number could be another's.
    private func signalGroups(_ number: Int32) {
        guard ended == nil else { return }
        kill(-child.process, number)
        if let group = foregroundGroup, group != child.process { kill(-group, number) }
    }

    /// The group in front of the child's terminal; nil while that is this process, or when there is no terminal.
    private var foregroundGroup: Int32? {
        guard let terminal = child.terminal else { return nil }
        let group = tcgetpgrp(terminal)
        return group > 0 && group != getpgrp() ? group : nil
    }

    /// Lets a stopped child go on: in front of its terminal, if it had asked for that.
    private func letGoOn() {
        if asksForTerminal { shared?.bringToFront(now: MonotonicClock.now()) }
        asksForTerminal = false
        signalGroups(SIGCONT)
    }

    /// The kernel tells the group in front; one that waits in the background is part of the caller's job all the same.
    private func resize(_ rows: UInt16, _ columns: UInt16) {
        guard let terminal = child.terminal else { return }
        var (oldRows, oldColumns): (UInt16, UInt16) = (0, 0)
        unsafe tacit_window_size(terminal, &oldRows, &oldColumns)
        _ = tacit_set_window_size(terminal, rows, columns)
        if (oldRows, oldColumns) != (rows, columns), foregroundGroup == nil, ended == nil { kill(-child.process, SIGWINCH) }
    }

    private func killDescendants() { Descendants.kill(within: Self.killTime) { self.reap() } }

    /// Collects the dead, and hears whether the child was stopped.
    private func reap() {
        var status: Int32 = 0
        while true {
            let process = unsafe waitpid(-1, &status, WNOHANG | WUNTRACED)
            guard process > 0 else { return }
            guard process == child.process else { continue }
            if status & 0xFF == 0x7F {
                childStopped(status >> 8 & 0xFF)
            } else {
                childEnded(status & 0x7F == 0 ? .exited(code: status >> 8 & 0xFF) : .signaled(status & 0x7F))
            }
        }
    }

    /// It is told once what was printed before has arrived: a question comes before whoever asks it is stopped.
    private func childStopped(_ signal: Int32) {
        asksForTerminal = signal == SIGTTIN || signal == SIGTTOU
        stop = Stop(signal: signal, since: MonotonicClock.now())
    }

    private func tellStop(_ now: Int64) {
        guard let stop, stop.toldAt <= now else { return }
        if now < stop.latest, outputs.contains(where: \.hasUnread) {
            self.stop?.toldAt = now + Stop.calm
            return
        }
        for output in outputs { output.idle(into: &outgoing, now: .max) }
        RunFrame.stopped(signal: stop.signal).encode(into: &outgoing)
        self.stop = nil
    }

    private func childEnded(_ exit: RunExit) {
        ended = exit
        stop = nil
        shared = nil
        if child.programSide >= 0 { close(child.programSide) }
        deadlines.limit = nil
        deadlines.kill = nil
        deadlines.drain = MonotonicClock.now() + Self.drainTime
        input.close()
    }
}
