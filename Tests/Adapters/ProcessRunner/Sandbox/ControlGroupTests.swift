import CSandbox
import Glibc
import TestKit
import Testing

@testable import ProcessRunner

/// A tree that looks like the kernel's hierarchy, and does nothing by itself.
private struct Hierarchy {
    let folder: TemporaryDirectory
    let own = "/user.slice/tacit-keeper.service"

    init(controllers: String = "cpu memory pids", processes: String = "\(getpid())\n", leaf: String = "", enabled: String = "") throws {
        folder = try TemporaryDirectory()
        for path in ["/user.slice", own, "\(own)/keeper"] { unsafe mkdir(folder.path + path, 0o700) }
        try put("cpu memory pids", "/cgroup.controllers")
        try put(controllers, "\(own)/cgroup.controllers")
        try put(processes, "\(own)/cgroup.procs")
        try put(enabled, "\(own)/cgroup.subtree_control")
        try put("12:pids:/elsewhere\n0::\(own)\(leaf)\n", "/membership")
    }

    var place: ControlGroups.Place { ControlGroups.Place(mount: folder.path, membership: folder.path("membership")) }

    func put(_ text: String, _ path: String) throws { try ControlGroups.write(text, to: folder.path + path) }

    func content(_ path: String) -> String? { text(of: folder.path + path) }
}

@Suite("Control groups of runs")
struct ControlGroupTests {
    @Test("a keeper that is alone in a group of its own moves to a leaf, and hands memory and processes on")
    func settles() throws {
        let hierarchy = try Hierarchy()
        #expect(ControlGroups.settle(in: hierarchy.place) == nil)
        #expect(hierarchy.content("\(hierarchy.own)/keeper/cgroup.procs") == "\(getpid())")
        #expect(hierarchy.content("\(hierarchy.own)/cgroup.subtree_control") == "+memory +pids")
    }

    @Test("where others are in the group, or it counts nothing, the keeper moves nobody and says why")
    func leavesAlone() throws {
        for (hierarchy, reason) in [
            (try Hierarchy(processes: "1\n\(getpid())\n"), "was handed no control group"), (try Hierarchy(processes: "1\n"), "was handed no"),
            (try Hierarchy(controllers: "cpu pids"), "counts neither"), (try Hierarchy(leaf: "/../.."), "lies outside"),
        ] {
            #expect(ControlGroups.settle(in: hierarchy.place)?.reason.contains(reason) == true, "\(reason)")
            #expect(hierarchy.content("\(hierarchy.own)/keeper/cgroup.procs") == nil)
        }
        let none = ControlGroups.settle(in: ControlGroups.Place(mount: "/nonexistent", membership: "/proc/self/cgroup"))
        #expect(none?.reason.contains("second version") == true)
        let first = try Hierarchy()
        try first.put("12:pids:/elsewhere without the unified one ........................\n", "/membership")
        #expect(ControlGroups.settle(in: first.place)?.reason.contains("is in no control group") == true)
    }

    @Test("a run's group lies beside the keeper's leaf, with its limits, and ends as one when memory is short")
    func limits() throws {
        let hierarchy = try Hierarchy(leaf: "/keeper", enabled: "memory pids")
        #expect(ControlGroups.settle(in: hierarchy.place) == nil)
        let groups = try ControlGroups.find(in: hierarchy.place)
        let group = try ControlGroup(in: groups, of: 17, .init(memory: 5_000_000, processes: 40))
        let path = "\(hierarchy.own)/run-17"
        #expect(hierarchy.content("\(path)/memory.max") == "5000000")
        #expect(hierarchy.content("\(path)/pids.max") == "40")
        #expect(hierarchy.content("\(path)/memory.oom.group") == "1")
        #expect(group.descriptor >= 0)
        let taken = RunLimits.take(for: 18, in: hierarchy.place)
        #expect(taken.group != nil && taken.words.hasPrefix("on, ") && taken.words.hasSuffix("1024 processes"), "\(taken.words)")
    }

    @Test("without a group of its own a run tells the limits of the one that it shares, or why there is none")
    func words() throws {
        let shared = try Hierarchy()
        try shared.put("1073741824\n", "\(shared.own)/memory.max")
        try shared.put("max\n", "\(shared.own)/pids.max")
        #expect(RunLimits.take(in: shared.place).words == "none: the keeper was handed no control group")
        try shared.put("300\n", "\(shared.own)/pids.max")
        #expect(RunLimits.take(in: shared.place).words == "on, 1024 MiB of memory and 300 processes with other runs")
        #expect(RunLimits.take(in: shared.place, isAlone: true).words == "on, 1024 MiB of memory and 300 processes")
        let disabled = try Hierarchy(leaf: "/keeper", enabled: "pids")
        #expect(RunLimits.take(in: disabled.place).words == "none: the keeper was handed no control group")
    }
}

/// The kernel's own hierarchy, wherever it is mounted.
private let hierarchy = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].first { unsafe access("\($0)/cgroup.procs", W_OK) == 0 }

/// On that hierarchy, as root, who may make groups there. Its controllers need not be in it.
@Suite("Control groups of the kernel", .enabled(if: getuid() == 0 && hierarchy != nil))
struct KernelGroupTests {
    let directory = "\(hierarchy ?? "")/tacit-tests-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"

    @Test("a process is forked into a group, and with all that it started ends with it")
    func ends() throws {
        let isMade = unsafe mkdir(directory, 0o755) == 0
        try #require(isMade)
        defer { ControlGroup.remove(directory) }
        let opened = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { close(opened) }
        let process = tacit_fork_into(opened)
        if process == 0 { while true { pause() } }
        try #require(process > 0)
        #expect(text(of: "\(directory)/cgroup.procs") == "\(process)\n")
        ControlGroup.remove(directory)
        var status: Int32 = 0
        #expect(unsafe waitpid(process, &status, 0) == process)
        #expect(status & 0x7F == SIGKILL)
        #expect(unsafe access(directory, F_OK) != 0)
    }

    @Test("a group that lacks a limit is no group of a run, and is taken away")
    func lacking() throws {
        let isMade = unsafe mkdir(directory, 0o755) == 0
        try #require(isMade)
        defer { ControlGroup.remove(directory) }
        // Nothing is handed on to what is made in there.
        #expect(throws: ControlGroups.Missing.self) { try ControlGroup(in: ControlGroups(directory: directory), of: 1) }
        #expect(unsafe access("\(directory)/run-1", F_OK) != 0)
    }
}
