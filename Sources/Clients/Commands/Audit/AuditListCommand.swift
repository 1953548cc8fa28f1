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
              tacit audit list --since yesterday --agent claude
              tacit audit list --secret stripe/api-key --action secret.reveal
              tacit audit list --denied --since 2026-11-21 --until 2026-11-22
              tacit audit list --from 1200 --limit 100 --json
            """)

    @Option(name: .customLong("limit"), help: ArgumentHelp("How many, at most 5000.", valueName: "n"))
    var limit = 50

    @Option(name: .customLong("from"), help: ArgumentHelp("From this index on; without it, the newest.", valueName: "index"))
    var from: Int64?

    @Option(name: .customLong("since"), help: ArgumentHelp("From this time on.", valueName: "time"))
    var since: String?

    @Option(name: .customLong("until"), help: ArgumentHelp("Before this time.", valueName: "time"))
    var until: String?

    @Option(name: .customLong("agent"), help: ArgumentHelp("What this agent did or asked for.", valueName: "name"), completion: .agent)
    var agent: String?

    @Option(
        name: .customLong("secret"), help: ArgumentHelp("About this secret, in any environment, or as PROJECT/ENVIRONMENT/NAME.", valueName: "name"))
    var secret: String?

    @Option(name: .customLong("action"), help: ArgumentHelp("Acts of this name, or whose name begins so: secret, run …", valueName: "name"))
    var action: String?

    @Flag(name: .customLong("denied"), help: "Only what was denied.")
    var isDenied = false

    @OptionGroup var options: GlobalOptions

    private var isFiltered: Bool { isDenied || [since, until, agent, secret, action].contains { $0 != nil } }

    func check() throws {
        guard from == nil || !isFiltered else {
            throw CommandFailure.usage("`--from` shows entries as they follow each other", hint: "leave it out, or the other conditions")
        }
        guard (1...5000).contains(limit) else { throw CommandFailure.usage("`--limit` is 1 to 5000") }
        guard from ?? 0 >= 0 else { throw CommandFailure.usage("entries are counted from 0") }
    }

    func perform(in context: CommandContext) throws {
        let door = try VaultDoor(context, options, to: "read the audit log")
        let page: Page<AuditItem> = try door.get("\(WirePath.audit)?limit=\(limit)" + (from.map { "&from=\($0)" } ?? "") + filter(context))
        let console = Console(context)
        if options.json { return console.say(json: page) }
        if page.items.isEmpty { return console.say(isFiltered ? "No such entries." : "No entries.") }
        var table = Table("INDEX", "TIME", "WHO", "HOW", "WHAT", "ABOUT", "RESULT")
        for row in AuditRow.rows(page.items) {
            table.add(
                .init("\(row.item.index)", style: console.style.dim), .init(RelativeTime.text(row.item.time, now: context.now())),
                .init(row.item.actor.printable), .init(row.item.source.printable), .init(row.item.action.printable, style: console.style.bold),
                .init(row.about), .init(row.result, style: row.item.decision == "allow" ? nil : console.style.red))
        }
        console.say(table.lines(console.style).joined(separator: "\n"))
    }

    private func filter(_ context: CommandContext) throws -> String {
        func moment(_ text: String?, _ option: String) throws -> String? {
            try text.map { RelativeTime.moment(try PastMoment.seconds($0, after: option, now: context.now())) }
        }
        let parts = [
            ("since", try moment(since, "--since")), ("until", try moment(until, "--until")), ("agent", agent), ("secret", secret),
            ("action", action),
            ("denied", isDenied ? "true" : nil),
        ]
        return parts.compactMap { name, value in value.map { "&\(name)=\(WirePath.encoded($0))" } }.joined()
    }
}
