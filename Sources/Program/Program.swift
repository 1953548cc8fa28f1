import CWipingAllocator
import Commands
import Dispatch
import Glibc
import Model
import ProcessRunner
import Synchronization

/// One binary, several processes: the hidden first word says which.
@main
enum Program {
    static func main() {
        precondition(tacit_wiping_allocator_check() == 0, "internal: freed memory is not overwritten")
        let words = Array(CommandLine.arguments.dropFirst())
        switch words.first {
        case Spawner.subcommand: exit(Spawner.main())
        case Runner.subcommand: exit(Runner.main())
        default:
            CommandContext.current = .ofProcess(version: KeeperProcess.version, keeper: keep)
            exit(TacitCommand.run(arguments: words))
        }
    }

    /// Runs the keeper on this thread until it ends; its exit code.
    @Sendable private static func keep(_ launch: KeeperLaunch) -> Int32 {
        if launch.readiness == nil { hideCrashes() }
        let done = DispatchSemaphore(value: 0)
        let code = Mutex<Int32>(1)
        let paths = CommandContext.current.paths
        // The keeper's one task, owned by this call, which waits for its end.
        Task {
            do {
                try await KeeperProcess(paths: paths) { announce(launch) }.run()
                code.withLock { $0 = 0 }
            } catch {
                report(error, to: launch)
            }
            done.signal()
        }
        done.wait()
        return code.withLock { $0 }
    }

    /// A crash must not print registers and memory. The runtime reads the setting when a program starts, so this one starts anew where it is missing.
    private static func hideCrashes() {
        let (name, value) = ("SWIFT_BACKTRACE", "enable=no")
        if let present = unsafe getenv(name), unsafe String(cString: present) == value { return }
        unsafe setenv(name, value, 1)
        var words: [UnsafeMutablePointer<CChar>?] = unsafe CommandLine.arguments.map { unsafe strdup($0) } + [nil]
        unsafe execv("/proc/self/exe", &words)
        say("tacit: error: the keeper could not start itself anew")
        exit(1)
    }

    private static func announce(_ launch: KeeperLaunch) {
        guard let readiness = launch.readiness else { return say("tacit: the keeper listens; it ends with Ctrl-C") }
        readiness.announce()
    }

    private static func report(_ error: any Error, to launch: KeeperLaunch) {
        let known = error as? any Diagnosable
        let message = known?.message ?? "the keeper could not start"
        if let readiness = launch.readiness { return readiness.fail(message, hint: known?.hint) }
        say("tacit: error: \(message)")
        if let hint = known?.hint { say("tacit: hint: \(hint)") }
    }

    private static func say(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = unsafe bytes.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
