import Glibc

/// The children of the spawner: its runners, its brokers, and whoever lost its parent when a runner ended.
///
/// A broker ends with its control socket, and parses what hostile programs and services send: whether it does so is not left to it.
/// A run that ended by itself may have left programs behind that a person wants to go on. A runner that was killed could end nothing: what it leaves is
/// killed here, for it may hold the values of its run.
struct Brood {
    /// How long killing may take, in milliseconds.
    private static let killTime: Int64 = 2000

    /// How long a broker may go on without its keeper, in milliseconds.
    private static let brokerGrace: Int64 = 2000

    private var runners: Set<Int32> = []
    /// The spawner's own copy of each broker's end of its control socket.
    private var brokers: [Int32: Int32] = [:]
    /// When brokers are killed whose keeper closed its end.
    private var deadlines: [Int32: Int64] = [:]
    /// What goes on by right.
    private var leftovers: Set<Int32> = []

    var hasRunners: Bool { !runners.isEmpty }

    mutating func add(_ runner: Int32) { runners.insert(runner) }

    /// - Parameter control: its end of the control socket, which is closed with its end.
    mutating func add(broker: Int32, _ control: Int32) { brokers[broker] = control }

    /// What shows that a keeper closed its end.
    var watched: [pollfd] { brokers.filter { deadlines[$0.key] == nil }.values.map { pollfd(fd: $0, events: 0, revents: 0) } }

    /// How long until a broker is to be killed, in milliseconds; nil where none is.
    var patience: Int32? { deadlines.values.min().map { Int32(max(0, $0 - MonotonicClock.now())) + 1 } }

    /// Notes whose keeper closed its end, and kills those that go on all the same.
    mutating func endBrokers(_ seen: ArraySlice<pollfd>) {
        let closed = Set(seen.filter { $0.revents != 0 }.map(\.fd))
        let now = MonotonicClock.now()
        for (broker, control) in brokers {
            if closed.contains(control), deadlines[broker] == nil { deadlines[broker] = now + Self.brokerGrace }
            if let deadline = deadlines[broker], deadline <= now { kill(broker, SIGKILL) }
        }
    }

    /// Without a keeper no broker has anything to do.
    func killBrokers() {
        for broker in brokers.keys { kill(broker, SIGKILL) }
    }

    /// Collects the dead, and ends what a killed runner could not end.
    mutating func reap() {
        var killed = collect()
        if !killed.isEmpty { killOrphans(&killed) }
        for runner in killed {
            ControlGroups.removeLeftovers(of: runner)
            RunDirectories.removeLeftovers(of: runner)
        }
        leftovers = Set(Descendants.children(of: getpid())).subtracting(runners).subtracting(brokers.keys)
    }

    /// The children that are neither runners nor go on by right, and all below them.
    private var orphans: [Int32] {
        let roots = Descendants.children(of: getpid()).filter { !runners.contains($0) && !leftovers.contains($0) && brokers[$0] == nil }
        return roots + Descendants.all(below: roots)
    }

    private mutating func killOrphans(_ killed: inout [Int32]) {
        let deadline = MonotonicClock.now() + Self.killTime
        while true {
            let living = orphans
            for process in living { kill(process, SIGKILL) }
            killed += collect()
            if living.isEmpty || MonotonicClock.now() > deadline { return }
            usleep(1000)
        }
    }

    /// Collects the dead; the runners among them that were killed.
    private mutating func collect() -> [Int32] {
        var killed: [Int32] = []
        var status: Int32 = 0
        while case let process = unsafe waitpid(-1, &status, WNOHANG), process > 0 {
            leftovers.remove(process)
            if let control = brokers.removeValue(forKey: process) { close(control) }
            deadlines[process] = nil
            if runners.remove(process) != nil, status & 0x7F != 0 { killed.append(process) }
        }
        return killed
    }
}
