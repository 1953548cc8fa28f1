import CProcess
import CSandbox
import Glibc
import TacitWire

/// A runner's hold on a sandbox that was built and waits for its program.
final class Sandbox {
    let plan: SandboxPlan
    /// What is confined, for the result of the run.
    let layers: SandboxLayers
    /// What limits its processes together.
    private let limits: RunLimits
    /// Where changes of the working directory are kept; nil when none are.
    let changes: Int32?
    /// Whether the program sees that place alone, which has to be filled before it starts.
    private let needsCopy: Bool
    /// What it was filled with; nil where the working directory lies under an overlay.
    private(set) var copy: WorkingCopy?
    /// The first process of its process namespace.
    let first: Int32
    /// When the working directory was as the program found it: what was changed from here on was changed by somebody else.
    let since: timespec
    /// Where the broker of its session is to listen, until that was handed on: on the loopback, and at a path; behind them where the keeper is. None for a sandbox
    /// without a way out.
    private var doors: [Int32] = []
    private let socket: Int32

    /// Builds one. The caller has one thread, and holds no value. `closing` is what nobody but the caller is to hold.
    init(_ scene: SandboxScene, program: Int32, closing descriptors: [Int32]) throws(SandboxMissing) {
        plan = SandboxPlan(scene)
        var now = timespec()
        unsafe clock_gettime(CLOCK_REALTIME_COARSE, &now)
        since = now
        var ends: [Int32] = [-1, -1]
        guard unsafe tacit_socket_pair(0, &ends) == 0 else { throw SandboxMissing(.namespaces, errno) }
        let (launcher, limits) = Self.fork(within: .take(isAlone: scene.isAloneInGroup))
        if launcher == 0 {
            for descriptor in descriptors + [ends[0], limits.group?.descriptor ?? -1] where descriptor >= 0 { close(descriptor) }
            SandboxLauncher.main(plan, program: program, user: scene.userID, group: scene.groupID, socket: ends[1])
        }
        self.limits = limits
        close(ends[1])
        socket = ends[0]
        _ = tacit_set_socket_timeout(socket, 10_000)
        do throws(SandboxMissing) {
            guard launcher > 0 else { throw SandboxMissing(.namespaces, -launcher) }
            (changes, layers, needsCopy) = try Self.answer(on: socket, limits, hasDoor: plan.hasDoor)
            if plan.hasDoor { for _ in 0..<(plan.hasKeeper ? 3 : 2) { doors.append(try Self.receiveDoor(on: socket)) } }
        } catch {
            limits.group?.end()
            close(socket)
            throw error
        }
        first = Descendants.children(of: getpid()).first { $0 != launcher } ?? -1
    }

    deinit {
        close(socket)
        for descriptor in doors + [changes].compactMap(\.self) { close(descriptor) }
    }

    /// Hands the places on where broker and keeper are to listen.
    func giveDoors(on channel: Int32) -> Bool {
        defer {
            for door in doors { close(door) }
            doors = []
        }
        return !doors.isEmpty && doors.allSatisfy { tacit_send_descriptor(channel, 1, $0) == 0 }
    }

    /// Copies the working directory where no overlay lies over it. The runner does it, and not the first process, which in its namespace may read more than the user may.
    func fill(from working: Int32) throws(WorkingCopy.Failure) {
        guard needsCopy, let changes else { return }
        guard let source = OpenDirectory(reopening: working), let target = OpenDirectory(reopening: changes) else { throw .unreadable }
        copy = try WorkingCopy(of: source, into: target)
    }

    /// Ends whatever its control group still holds.
    func end() { limits.group?.end() }

    /// Forks the launcher, into the run's control group where there is one: all that comes of it is in there.
    private static func fork(within limits: RunLimits) -> (Int32, RunLimits) {
        guard let group = limits.group else { return (tacit_fork(), limits) }
        let launcher = tacit_fork_into(group.descriptor)
        return launcher < 0 ? (tacit_fork(), limits.withoutGroup(-launcher)) : (launcher, limits)
    }

    private static func receiveDoor(on socket: Int32) throws(SandboxMissing) -> Int32 {
        var (byte, descriptor): (UInt8, Int32) = (0, -1)
        guard unsafe tacit_receive_descriptor(socket, &byte, &descriptor) == 1, descriptor >= 0 else { throw SandboxMissing(.loopback, EPIPE) }
        return descriptor
    }

