import ArgumentParser
import TacitWire

/// `tacit audit list`
struct AuditListCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List entries, the newest last.",
        discussion: """
            EXAMPLES
              tacit audit list
              tacit audit list --limit 500
              tacit audit list --from 1200 --limit 100 --json
            """)

    @Option(name: .customLong("limit"), help: ArgumentHelp("How many, at most 5000.", valueName: "n"))
    var limit = 50

    @Option(name: .customLong("from"), help: ArgumentHelp("From this index on; without it, the newest.", valueName: "index"))
    var from: Int64?

    @OptionGroup var options: GlobalOptions

    func check() throws {
        guard (1...5000).contains(limit) else { throw CommandFailure.usage("`--limit` is 1 to 5000") }
        guard from ?? 0 >= 0 else { throw CommandFailure.usage("entries are counted from 0") }
    }

    func perform(in context: CommandContext) throws {
        let door = try VaultDoor(context, options, to: "read the audit log")
        let page: Page<AuditItem> = try door.get("\(WirePath.audit)?limit=\(limit)" + (from.map { "&from=\($0)" } ?? ""))
        let console = Console(context)
        if options.json { return console.say(json: page) }
        if page.items.isEmpty { return console.say("No entries.") }
        var table = Table("INDEX", "TIME", "WHO", "HOW", "WHAT", "ABOUT", "RESULT")
        for item in page.items {
            table.add(
                .init("\(item.index)", style: console.style.dim), .init(RelativeTime.text(item.time, now: context.now())),
                .init(item.actor.printable), .init(item.source.printable), .init(item.action.printable, style: console.style.bold),
                .init(Self.about(item)), Self.result(item, console.style))
        }
        console.say(table.lines(console.style).joined(separator: "\n"))
    }

    private static func about(_ item: AuditItem) -> String {
        guard item.subjects.count > 3 else { return item.subjects.joined(separator: ", ").printable }
        return item.subjects.prefix(2).joined(separator: ", ").printable + " and \(item.subjects.count - 2) more"
    }

    private static func result(_ item: AuditItem, _ style: Style) -> Table.Cell {
        var text = item.decision == "allow" ? (item.phase ?? "done") : "denied" + (item.details["code"].map { " (\($0))" } ?? "")
        if let repeated = item.repeated { text += " ×\(repeated)" }
        return .init(text.printable, style: item.decision == "allow" ? nil : style.red)
    }
}
