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
        for row in AuditRow.rows(page.items) {
            table.add(
                .init("\(row.item.index)", style: console.style.dim), .init(RelativeTime.text(row.item.time, now: context.now())),
                .init(row.item.actor.printable), .init(row.item.source.printable), .init(row.item.action.printable, style: console.style.bold),
                .init(row.about), .init(row.result, style: row.item.decision == "allow" ? nil : console.style.red))
        }
        console.say(table.lines(console.style).joined(separator: "\n"))
    }
}
