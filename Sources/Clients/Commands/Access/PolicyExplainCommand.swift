import ArgumentParser
import Policies
import TacitWire

/// `tacit policy explain`
struct PolicyExplainCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Tell what the policy in force would decide, and why.",
        discussion: """
            With a command behind `--`, its program is looked up and opened as a run of the agent would open it, and not executed: you see whether it \
            counts, and as what. With `--request` you see what the request rules say of it; without a name it is a request without a token.

            EXAMPLES
              tacit policy explain claude stripe/api-key
              tacit policy explain claude db/main --capability masked_return -e prod
              tacit policy explain claude stripe/api-key -- curl -s https://x
              tacit policy explain claude npm/token --request "GET https://a.example/x"
              tacit policy explain claude db/main --tag live --given approval
              tacit policy explain unidentified
            """)

    @Argument(help: ArgumentHelp("The agent; `unidentified` for programs without a badge.", valueName: "agent"), completion: .agent)
    var agent: String
    @Argument(help: ArgumentHelp("The secret; without it, listing the environment.", valueName: "name"))
    var name: String?
    @Option(
        name: .customLong("capability"), help: ArgumentHelp("What it would do with it: env_inject, or broker for a request.", valueName: "capability")
    )
    var capability: String?
    @Option(name: .customLong("tag"), help: ArgumentHelp("A tag that the secret is taken to have, in the place of its own.", valueName: "tag"))
    var tags: [String] = []
    @Option(name: .customLong("model"), help: ArgumentHelp("The model that the agent would report.", valueName: "model"))
    var model: String?
    @Option(
        name: .customLong("given"),
        help: ArgumentHelp("What is taken to be so: session, acknowledgement or approval.", valueName: "condition"))
    var given: [String] = []
    @Option(
        name: .customLong("request"),
        help: ArgumentHelp("The request that would leave through the broker: METHOD URL.", valueName: "request"))
    var request: String?
    @Option(
        name: .customLong("place"),
        help: ArgumentHelp("Where in it the token would stand, such as `bearer`.", valueName: "place"))
    var place: String?
    @Option(
        name: .customLong("operation"),
        help: ArgumentHelp("What it would ask of a GraphQL service, such as `query viewer`.", valueName: "operation"))
    var operations: [String] = []
    @Argument(parsing: .postTerminator, help: ArgumentHelp("The command that would have the secret.", valueName: "command"))
    var command: [String] = []
    @OptionGroup var scope: ScopeOptions
    @OptionGroup var options: GlobalOptions

    func check() throws {
        try Self.check(capability.map { [$0] } ?? [], "capability", among: Capability.allCases.map(\.rawValue), of: "--capability")
        try Self.check(given, "condition", among: ["session", "acknowledgement", "approval"], of: "--given")
    }

    private static func check(_ words: [String], _ thing: String, among all: [String], of option: String) throws {
        guard !words.allSatisfy(all.contains) else { return }
        throw CommandFailure.usage("what follows `\(option)` is no \(thing)", hint: "it is one of \(all.joined(separator: ", "))")
    }

    func perform(in context: CommandContext) throws {
        let agent = try SegmentArgument.checked(agent, "the agent")
        let reference = try name.map { try Reference(secret: $0, scope, in: context) }
        let environment = try reference?.scope ?? ScopeResolver(context: context).scope(scope)
        let door = try VaultDoor(context, options, to: "explain the policy")
        let question = PolicyQuestion(
            agent: agent, scope: environment.text, name: reference?.name, capability: capability ?? (request == nil ? "env_inject" : "broker"),
            tags: tags.isEmpty ? nil : tags, model: model, given: given.isEmpty ? nil : given, argv: command.isEmpty ? nil : command,
            request: request, place: place, operations: operations.isEmpty ? nil : operations)
        let answer: PolicyAnswer = try door.send("POST", WirePath.policyExplain, json: question)
        let console = Console(context)
        if options.json { return console.say(json: answer) }
        let style = console.style
        console.say(answer.allowed ? style.green("allowed") : "\(style.red("denied")) (\(answer.code.printable))")
        for step in answer.steps { console.say("  \(step.printable)") }
        if let rule = answer.rule { console.say(style.dim("decided by \(rule.printable)")) }
    }
}
