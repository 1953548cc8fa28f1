import ArgumentParser
import Policies
import TacitWire

/// `tacit policy diff`
struct PolicyDiffCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Show what a policy file would change, in text and in decisions.",
        discussion: """
            Both policies are asked the same questions: about each registered agent and each secret in the vault, and about an example of each \
            pattern that they write. Nothing is put in force.

            EXAMPLES
              tacit policy diff policy.yaml
              tacit policy diff policy.yaml --decisions
            """)

    @Argument(help: ArgumentHelp("The YAML file; - for standard input.", valueName: "file"))
    var file: String
    @Flag(name: .customLong("decisions"), help: "Leave out what changes in the text.")
    var onlyDecisions = false
    @OptionGroup var options: GlobalOptions

    /// What `--json` prints.
    struct Report: Encodable {
        var text: [String]
        var changes: [Change]
        var questions: Int
        var isCut: Bool

        struct Change: Encodable {
            var agent: String
            var environment: String
            var secrets: [String]
            var capabilities: [String]
            var circumstances: String?
            var before: String
            var after: String
        }
    }

    func perform(in context: CommandContext) throws {
        let door = try VaultDoor(context, options, to: "compare policies")
        try door.takePassword()
        let new = try PolicyText(path: file, in: context)
        let state: PolicyState = try door.get(WirePath.policy)
        let agents: Page<AgentSummary> = try door.get(WirePath.agents)
        let comparison = PolicyComparison(
            from: try PolicyText.document(of: state), to: new.document, agents: agents.items.filter { $0.revokedAt == nil }.map(\.name),
            secrets: try door.allSecrets())
        let before = state.version == 0 ? "" : try PolicyText.yaml(of: state)
        let lines = LineDifference(from: before, to: new.yaml).lines
        let console = Console(context)
        if options.json { return console.say(json: report(lines, comparison)) }
        if !onlyDecisions { say(lines, console) }
        say(comparison, console)
    }

    private func report(_ lines: [String], _ comparison: PolicyComparison) -> Report {
        let changes = comparison.changes.map {
            Report.Change(
                agent: $0.agent, environment: $0.place, secrets: $0.secrets, capabilities: $0.capabilities,
                circumstances: $0.circumstances.isEmpty ? nil : $0.circumstances, before: $0.before, after: $0.after)
        }
        return Report(text: onlyDecisions ? [] : lines, changes: changes, questions: comparison.questionCount, isCut: comparison.isCut)
    }

    private func say(_ lines: [String], _ console: Console) {
        for line in lines {
            let shown = line.printable
            console.say(line.hasPrefix("+") ? console.style.green(shown) : line.hasPrefix("-") ? console.style.red(shown) : shown)
        }
        if !lines.isEmpty { console.say("") }
    }

    private func say(_ comparison: PolicyComparison, _ console: Console) {
        let style = console.style
        var heading = ""
        for change in comparison.changes {
            let next = "\(change.agent) in \(change.place)"
            if next != heading { console.say(style.bold(next)) }
            heading = next
            let condition = change.circumstances.isEmpty ? "" : ", \(change.circumstances)"
            console.say("  \(change.capabilities.joined(separator: ", "))\(condition): \(change.before) → \(style.bold(change.after))")
            let shown = change.secrets.prefix(Self.shownSecrets).joined(separator: ", ")
            let rest = change.secrets.count - Self.shownSecrets
            console.say(style.dim("    \(shown.printable)\(rest > 0 ? " and \(rest) more" : "")"))
        }
        if comparison.changes.isEmpty { console.say("No decision changes.") }
        console.say(style.dim("\(comparison.questionCount) questions asked of both"))
        if comparison.isCut { console.warn("there are more questions than were asked: what is not shown may change too") }
    }

    private static let shownSecrets = 8
}

extension VaultDoor {
    /// Every secret of every environment, with its tags.
    fileprivate func allSecrets() throws -> [PolicyComparison.Secret] {
        let projects: Page<NamedSummary> = try get(WirePath.projects)
        var secrets: [PolicyComparison.Secret] = []
        for project in projects.items {
            let environments: Page<NamedSummary> = try get(WirePath.environments(project.name))
            for environment in environments.items {
                let scope = Scope(project: project.name, environment: environment.name)
                secrets += try list(scope, allPages: true).items.map { .init(scope: scope.text, name: $0.name, tags: $0.tags) }
            }
        }
        return secrets
    }
}
