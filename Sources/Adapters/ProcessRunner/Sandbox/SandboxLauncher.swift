import CProcess
import CSandbox
import Glibc

/// The processes between a runner and the program that it confines. Both are forked before the runner has a value: they never hold one.
///
/// The *launcher* moves to new namespaces, forks the *first process* of the new process namespace, which builds the root and then only collects the dead,
/// and waits. When the run begins, it forks the program's process and ends. Both are children of the runner, so that it hears of their ends, and of stops,
/// as of any child's; when the first process ends, the kernel ends all that are in its namespace.
enum SandboxLauncher {
    /// What is told to the runner: how far it came, an error, the version of Landlock.
    struct Answer {
        static let byteCount = 12
        var stage: SandboxStage
        /// When everything was done, what is otherwise than usual: 1 where there is no /proc, and 2 where there is no overlay.
        var error: Int32 = 0
        var landlock: Int32 = 0
    }

    /// How the program is started; what it is comes behind this.
    struct Start: BitwiseCopyable {
        var argumentCount: Int32 = 0
        var variableCount: Int32 = 0
        var byteCount: Int32 = 0
        var fileMask: UInt32 = 0
        /// The program's side of its terminal, which was opened before the launcher was forked; -1 without one.
        var terminal: Int32 = -1
        var isInBackground: Int32 = 0
        /// How many open files it gets besides its streams.
        var fileCount: Int32 = 0
        /// How many bytes of authorities come behind arguments and variables.
        var trustCount: Int32 = 0
    }

    /// The life of the launcher.
    static func main(_ plan: SandboxPlan, program: Int32, user: UInt32, group: UInt32, socket: Int32) -> Never {
        guard unsafe tacit_harden("tacit-launcher") == 0 else { _exit(125) }
        let moved = tacit_unshare_all()
        guard moved >= 0 else { give(Answer(stage: .namespaces, error: -moved), on: socket) }
        let mapped = tacit_map_itself(user, group)
        guard mapped >= 0 else { give(Answer(stage: .identity, error: -mapped), on: socket) }
        _ = unsafe tacit_set_host_name("sandbox")
        let first = tacit_fork_sibling()
        if first == 0 { becomeFirst(plan, socket) }
        guard first > 0 else { give(Answer(stage: .namespaces, error: -first), on: socket) }
        // The program's process is forked out of this one and puts itself under the filter once more.
        guard tacit_no_new_privileges() == 0, SyscallFilter(for: .launcher).apply() == 0 else { _exit(125) }
        launch(plan, program, socket)
    }

    /// The life of the first process.
    private static func becomeFirst(_ plan: SandboxPlan, _ socket: Int32) -> Never {
        guard unsafe tacit_harden("tacit-sandbox") == 0 else { _exit(125) }
        umask(0)
        setsid()
        let built: (changes: SandboxBuilder.Changes?, hasProcesses: Bool)
        do throws(SandboxBuilder.Failure) { built = try SandboxBuilder(plan).build() } catch {
            give(Answer(stage: error.stage, error: error.error), on: socket)
        }
        let doors = listen(plan, socket)
        if let failed = giveUpPower() { give(failed, on: socket) }
        let unusual: Int32 = (built.hasProcesses ? 0 : 1) | (built.changes?.isOverlay == false ? 2 : 0)
        tell(Answer(stage: .ready, error: unusual, landlock: tacit_landlock_version()), with: built.changes?.descriptor ?? -1, on: socket)
        for door in doors where tacit_send_descriptor(socket, 0, door) != 0 { _exit(125) }
        // From here on it executes nothing, and forks and connects no more than a runner.
        guard SyscallFilter(for: .runner).apply() == 0 else { _exit(125) }
        // Nothing of the runner's is held here: not its socket, nor the program.
        guard tacit_close_from(0, 1) == 0 else { _exit(125) }
        tacit_collect_dead()
    }

    /// Where the broker listens, and for a whole agent the keeper; it takes power over the network namespace to make its loopback work.
    private static func listen(_ plan: SandboxPlan, _ socket: Int32) -> [Int32] {
        guard plan.hasDoor else { return [] }
        let sockets = [SandboxPlan.proxySocket] + (plan.hasKeeper ? [SandboxPlan.keeperSocket] : [])
        let doors = [tacit_listen_on_loopback()] + sockets.map { unsafe tacit_listen_at($0) }
        if let failed = doors.first(where: { $0 < 0 }) { give(Answer(stage: .loopback, error: -failed), on: socket) }
        return doors
    }

    private static func giveUpPower() -> Answer? {
        let dropped = tacit_drop_capabilities()
        guard dropped == 0 else { return Answer(stage: .power, error: -dropped) }
        guard tacit_no_new_privileges() == 0, tacit_die_with_parent() == 0 else { return Answer(stage: .power, error: errno) }
        let filtered = SyscallFilter(for: .program).apply()
        return filtered == 0 ? nil : Answer(stage: .filter, error: -filtered)
    }

    /// Waits for the run to begin, and forks its program.
    private static func launch(_ plan: SandboxPlan, _ program: Int32, _ socket: Int32) -> Never {
        let streams = takeDescriptors(3, from: socket)
        var start = Start()
        guard unsafe withUnsafeMutableBytes(of: &start, { unsafe receive(into: $0, from: socket) }) else { _exit(0) }
        let files = takeDescriptors(Int(start.fileCount), from: socket)
        let process = tacit_fork_sibling()
        if process == 0 { ConfinedProgram(plan, program: program, streams: streams, files: files, start, socket).begin() }
        tell(process, on: socket)
        _exit(process > 0 ? 0 : 125)
    }

    /// Takes so many descriptors; when there are fewer, there is no run.
    private static func takeDescriptors(_ count: Int, from socket: Int32) -> [Int32] {
        (0..<count).map { _ in
            var (byte, descriptor): (UInt8, Int32) = (0, -1)
            guard unsafe tacit_receive_descriptor(socket, &byte, &descriptor) == 1, descriptor >= 0 else { _exit(0) }
            return descriptor
        }
    }

    /// Fills a buffer from a socket; false at its end.
    static func receive(into buffer: UnsafeMutableRawBufferPointer, from socket: Int32) -> Bool {
        (try? unsafe SetupChannel(descriptor: socket).receiveExactly(into: buffer)) == true
    }

    static func tell(_ number: Int32, on socket: Int32) {
        try? unsafe withUnsafeBytes(of: number) { bytes throws(RunnerError) in try unsafe SetupChannel(descriptor: socket).sendRaw(bytes.bytes) }
    }

    private static func tell(_ answer: Answer, with descriptor: Int32, on socket: Int32) {
        guard tacit_send_descriptor(socket, answer.stage.rawValue, descriptor) == 0 else { _exit(125) }
        tell(answer.error, on: socket)
        tell(answer.landlock, on: socket)
    }

    private static func give(_ answer: Answer, on socket: Int32) -> Never {
        tell(answer, with: -1, on: socket)
        _exit(125)
    }
}
