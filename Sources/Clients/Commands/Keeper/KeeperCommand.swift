import ArgumentParser

/// `tacit keeper`
struct KeeperCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "keeper",
        abstract: "Run the keeper in the foreground.",
        discussion: """
            The keeper holds the keys, decides and writes the audit log. Other commands start it when they need it; this one is for a service \
            manager, or to see why it does not start. `--person` is for the keeper that is a user of its own: it serves another.

            EXAMPLES
              tacit keeper
              tacit keeper --person 1000
              systemd-run --user --unit=tacit-keeper tacit keeper
            """,
        subcommands: [KeeperInstallCommand.self, KeeperUninstallCommand.self])

    @Option(name: .customLong("person"), help: ArgumentHelp("Serve another user than the keeper's own.", valueName: "uid"))
    var person: UInt32?

    func perform(in context: CommandContext) throws {
        // It would take the place of the socket by which the agent asks its own.
        guard !context.isConfined else { throw CommandFailure("this is a whole agent's sandbox, whose keeper is outside", code: "keeper.confined") }
        throw ExitCode(context.keeper(KeeperLaunch(person: person)))
    }
}

/// `tacit __keeper`: the keeper as another command started it.
struct KeeperHelperCommand: Verb {
    static let name = "__keeper"
    static let configuration = CommandConfiguration(commandName: name, abstract: "The keeper, for the command that starts it.", shouldDisplay: false)

    func perform(in context: CommandContext) throws { throw ExitCode(context.keeper(KeeperLaunch(readiness: KeeperReadiness()))) }
}
