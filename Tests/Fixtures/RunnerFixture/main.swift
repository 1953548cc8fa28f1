import CProcess
import CompressedMembers
import Glibc
import ProcessRunner

// The helper processes as the program starts them, for the tests of ProcessRunner alone.
switch CommandLine.arguments.dropFirst().first {
case Spawner.subcommand: exit(Spawner.main())
case Runner.subcommand: exit(Runner.main(opening: LibraryMembers()))
case SandboxProbe.subcommand: exit(SandboxProbe.main())
case Spawner.brokerSubcommand:
    // A broker that somebody took over: it does not end with its control socket.
    while true { pause() }
case "__stuck":
    // A runner that judges for ever.
    guard tacit_open_signals() >= 0, tacit_end_in(1) == 0 else { exit(2) }
    while true {}
default: exit(2)
}
