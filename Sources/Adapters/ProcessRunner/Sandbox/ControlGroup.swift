import CProcess
import Glibc

/// The control group of one run: what all processes of its sandbox use together is limited, and they are ended together.
final class ControlGroup {
    /// What they may use.
    struct Limits: Equatable {
        /// In bytes.
        var memory: UInt64
        var processes: Int

        /// Three quarters of the machine's memory, and as many processes and threads as a user may have in a sandbox.
        static var standard: Limits {
            Limits(memory: UInt64(max(0, sysconf(Int32(_SC_PHYS_PAGES)))) * UInt64(max(0, sysconf(Int32(_SC_PAGESIZE)))) / 4 * 3, processes: 1024)
        }

        var words: String { "\(memory >> 20) MiB of memory and \(processes) processes" }
    }

    private let directory: String
    /// What a process is forked into it by.
    let descriptor: Int32
    private var isOver = false

    /// Makes the group of a runner, which does not enter it: a run that uses too much ends, and its runner tells so.
    init(in groups: ControlGroups, of runner: Int32, _ limits: Limits = .standard) throws(ControlGroups.Missing) {
        directory = groups.path(of: runner)
        // A runner of the same number was killed, and nobody took it away.
        if unsafe access(directory, F_OK) == 0 { Self.remove(directory) }
        guard unsafe mkdir(directory, 0o755) == 0 else {
            throw ControlGroups.Missing(reason: "no control group could be made (\(Errno(code: errno).text))")
        }
        do throws(ControlGroups.Missing) {
            try ControlGroups.write("\(limits.memory)", to: "\(directory)/memory.max")
            try ControlGroups.write("\(limits.processes)", to: "\(directory)/pids.max")
            try ControlGroups.write("1", to: "\(directory)/memory.oom.group")
        } catch {
            Self.remove(directory)
            throw error
        }
        descriptor = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    }

    deinit {
        end()
        close(descriptor)
    }

    /// Ends whatever is in it, and takes it away.
    func end() {
        if !isOver { Self.remove(directory) }
        isOver = true
    }

    /// How long ending takes at most, in milliseconds.
    private static let patience: Int64 = 2000

    static func remove(_ directory: String) {
        guard unsafe rmdir(directory) != 0, errno != ENOENT else { return }
        try? ControlGroups.write("1", to: "\(directory)/cgroup.kill")
        let events = unsafe open("\(directory)/cgroup.events", O_RDONLY | O_CLOEXEC)
        defer { if events >= 0 { close(events) } }
        let deadline = MonotonicClock.now() + patience
        while unsafe rmdir(directory) != 0, errno == EBUSY, MonotonicClock.now() < deadline {
            // Reading it arms it: it tells when the last process has ended.
            var byte: UInt8 = 0
            unsafe pread(events, &byte, 1, 0)
            var watched = pollfd(fd: events, events: Int16(POLLPRI), revents: 0)
            unsafe poll(&watched, 1, 10)
        }
    }
}

/// What a run's processes are limited by together, and in which words its result says so.
struct RunLimits {
    let group: ControlGroup?
    let words: String

    /// A group of the run's own where the keeper was handed some; else those of the group that its runner is in, or none.
    /// `isAlone` says that this one is in a group with nobody of another run.
    static func take(
        for runner: Int32 = getpid(), in place: ControlGroups.Place = ControlGroups.Place(), isAlone: Bool = false
    ) -> RunLimits {
        do throws(ControlGroups.Missing) {
            let limits = ControlGroup.Limits.standard
            return RunLimits(group: try ControlGroup(in: try .find(in: place), of: runner, limits), words: "on, \(limits.words)")
        } catch {
            if let limits = ControlGroups.limits(in: place) {
                return RunLimits(group: nil, words: "on, \(limits.words)" + (isAlone ? "" : " with other runs"))
            }
            return RunLimits(group: nil, words: "none: \(error.reason)")
        }
    }

    /// The same, for a run that could not be started in its group.
    func withoutGroup(_ error: Int32) -> RunLimits {
        group?.end()
        return RunLimits(group: nil, words: "none: no process could be started in a control group (\(Errno(code: error).text))")
    }
}
