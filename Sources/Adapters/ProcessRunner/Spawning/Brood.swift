import Glibc

/// The children of the spawner: its runners, and whoever lost its parent when a runner ended.
///
/// A run that ended by itself may have left programs behind that a person wants to go on. A runner that was killed could end nothing: what it leaves is
/// killed here, for it may hold the values of its run.
struct Brood {
    /// How long killing may take, in milliseconds.
    private static let killTime: Int64 = 2000

    private var runners: Set<Int32> = []
    /// What goes on by right.
    private var leftovers: Set<Int32> = []

    var hasRunners: Bool { !runners.isEmpty }

    mutating func add(_ runner: Int32) { runners.insert(runner) }

    /// Collects the dead, and ends what a killed runner could not end.
    mutating func reap() {
        var killed = collect()
        if !killed.isEmpty { killOrphans(&killed) }
        for runner in killed {
            ControlGroups.removeLeftovers(of: runner)
            RunDirectories.removeLeftovers(of: runner)
        }
        leftovers = Set(Descendants.children(of: getpid())).subtracting(runners)
    }

    /// The children that are neither runners nor go on by right, and all below them.
    private var orphans: [Int32] {
        let roots = Descendants.children(of: getpid()).filter { !runners.contains($0) && !leftovers.contains($0) }
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
            if runners.remove(process) != nil, status & 0x7F != 0 { killed.append(process) }
        }
        return killed
    }
}
