import CProcess
import CWipingAllocator
import Commands
import Glibc
import ProcessRunner

/// One binary, several processes: the hidden first word says which.
@main
enum Program {
    static func main() {
        precondition(tacit_wiping_allocator_check() == 0, "internal: freed memory is not overwritten")
        let words = CommandLine.arguments.dropFirst()
        switch words.first {
        case Spawner.subcommand: exit(Spawner.main())
        case Runner.subcommand: exit(Runner.main())
        default: exit(TacitCommand.run(arguments: Array(words)))
        }
    }
}
