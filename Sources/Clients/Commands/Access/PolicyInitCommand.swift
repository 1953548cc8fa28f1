import ArgumentParser

/// `tacit policy init`
struct PolicyInitCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Print a policy to start from.",
        discussion: """
            It is for one agent in one environment, and its comments explain the language. Nothing is put in force; neither vault nor keeper is needed.

            HOSTS
              \(StarterPolicy.all.map(\.host).joined(separator: ", "))

            EXAMPLES
              tacit policy init claude-code > policy.yaml
              tacit policy init codex --agent codex-shop -p shop -e dev
              tacit policy init ci --output policy.yaml
            """)

    @Argument(help: ArgumentHelp("The agent's host.", valueName: "host"))
    var host: String
    @Option(
        name: .customLong("agent"), help: ArgumentHelp("The agent, as its badge names it. Usually the host's name.", valueName: "name"),
        completion: .agent)
    var agent: String?
    @Option(name: .customLong("output"), help: ArgumentHelp("Write it to a new file.", valueName: "file"))
    var output: String?
    @OptionGroup var scope: ScopeOptions

    func perform(in context: CommandContext) throws {
        guard let starter = StarterPolicy.all.first(where: { $0.host == host }) else {
            throw CommandFailure.usage(
                "there is no policy to start from for this host", hint: "one of \(StarterPolicy.all.map(\.host).joined(separator: ", "))")
        }
        let agent = try SegmentArgument.checked(agent ?? starter.host, "the agent given by `--agent`")
        let text = starter.text(agent: agent, in: try ScopeResolver(context: context).scope(scope))
        let file = try OutputFile(output, or: context.output)
        try file.write(Array(text.utf8))
        try file.finish()
        if let output { Console(context).note("\(output) is written. Read it, then: tacit policy apply \(output)") }
    }
}
