import ArgumentParser
import TacitWire

/// `tacit tag`
struct TagCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "tag",
        abstract: "Add tags to a secret and remove them.",
        discussion: """
            EXAMPLES
              tacit tag stripe/api-key --add payments --add production
              tacit tag stripe/api-key --remove staging
              tacit list --tag payments
            """)

    @Argument(help: ArgumentHelp("The secret.", valueName: "name"), completion: .secret)
    var name: String

    @Option(name: .customLong("add"), help: ArgumentHelp("A tag to add (may be repeated).", valueName: "tag"))
    var added: [String] = []

    @Option(name: .customLong("remove"), help: ArgumentHelp("A tag to remove (may be repeated).", valueName: "tag"))
    var removed: [String] = []

    @OptionGroup var scope: ScopeOptions
    @OptionGroup var options: GlobalOptions

    func check() throws {
        guard !added.isEmpty || !removed.isEmpty else {
            throw CommandFailure.usage("no tag is named", hint: "name them with `--add TAG` and `--remove TAG`; `tacit show` lists those it has")
        }
        guard Set(added).isDisjoint(with: removed) else { throw CommandFailure.usage("a tag is both added and removed") }
    }

    func perform(in context: CommandContext) throws {
        let reference = try Reference(secret: name, scope, in: context)
        let door = try VaultDoor(context, options, to: "tag `\(reference.name)`")
        let patch = SecretPatch(addTags: added.isEmpty ? nil : added, removeTags: removed.isEmpty ? nil : removed)
        let written: Written = try door.send("PATCH", reference.path, json: patch)
        let console = Console(context)
        if options.json { return console.say(json: written) }
        console.say("Changed the tags of \(reference.name).")
    }
}
