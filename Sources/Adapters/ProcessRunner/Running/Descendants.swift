import CProcess
import Glibc

/// The processes below this one. It is their subreaper: whoever loses its parent comes back as a child.
enum Descendants {
    /// Every descendant of this process, parents first.
    static func all() -> [Int32] { all(below: [getpid()]) }

    /// Every descendant of some processes.
    static func all(below roots: [Int32]) -> [Int32] {
        var found: [Int32] = []
        var pending = roots
        while let parent = pending.popLast(), found.count < 100_000 {
            let children = self.children(of: parent)
            found += children
            pending += children
        }
        return found
    }

    /// Whether the kernel says that there is none: as their subreaper this process would have them as children. Collects the dead.
    static var haveEnded: Bool {
        while true {
            let ended = waitpid(-1, nil, WNOHANG)
            if ended == 0 { return false }
            if ended < 0, errno != EINTR { return errno == ECHILD }
        }
    }

    /// Kills every descendant. `reap` collects the dead and is called until none is left, or `milliseconds` have passed.
    static func kill(within milliseconds: Int64, reap: () -> Void) {
        let deadline = MonotonicClock.now() + milliseconds
        while true {
            let living = all()
            for process in living { Glibc.kill(process, SIGKILL) }
            reap()
            if living.isEmpty || MonotonicClock.now() > deadline { return }
            usleep(1000)
        }
    }

    /// The children of a process, ended ones that nobody collected included.
    static func children(of process: Int32) -> [Int32] {
        unsafe [Int32](unsafeUninitializedCapacity: 4096) { buffer, filled in
            filled = Int(max(0, unsafe tacit_children(process, buffer.baseAddress, Int32(buffer.count))))
        }
    }
}

/// Milliseconds that only go forward.
enum MonotonicClock {
    static func now() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
