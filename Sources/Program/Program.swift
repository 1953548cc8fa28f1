import BrokerServer
import CProcess
import CWipingAllocator
import Commands
import CompressedMembers
import Dispatch
import Glibc
import Model
import ProcessRunner
import Synchronization
import TacitWire

/// One binary, several processes: the hidden first word says which.
@main
enum Program {
    static func main() {
        // In every role and before anything is read: passwords and values pass through this memory, and a program of the same user could look on, or a
        // crash print it.
        // What `run --no-mask` becomes is readable again, as any program is: the kernel forgets this when it executes one.
        guard tacit_hide() == 0 else {
            say("tacit: error: this process cannot be protected")
            exit(1)
        }
        tacit_open_standard_streams()
        precondition(tacit_wiping_allocator_check() == 0, "internal: freed memory is not overwritten")
        let words = Array(CommandLine.arguments.dropFirst())
        switch words.first {
        case Spawner.subcommand: exit(Spawner.main())
        case Runner.subcommand: exit(Runner.main(opening: LibraryMembers(), words: Array(words.dropFirst())))
        case Bearer.subcommand: exit(Bearer.main(opening: LibraryMembers()))
        case Spawner.brokerSubcommand:
            exit(
                Broker.main(
                    opening: LibraryMembers(), confinedBy: BrokerConfinement.apply,
                    takingListenersBy: { control in
                        BrokerDoor.take(on: control).map { ($0.loopback, $0.socket) }
                    }))
        case SandboxProbe.subcommand: exit(SandboxProbe.main())
        case RunStarter.subcommand: exit(RunStarter.main(Array(words.dropFirst()), environment: environment))
        default:
            CommandContext.current = .ofProcess(version: KeeperProcess.version, keeper: keep)
            exit(TacitCommand.run(arguments: words))
        }
    }

    /// Runs the keeper on this thread until it ends; its exit code.
    @Sendable private static func keep(_ launch: KeeperLaunch) -> Int32 {
        let done = DispatchSemaphore(value: 0)
        let code = Mutex<Int32>(1)
        let own = CommandContext.current.paths
        let person = launch.person.map(Account.of)
        let paths = person.map { LocalPaths(ownUserKeeperOf: $0.userID, person: own) } ?? own
        // The keeper's one task, owned by this call, which waits for its end.
        Task {
            do {
                try await KeeperProcess(paths: paths, person: person) { announce(launch) }.run()
                code.withLock { $0 = 0 }
            } catch {
                report(error, to: launch)
            }
            done.signal()
        }
        done.wait()
        return code.withLock { $0 }
    }

    /// A variable of this process.
    private static func environment(_ name: String) -> String? { unsafe getenv(name).map { unsafe String(cString: $0) } }

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
