import ArgumentParser
import TacitWire

/// `tacit agent`
struct AgentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agent",
        abstract: "Register AI agents, list them, revoke their badges, let their output pass again.",
        discussion: """
            EXAMPLES
              tacit agent add claude
              tacit agent list
              tacit agent revoke claude
              tacit agent reset-output claude
            """,
        subcommands: [Add.self, List.self, Revoke.self, ResetOutput.self])

    struct Add: Verb {
        static let configuration = CommandConfiguration(
            commandName: "add", abstract: "Register an agent and write its badge.",
            discussion: """
                The badge is a file that only you can read; `tacit mcp --agent NAME` shows it to the keeper. It gives the agent a name, and what it \
                may do is for the policy to say: without one it may do nothing.

                EXAMPLES
                  tacit agent add claude
                  tacit policy edit
                """)

        @Argument(help: ArgumentHelp("Its name.", valueName: "name"))
        var name: String
        @OptionGroup var options: GlobalOptions

        func perform(in context: CommandContext) throws {
            let name = try SegmentArgument.checked(name, "the agent")
            let door = try VaultDoor(context, options, to: "register the agent `\(name)`")
            let registered = try AgentRegistration(name, door, in: context.paths).perform()
            let console = Console(context)
            if options.json { return console.say(json: AgentSummary(name: name, createdAt: RelativeTime.moment(context.now()))) }
            console.say("Registered the agent \(console.style.bold(name)). Its badge is in \(registered.path).")
            if let replaced = registered.replaced { console.note("a badge of this name that is none of this vault's lies in \(replaced) now") }
            console.say(Self.nextSteps(name, console.style))
        }

        private static func nextSteps(_ name: String, _ style: Style) -> String {
            """

            \(style.dim("1. Say what it may use:")) tacit policy edit
                 policies:
                   - name: \(name)
                     agent_id: \(name)
                     environments: [default/dev]
                     allowed_keys: ["stripe/*"]
                     capabilities: [masked_return, env_inject]
                     unsandboxed: allow
            \(style.dim("2. Tell its host to start:")) tacit mcp --agent \(name)
            """
        }
    }

    struct List: Verb {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the agents and the policies that name them.",
            discussion: """
                EXAMPLES
                  tacit agent list
                  tacit agent list --json
                """)

        @OptionGroup var options: GlobalOptions

        func perform(in context: CommandContext) throws {
            let door = try VaultDoor(context, options, to: "list the agents")
            let agents: Page<AgentSummary> = try door.get(WirePath.agents)
            let console = Console(context)
            if options.json { return console.say(json: agents) }
            if agents.items.isEmpty { return console.say("No agents. `tacit agent add NAME` registers one.") }
            var table = Table("NAME", "REGISTERED", "STATE", "POLICIES")
            for agent in agents.items {
                table.add(
                    .init(agent.name.printable, style: console.style.bold), .init(RelativeTime.text(agent.createdAt, now: context.now())),
                    Self.state(agent, console.style),
                    .init(agent.policies.isEmpty ? "none: it may do nothing" : agent.policies.joined(separator: ", ").printable))
            }
            for line in table.lines(console.style) { console.say(line) }
            if agents.items.contains(where: { $0.frozen == true && $0.revokedAt == nil }) {
                console.note("what is frozen is refused everything: `tacit panic --thaw` lets it act again")
            }
        }

        private static func state(_ agent: AgentSummary, _ style: Style) -> Table.Cell {
            if agent.revokedAt != nil { return .init("revoked", style: style.dim) }
            if agent.frozen == true { return .init("frozen", style: style.red) }
            guard let count = agent.withheldSecrets else { return .init("in force", style: style.green) }
            return .init("output withheld (\(count) secret\(count == 1 ? "" : "s"))", style: style.yellow)
        }
    }

    struct Revoke: Verb {
        static let configuration = CommandConfiguration(
            commandName: "revoke", abstract: "Make an agent's badge worthless at once.",
            discussion: """
                EXAMPLES
                  tacit agent revoke claude
                """)

        @Argument(help: ArgumentHelp("The agent.", valueName: "name"), completion: .agent)
        var name: String
        @OptionGroup var options: GlobalOptions

        func perform(in context: CommandContext) throws {
            let name = try SegmentArgument.checked(name, "the agent")
            let door = try VaultDoor(context, options, to: "revoke the agent `\(name)`")
            try door.askFirst()
            _ = try door.answer("DELETE", WirePath.agent(name))
            try BadgeFile(agent: name, in: context.paths).remove()
            let console = Console(context)
            if options.json { return console.say(json: NameRequest(name: name)) }
            console.say("Revoked the agent \(name). Its badge opens nothing, and its file is gone.")
        }
    }
}
