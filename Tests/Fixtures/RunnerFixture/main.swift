import Glibc
import ProcessRunner

// The helper processes as the program starts them, for the tests of ProcessRunner alone.
switch CommandLine.arguments.dropFirst().first {
case Spawner.subcommand: exit(Spawner.main())
case Runner.subcommand: exit(Runner.main())
case SandboxProbe.subcommand: exit(SandboxProbe.main())
default: exit(2)
}
