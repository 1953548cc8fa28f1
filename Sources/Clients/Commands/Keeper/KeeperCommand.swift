import ArgumentParser

/// `tacit keeper`
struct KeeperCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "keeper",
        abstract: "Run the keeper in the foreground.",
        discussion: """
            The keeper holds the keys, decides and writes the audit log. Other commands start it when they need it; this one is for a service \
            manager, or to see why it does not start.

            EXAMPLES
              tacit keeper
              systemd-run --user --unit=tacit-keeper tacit keeper
            """)

    func perform(in context: CommandContext) throws { throw ExitCode(context.keeper(KeeperLaunch())) }
}

/// `tacit __keeper`: the keeper as another command started it.
struct KeeperHelperCommand: Verb {
    static let name = "__keeper"
    static let configuration = CommandConfiguration(commandName: name, abstract: "The keeper, for the command that starts it.", shouldDisplay: false)

    func perform(in context: CommandContext) throws { throw ExitCode(context.keeper(KeeperLaunch(readiness: KeeperReadiness()))) }
}
