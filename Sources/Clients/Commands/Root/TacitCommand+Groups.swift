import ArgumentParser

extension TacitCommand {
    static var groups: [CommandGroup] {
        [
            CommandGroup(name: "Vault", subcommands: [InitCommand.self, UnlockCommand.self, LockCommand.self, StatusCommand.self]),
            CommandGroup(name: "Secrets", subcommands: [SetCommand.self, GetCommand.self, ListCommand.self, ShowCommand.self]),
            CommandGroup(name: "Using secrets", subcommands: running),
        ]
    }

    /// `run` and `mcp`.
    static var running: [any ParsableCommand.Type] { [RunCommand.self, MCPCommand.self] }

    static var hidden: [any ParsableCommand.Type] { [KeeperHelperCommand.self] }
}
