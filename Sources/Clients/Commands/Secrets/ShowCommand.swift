import ArgumentParser
import TacitWire

/// `tacit show`
struct ShowCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show what describes a secret: fields, tags, times, versions. Never a value.",
        discussion: """
            EXAMPLES
              tacit show stripe/api-key
              tacit show tacit://shop/production/db/main --json
            """)

    @Argument(help: ArgumentHelp("The secret.", valueName: "name"), completion: .secret)
    var name: String

    @OptionGroup var scope: ScopeOptions
    @OptionGroup var options: GlobalOptions

    /// How many versions are shown; `tacit history` shows all.
    private static let shownVersions = 5

    func perform(in context: CommandContext) throws {
        let reference = try Reference(secret: name, scope, in: context)
        let console = Console(context)
        let door = try VaultDoor(context, options, to: "show `\(reference.name)`")
        let secret: SecretDetail = try door.get(reference.path)
        if options.json { return console.say(json: secret) }
        let versions: Page<VersionSummary> = try door.get("\(reference.path)/versions")
        console.say("\(console.style.bold(secret.name.printable))  \(console.style.dim("in \(reference.scope.text)"))")
        for line in facts(secret, console.style, now: context.now()).lines(console.style) { console.say(line) }
        console.say("")
        for line in VersionTable.lines(Array(versions.items.prefix(Self.shownVersions)), console.style, now: context.now()) { console.say(line) }
        if versions.items.count > Self.shownVersions {
            let next = "`tacit history \(try reference.spoken(in: context))` shows them"
            console.say(console.style.dim("… and \(versions.items.count - Self.shownVersions) older: \(next)"))
        }
    }

    private func facts(_ secret: SecretDetail, _ style: Style, now: Int64) -> FactList {
        func moment(_ text: String?) -> String? { text.map { "\(RelativeTime.text($0, now: now))  \(style.dim($0.printable))" } }
        var facts = FactList()
        facts.add("description", secret.description?.printable)
        for (position, field) in secret.fields.enumerated() { facts.add(position == 0 ? "fields" : "", Self.word(field)) }
        facts.add("tags", secret.tags.joined(separator: " ").printable)
        facts.add("url", secret.url?.printable)
        for (position, line) in (secret.note ?? "").split(separator: "\n").enumerated() {
            facts.add(position == 0 ? "note" : "", line.description.printable)
        }
        facts.add("created", moment(secret.createdAt))
        facts.add("updated", moment(secret.updatedAt))
        facts.add("expires", moment(secret.expiresAt))
        facts.add("deleted", moment(secret.deletedAt))
        facts.add("purged", moment(secret.purgeAfter))
        return facts
    }

    private static func word(_ field: FieldSummary) -> String {
        field.name.printable + (field.kind == .plain ? " (plain)" : "") + (field.binding.map { " → $\($0.printable)" } ?? "")
    }
}

/// Versions in a table, newest first.
enum VersionTable {
    static func lines(_ versions: [VersionSummary], _ style: Style, now: Int64) -> [String] {
        var table = Table("VERSION", "STORED", "FIELDS", "")
        for version in versions {
            table.add(
                .init("\(version.number)", style: style.bold), .init(RelativeTime.text(version.createdAt, now: now)),
                .init(version.fields.map(\.name).joined(separator: " ").printable),
                .init(version.isCurrent ? "current" : "", style: style.green))
        }
        return table.lines(style)
    }
}
