import ArgumentParser
import Glibc
import Policies
import TacitWire

/// `tacit setup`
struct SetupCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "setup",
        abstract: "Give an agent's host the secret tools.",
        discussion: """
            Registers the host's agent under a name of its own, adds Tacit to the host's MCP servers, and tells the model how to use secrets. Everything \
            else in the host's files stays as it is, byte for byte; the file of before is kept beside it. Nothing secret is written there. Where no policy \
            is in force the agent gets one to start from, for this project and environment; where one is in force that says nothing of it, setup shows \
            the rule that is missing and asks whether to add it. Cursor and VS Code take the model's instructions from the \
            project: AGENTS.md of the repository one stands in. Without a host it finds those that are installed and asks about each.

            Under your own user the agent's badge is a name badge: it narrows what the agent may do, and does not keep a hostile one out.

            HOSTS
            \(AgentHost.allCases.map { "  \($0.rawValue)" }.joined(separator: "\n"))
              print           show what to put into the files of any other host

            EXAMPLES
              tacit setup
              tacit setup claude-code
              tacit setup codex -p shop -e staging --dry-run
              tacit setup cursor --remove
            """)

    @Argument(help: ArgumentHelp("The host; without it, those that are installed.", valueName: "host"))
    var host: String?

    @Option(help: ArgumentHelp("The agent's name; without it, the host's.", valueName: "name"))
    var agent: String?

    @Flag(help: "Show what would change, and change nothing.")
    var dryRun = false

    @Flag(help: "Take Tacit out of the host's files again. The agent stays registered: `tacit agent revoke` ends it.")
    var remove = false

    @Flag(help: "Leave the policy as it is. Otherwise an agent that is registered now gets one to start from, where none is in force.")
    var noPolicy = false

    @Flag(help: "To a policy in force that says nothing of the agent, add a rule for it, without a question.")
    var addPolicy = false

    @OptionGroup var scope: ScopeOptions
    @OptionGroup var options: GlobalOptions

    func check() throws {
        if let agent { _ = try SegmentArgument.checked(agent, "the agent") }
        if host == nil, agent != nil {
            throw CommandFailure.usage("`--agent` needs a host", hint: "name one: `tacit setup claude-code --agent NAME`")
        }
        guard !addPolicy || !noPolicy && !dryRun && !remove && host != "print" else {
            throw CommandFailure.usage("`--add-policy` changes the policy", hint: "leave out `--no-policy`, `--dry-run`, `--remove` and `print`")
        }
    }

    func perform(in context: CommandContext) throws {
        let resolver = ScopeResolver(context: context)
        let place = try resolver.scope(scope)
        let console = Console(context)
        if host == "print" { return print(place, console) }
        var manner = HostSetup.Manner(isRemoval: remove, isDryRun: dryRun, startsPolicy: !noPolicy, addsPolicy: addPolicy)
        manner.isPlaceSpoken = try resolver.spoken(scope) == place
        let setup = HostSetup(context, options, scope: place, manner)
        guard let host else { return try performForInstalled(setup, console) }
        guard let known = AgentHost(rawValue: host) else {
            let names = AgentHost.allCases.map(\.rawValue).joined(separator: ", ")
            let hint = suggestion(for: host, among: AgentHost.allCases.map(\.rawValue)).map { "did you mean `\($0)`?" }
            throw CommandFailure.usage(
                "this host is not known", hint: hint ?? "it is one of \(names); for any other, `tacit setup print` shows what to put into its files")
        }
        try report([setup.perform(known, agent: agent ?? known.rawValue)], console, isRoot: context.userID == 0)
    }

    private func performForInstalled(_ setup: HostSetup, _ console: Console) throws {
        let found = AgentHost.allCases.filter(setup.isInstalled)
        guard !found.isEmpty else {
            throw CommandFailure(
                "no host is installed here that Tacit knows", hint: "`tacit setup print` shows what to put into the files of any host",
                status: .notFound, code: "setup.no-host")
        }
        guard dryRun || setup.canAsk else {
            let names = found.map { "`tacit setup \($0.rawValue)`" }.joined(separator: ", ")
            throw CommandFailure.usage("without a terminal nobody can be asked which hosts are meant", hint: "name one: \(names)")
        }
        var outcomes: [HostSetup.Outcome] = []
        for host in found where try dryRun || setup.isWanted(host) { outcomes.append(try setup.perform(host, agent: host.rawValue)) }
        report(outcomes, console, isRoot: setup.context.userID == 0)
    }

    private func report(_ outcomes: [HostSetup.Outcome], _ console: Console, isRoot: Bool) {
        if options.json { return console.say(json: Page(items: outcomes)) }
        for outcome in outcomes { outcome.lines(console.style).forEach(console.say) }
        guard isRoot, outcomes.contains(where: \.mayListPrograms) else { return }
        console.note("as root you can write every program, so no path alone makes one count: \(FileChecks.pinning)")
    }

    private func print(_ place: Scope, _ console: Console) {
        let entry = ServerEntry(program: HostSetup.program, agent: agent ?? "my-agent", scope: place)
        let name = agent ?? "my-agent"
        let json = JSONText.object([("mcpServers", .object([(AgentHost.serverName, entry.json(for: .claudeDesktop))]))])
        console.say("1. Register the agent: tacit agent add \(name)")
        console.say("2. Put this into the host's MCP configuration:\n\(json.rendered(indent: "", unit: "  "))")
        console.say("3. Give the model these instructions:\n\(ModelInstructions.lines.joined(separator: "\n"))")
    }
}
