import ArgumentParser
import TacitWire

/// `tacit list`
struct ListCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List secrets, never values.",
        discussion: """
            EXAMPLES
              tacit list
              tacit list -p shop -e production --tree
              tacit list --tag payments --expiring 7d
              tacit list --search stripe --json
            """)

    @Option(name: .customLong("tag"), help: ArgumentHelp("Only those with this tag.", valueName: "tag"))
    var tag: String?

    @Option(name: .customLong("expiring"), help: ArgumentHelp("Only those that expire within this span, such as 7d.", valueName: "span"))
    var expiring: String?

    @Option(name: .customLong("search"), help: ArgumentHelp("Only those with this in the name, description or a tag.", valueName: "text"))
    var search: String?

    @Flag(name: .customLong("deleted"), help: "Show deleted ones too, as long as they can be undeleted.")
    var includesDeleted = false

    @Flag(name: .customLong("tree"), help: "Show the names as a tree.")
    var isTree = false

    @Flag(name: .customLong("all-pages"), help: "Show all of them, not only the first 1,000.")
    var allPages = false

    @OptionGroup var scope: ScopeOptions
    @OptionGroup var options: GlobalOptions

    func perform(in context: CommandContext) throws {
        let scope = try ScopeResolver(context: context).scope(scope)
        let door = try VaultDoor(context, options, to: "list the secrets of \(scope.text)")
        let page = try door.list(scope, query, allPages: allPages)
        let console = Console(context)
        if options.json { return console.say(json: page) }
        guard !page.items.isEmpty else { return console.say(PlacedCommands(at: scope, in: context).completed(emptySentence(scope))) }
        let lines = isTree ? SecretTree(page.items).lines(console.style, now: context.now()) : table(page.items, console.style, now: context.now())
        console.say(lines.joined(separator: "\n"))
        if page.nextCursor != nil { console.note("these are the first \(page.items.count); `--all-pages` shows all") }
    }

    private var query: [(String, String)] {
        var query: [(String, String)] = []
        if let tag { query.append(("tag", tag)) }
        if let expiring { query.append(("expiring", expiring)) }
        if let search { query.append(("search", search)) }
        if includesDeleted { query.append(("deleted", "true")) }
        return query
    }

    private func emptySentence(_ scope: Scope) -> String {
        query.isEmpty ? "No secrets in \(scope.text). `tacit set NAME` stores one." : "No secrets in \(scope.text) are like that."
    }

    private func table(_ items: [SecretSummary], _ style: Style, now: Int64) -> [String] {
        var table = Table("NAME", "VERSION", "UPDATED", "EXPIRES", "TAGS", "DESCRIPTION")
        for item in items {
            let isDeleted = item.deletedAt != nil
            table.add(
                .init(item.name.printable, style: isDeleted ? style.dim : style.bold), .init("\(item.version)"),
                .init(isDeleted ? "deleted" : RelativeTime.text(item.updatedAt, now: now), style: style.dim),
                Expiry.cell(item.expiresAt, style, now: now), .init(item.tags.joined(separator: " ").printable),
                .init((item.description ?? "").printable))
        }
        return table.lines(style)
    }
}

/// How an expiry is shown.
enum Expiry {
    static func cell(_ moment: String?, _ style: Style, now: Int64) -> Table.Cell {
        guard let moment else { return "" }
        let text = RelativeTime.text(moment, now: now)
        let left = (RelativeTime.seconds(of: moment) ?? .max) - now
        return .init(left <= 0 ? "expired \(text)" : text, style: left <= 0 ? style.red : left < 7 * 86_400 ? style.yellow : nil)
    }
}
