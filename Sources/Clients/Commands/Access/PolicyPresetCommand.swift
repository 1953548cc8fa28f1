import ArgumentParser
import Policies
import TacitWire

/// `tacit policy preset`
struct PolicyPresetCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "preset", abstract: "List request rules for what programs mostly need, print them, or add them to the policy.",
        discussion: """
            Requests go nowhere that no rule lists. A preset is a few rules under one name, for one agent in one environment; what is printed is text to \
            read and to change. The agent's policy needs the capability `broker` besides, and the secrets among its `allowed_keys`.

            PRESETS
            \(RequestPreset.all.map { "  \($0.name)\n      \($0.purpose)" }.joined(separator: "\n"))

            EXAMPLES
              tacit policy preset
              tacit policy preset package-indexes --agent claude
              tacit policy preset read-only-github --agent claude -k github/token
              tacit policy preset read-only-github --agent claude -k github/token --add
            """)

    @Argument(help: ArgumentHelp("The preset; without one they are listed.", valueName: "preset"))
    var name: String?
    @Option(name: .customLong("agent"), help: ArgumentHelp("The agent, as its badge names it.", valueName: "name"), completion: .agent)
    var agent: String?
    @Option(
        name: [.customShort("k"), .customLong("key")], help: ArgumentHelp("A secret, or a pattern, whose token the requests have.", valueName: "key"),
        completion: .secret)
    var keys: [String] = []
    @Option(name: .customLong("repository"), help: ArgumentHelp("The repository that a preset is about.", valueName: "owner/name"))
    var repository: String?
    @Flag(name: .customLong("add"), help: "Put the rules in force behind those of the policy.")
    var adds = false
    @OptionGroup var scope: ScopeOptions
    @OptionGroup var options: GlobalOptions

    func perform(in context: CommandContext) throws {
        let console = Console(context)
        guard let name else { return list(on: console) }
        guard let preset = RequestPreset.all.first(where: { $0.name == name }) else {
            throw CommandFailure.usage("there is no such preset", hint: "`tacit policy preset` lists them")
        }
        guard let agent else { throw CommandFailure.usage("rules are about an agent", hint: "name it by `--agent`; `tacit agent list` shows them") }
        let holder = try SegmentArgument.checked(agent, "the agent given by `--agent`")
        guard preset.takesKeys != keys.isEmpty else {
            throw preset.takesKeys
                ? CommandFailure.usage("this preset is about requests with a secret", hint: "name it by `-k`")
                : CommandFailure.usage("this preset is about requests without a token", hint: "leave `-k` out")
        }
        try checkKeys()
        guard preset.takesRepository == (repository != nil), repository.map(Self.isRepository) ?? true else {
            throw preset.takesRepository
                ? CommandFailure.usage("this preset is about one repository", hint: "name it by `--repository OWNER/NAME`")
                : CommandFailure.usage("this preset is about no repository", hint: "leave `--repository` out")
        }
        let items = preset.items(agent: holder, in: try ScopeResolver(context: context).scope(scope), keys: keys, repository: repository ?? "")
        let addition = PolicyAddition(sections: [("request_rules", items)])
        guard adds else { return console.say(addition.lines.joined(separator: "\n")) }
        try add(addition, for: holder, context)
    }

    /// Refuses what can be no pattern of a rule, as the policy would. It is not repeated: a value may have been typed.
    private func checkKeys() throws {
        for key in keys {
            do throws(GlobError) { _ = try Glob(key, over: .secret) } catch {
                let isField = key.split(separator: "#", maxSplits: 1).count == 2
                throw CommandFailure.usage(
                    "a `-k` is no name of a secret, and no pattern of names",
                    hint: isField
                        ? "rules are about whole secrets: name it without its field"
                        : "write NAME, or a pattern such as `github/*`; --project and --env say where")
            }
        }
    }

    private static func isRepository(_ text: String) -> Bool {
        text.wholeMatch(of: #/[A-Za-z0-9_-][A-Za-z0-9._-]*/[A-Za-z0-9_-][A-Za-z0-9._-]*/#) != nil
    }

    private func list(on console: Console) {
        if options.json { return console.say(json: RequestPreset.all.map { Listed(name: $0.name, purpose: $0.purpose, takesKeys: $0.takesKeys) }) }
        let width = RequestPreset.all.map(\.name.count).max() ?? 0
        for preset in RequestPreset.all {
            console.say(preset.name + String(repeating: " ", count: width - preset.name.count + 2) + preset.purpose)
        }
    }

    private struct Listed: Encodable {
        let name: String
        let purpose: String
        let takesKeys: Bool
    }

    /// Shows what the policy in force would have besides, and puts it in force.
    private func add(_ addition: PolicyAddition, for agent: String, _ context: CommandContext) throws {
        let console = Console(context)
        let door = try VaultDoor(context, options, to: "add rules for \(agent) to the policy")
        try door.takePassword()
        let state: PolicyState = try door.get(WirePath.policy)
        guard state.version > 0 else {
            throw CommandFailure(
                "there is no policy in force to which rules could be added",
                hint: "begin with one: `tacit policy init claude-code`, or `tacit policy edit`",
                status: .failed, code: "policy.none")
        }
        let before = try PolicyText.yaml(of: state)
        guard let after = addition.added(to: before) else {
            throw CommandFailure(
                "these rules cannot be put behind those of the policy line by line",
                hint: "print them without `--add`, and put them in by `tacit policy edit`; rules of the same name may be there already",
                status: .failed, code: "policy.not-added")
        }
        for line in LineDifference(from: before, to: after.yaml).lines { console.note(line.printable) }
        try door.askFirst()
        let applied = try after.apply(through: door, replacing: state.version)
        if options.json { return console.say(json: applied) }
        console.say("Policy version \(applied.version) is in force.")
    }
}
