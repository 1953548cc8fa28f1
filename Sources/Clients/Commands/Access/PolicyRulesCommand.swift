import ArgumentParser
import Policies
import TacitWire

/// `tacit policy rules`
struct PolicyRulesCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "rules", abstract: "List the rules of a policy, and how much each can be relied on.",
        discussion: """
            Tag rules stand in the order in which they are asked. `enforced` is what an agent cannot get round; `ceremony` is what it can satisfy \
            itself: it slows down and leaves a trace.

            EXAMPLES
              tacit policy rules
              tacit policy rules policy.yaml
            """)

    @Argument(help: ArgumentHelp("The YAML file; - for standard input. Without it, the policy in force.", valueName: "file"))
    var file: String?
    @OptionGroup var options: GlobalOptions

    /// What `--json` prints.
    struct Row: Codable, Sendable, Equatable {
        var name: String
        var kind: String
        var subject: String
        var agents: String
        var strength: String
        var reason: String
    }

    func perform(in context: CommandContext) throws {
        let rules = try document(in: context).ruleSummaries
        let console = Console(context)
        if options.json {
            return console.say(
                json: Page(
                    items: rules.map {
                        Row(name: $0.name, kind: $0.kind, subject: $0.subject, agents: $0.agents, strength: $0.strength, reason: $0.reason)
                    }))
        }
        guard !rules.isEmpty else { return console.note("the policy has no rules") }
        var table = Table("RULE", "KIND", "ABOUT", "AGENTS", "STRENGTH", "BECAUSE")
        for rule in rules {
            table.add(
                .init(rule.name, style: console.style.bold), .init(rule.kind), .init(rule.subject), .init(rule.agents), .init(rule.strength),
                .init(rule.reason))
        }
        for line in table.lines(console.style) { console.say(line) }
    }

    private func document(in context: CommandContext) throws -> PolicyDocument {
        if let file { return try PolicyText(path: file, in: context).document }
        let door = try VaultDoor(context, options, to: "read the policy")
        return try PolicyText.document(of: door.get(WirePath.policy))
    }
}