    private static func answer(
        on socket: Int32, _ limits: RunLimits, hasDoor: Bool
    ) throws(SandboxMissing) -> (Int32?, SandboxLayers, Bool) {
        var (byte, descriptor): (UInt8, Int32) = (0, -1)
        var numbers: (error: Int32, landlock: Int32) = (EPIPE, 0)
        let isWhole =
            unsafe tacit_receive_descriptor(socket, &byte, &descriptor) == 1
            && withUnsafeMutableBytes(of: &numbers) { unsafe SandboxLauncher.receive(into: $0, from: socket) }
        guard isWhole, let stage = SandboxStage(rawValue: byte), stage == .ready else {
            if descriptor >= 0 { close(descriptor) }
            throw SandboxMissing(SandboxStage(rawValue: byte) ?? .namespaces, numbers.error)
        }
        let changes = descriptor < 0 ? nil : descriptor
        guard numbers.landlock > 0 else {
            if let changes { close(changes) }
            throw SandboxMissing(.landlock, ENOSYS)
        }
        let layers = SandboxLayers(
            landlock: Int(numbers.landlock), hasProcesses: numbers.error & 1 == 0, hasDoor: hasDoor, limits: limits.words)
        return (changes, layers, numbers.error & 2 != 0)
    }

    /// Starts the program; its process, or an error below zero.
    /// `authorities` are what a program with a broker trusts.
    func start(_ arguments: CStrings, _ environment: CStrings, _ child: tacit_child, trusting authorities: [UInt8] = []) -> Int32 {
        for stream in unsafe [child.streams.0, child.streams.1, child.streams.2] {
            let sent = tacit_send_descriptor(socket, 0, stream)
            guard sent == 0 else { return sent }
        }
        let head = SandboxLauncher.Start(
            argumentCount: Int32(arguments.count), variableCount: Int32(environment.count),
            byteCount: Int32(arguments.byteCount + environment.byteCount),
            fileMask: unsafe child.file_mask, terminal: unsafe child.terminal, isInBackground: unsafe child.in_background,
            fileCount: unsafe child.files, trustCount: Int32(authorities.count))
        let channel = SetupChannel(descriptor: socket)
        var process: Int32 = 0
        do throws(RunnerError) {
            try unsafe withUnsafeBytes(of: head) { bytes throws(RunnerError) in try unsafe channel.sendRaw(bytes.bytes) }
            for index in 0..<head.fileCount where tacit_send_descriptor(socket, 0, unsafe child.first_file + index) != 0 { return -EPIPE }
            guard unsafe withUnsafeMutableBytes(of: &process, { unsafe SandboxLauncher.receive(into: $0, from: socket) }), process > 0 else {
                return process < 0 ? process : -EPIPE
            }
            try arguments.send(on: channel)
            try environment.send(on: channel)
            try unsafe channel.sendRaw(authorities.span.bytes)
        } catch {
            return -EPIPE
        }
        // The end of the socket is the program's beginning; before it comes only an error.
        var error: Int32 = 0
        let failed = unsafe withUnsafeMutableBytes(of: &error) { unsafe SandboxLauncher.receive(into: $0, from: socket) }
        guard failed else { return process }
        waitpid(process, nil, 0)
        return error > 0 ? -error : -EPIPE
    }
}

/// The layers that confine a run. One that cannot be had fails the sandbox, so that all of them are there; but for limits, which many machines hand to nobody.
struct SandboxLayers: Equatable {
    /// The version of Landlock.
    var landlock: Int
    /// Whether the program has a /proc, which some containers forbid.
    var hasProcesses = true
    /// Whether there is a way out, by the broker.
    var hasDoor = false
    /// What its processes may use together, or why nothing limits that.
    var limits: String

    func report(files: String) -> RunSandbox {
        RunSandbox(
            namespaces: hasProcesses ? "on" : "on, without /proc", landlock: "on, version \(landlock)", seccomp: "on",
            network: hasDoor ? "broker" : "none",
            files: files,
            cgroup: limits)
    }
}

/// A layer that cannot be had.
struct SandboxMissing: Error, Equatable {
    var stage: SandboxStage
    var error: Int32

    init(_ stage: SandboxStage, _ error: Int32) { (self.stage, self.error) = (stage, error) }

    /// One sentence.
    var reason: String { "this machine does not let an ordinary user have \(stage.words) (\(Errno(code: error).text))" }
}
