import ArgumentParser
import TacitClient
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
        let console = Console(context)
        let before = options.json ? nil : tags(of: reference, through: door)
        if let before, removed.allSatisfy({ !before.contains($0) }), added.allSatisfy(before.contains) {
            let tags = Self.list(added.map { "the tag \($0)" } + removed.map { "no tag \($0)" })
            return console.say("Nothing to change: \(reference.name) has \(tags).".printable)
        }
        let patch = SecretPatch(addTags: added.isEmpty ? nil : added, removeTags: removed.isEmpty ? nil : removed)
        let written: Written = try door.send("PATCH", reference.path, json: patch)
        if options.json { return console.say(json: written) }
        console.say("Changed the tags of \(reference.name).")
        let vain = removed.filter { before?.contains($0) == false }
        if !vain.isEmpty { console.note("\(reference.name) has \(Self.list(vain.map { "no tag \($0)" }))".printable) }
    }

    /// The tags that it has, where this command is told.
    private func tags(of reference: Reference, through door: VaultDoor) -> [String]? {
        guard let secret: SecretDetail = try? VaultDoor.decode(try door.plain("GET", reference.path).body), secret.deletedAt == nil else {
            return nil
        }
        return secret.tags
    }

    private static func list(_ words: [String]) -> String {
        guard let last = words.last, words.count > 1 else { return words.joined() }
        return words.dropLast().joined(separator: ", ") + " and " + last
    }
}
