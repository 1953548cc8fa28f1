import ArgumentParser
import TacitWire

/// `tacit policy`
struct PolicyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Say what agents may use: write, test, compare and explain the policy.",
        discussion: """
            The policy is kept inside the vault, where no agent can write it. Without one, agents may do nothing. docs/POLICY.md describes it.

            EXAMPLES
              tacit policy init claude-code > policy.yaml
              tacit policy test policy.yaml
              tacit policy diff policy.yaml
              tacit policy apply policy.yaml
              tacit policy explain claude-code stripe/api-key -- curl -s x
            """,
        subcommands: [
            PolicyInitCommand.self, PolicyPresetCommand.self, PolicyEditCommand.self, Apply.self, Show.self, PolicyRulesCommand.self,
            PolicyTestCommand.self,
            PolicyDiffCommand.self, PolicyExplainCommand.self,
        ])

    struct Apply: Verb {
        static let configuration = CommandConfiguration(
            commandName: "apply", abstract: "Put a policy file in force.",
            discussion: """
                A file with a mistake, or with a test of its own that fails, is refused.

                EXAMPLES
                  tacit policy apply policy.yaml
                  generate-policy | tacit policy apply -
                """)

        @Argument(help: ArgumentHelp("The YAML file; - for standard input.", valueName: "file"))
        var file: String
        @OptionGroup var options: GlobalOptions

        func perform(in context: CommandContext) throws {
            let door = try VaultDoor(context, options, to: "put a policy in force")
            try door.takePassword()
            let policy = try PolicyText(path: file, in: context)
            try policy.checkTests()
            try door.askFirst()
            let version = try policy.apply(through: door)
            let console = Console(context)
            policy.noteListings(on: console)
            if options.json { return console.say(json: version) }
            console.say("Policy version \(version.version) is in force.")
        }
    }

    struct Show: Verb {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Print the policy in force.",
            discussion: """
                EXAMPLES
                  tacit policy show > policy.yaml
                  tacit policy show --json-document
                """)

        @Flag(name: .customLong("json-document"), help: "Print the JSON document that decides instead of the YAML it was made from.")
        var isDocument = false
        @OptionGroup var options: GlobalOptions

        func perform(in context: CommandContext) throws {
            let door = try VaultDoor(context, options, to: "show the policy")
            let state: PolicyState = try door.get(WirePath.policy)
            let console = Console(context)
            if options.json { return console.say(json: state) }
            guard state.version > 0 else { return console.note("no policy is in force: agents may do nothing. `tacit policy edit` makes one") }
            let text = isDocument ? state.document ?? "" : try PolicyText.yaml(of: state)
            console.say(text.hasSuffix("\n") ? String(text.dropLast()) : text)
        }
    }
}
