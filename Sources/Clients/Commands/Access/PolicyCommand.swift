import ArgumentParser
import TacitWire

/// `tacit policy`
struct PolicyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Say what agents may use: edit, apply, show and explain the policy.",
        discussion: """
            The policy is kept inside the vault, where no agent can write it. Without one, agents may do nothing.

            EXAMPLES
              tacit policy edit
              tacit policy apply policy.yaml
              tacit policy explain claude stripe/api-key --capability env_inject
            """,
        subcommands: [PolicyEditCommand.self, Apply.self, Show.self, Explain.self])

    struct Apply: Verb {
        static let configuration = CommandConfiguration(
            commandName: "apply", abstract: "Put a policy file in force.",
            discussion: """
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
            let limit = PolicyText.maximumByteCount
            let name = file == "-" ? "standard input" : file
            let yaml =
                file == "-"
                ? try Input.readAll(context.input, limit: limit, naming: name) : try Input.readFile(file, limit: limit, naming: "the policy file")
            let policy = try PolicyText(yaml: yaml, naming: name)
            try door.askFirst()
            let version = try policy.apply(through: door)
            let console = Console(context)
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

    struct Explain: Verb {
        static let configuration = CommandConfiguration(
            commandName: "explain", abstract: "Tell what the policy would decide, and why.",
            discussion: """
                EXAMPLES
                  tacit policy explain claude stripe/api-key
                  tacit policy explain claude db/main --capability masked_return -e prod
                  tacit policy explain unidentified
                """)

        @Argument(help: ArgumentHelp("The agent; `unidentified` for programs without a badge.", valueName: "agent"))
        var agent: String
        @Argument(help: ArgumentHelp("The secret; without it, listing the environment.", valueName: "name"))
        var name: String?
        @Option(name: .customLong("capability"), help: ArgumentHelp("What it would do with it.", valueName: "capability"))
        var capability = "env_inject"
        @OptionGroup var scope: ScopeOptions
        @OptionGroup var options: GlobalOptions

        func perform(in context: CommandContext) throws {
            let agent = try SegmentArgument.checked(agent, "the agent")
            let reference = try name.map { try Reference(secret: $0, scope, in: context) }
            let place = try reference?.scope ?? ScopeResolver(context: context).scope(scope)
            let door = try VaultDoor(context, options, to: "explain the policy")
            let question = PolicyQuestion(agent: agent, scope: place.text, name: reference?.name, capability: capability)
            let answer: PolicyAnswer = try door.send("POST", WirePath.policyExplain, json: question)
            let console = Console(context)
            if options.json { return console.say(json: answer) }
            let style = console.style
            console.say(answer.allowed ? style.green("allowed") : "\(style.red("denied")) (\(answer.code.printable))")
            for step in answer.steps { console.say("  \(step.printable)") }
            if let rule = answer.rule { console.say(style.dim("decided by \(rule.printable)")) }
        }
    }
}
