import ArgumentParser
import TacitWire

/// `tacit history`
struct HistoryCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "List the versions of a secret.",
        discussion: """
            EXAMPLES
              tacit history stripe/api-key
              tacit history stripe/api-key --json
            """)

    @Argument(help: ArgumentHelp("The secret.", valueName: "name"), completion: .secret)
    var name: String

    @OptionGroup var scope: ScopeOptions
    @OptionGroup var options: GlobalOptions

    func perform(in context: CommandContext) throws {
        let reference = try Reference(secret: name, scope, in: context)
        let door = try VaultDoor(context, options, to: "list the versions of `\(reference.name)`")
        let versions: Page<VersionSummary> = try door.get("\(reference.path)/versions")
        let console = Console(context)
        if options.json { return console.say(json: versions) }
        for line in VersionTable.lines(versions.items, console.style, now: context.now()) { console.say(line) }
    }
}
