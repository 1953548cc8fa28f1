import ArgumentParser
import TacitWire

/// `tacit audit list`
struct AuditListCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List entries, the newest last.",
        discussion: """
            Conditions add up. A time is yesterday, monday, 2h30m (ago), 14:30, 2026-11-21, 2026-11-21T14:30, or 2026-11-21T14:30:00Z; a day means its beginning, and a \
            weekday the last one, today among them.

            EXAMPLES
              tacit audit list
              tacit audit list --on yesterday --denied
              tacit audit list --since monday --agent claude
              tacit audit list --since 2h30m --secret stripe/api-key
              tacit audit list --since 2026-11-21 --until 2026-11-22 --action secret
              tacit audit list --follow --agent claude
              tacit audit list --from 1200 --limit 100 --json
            """)

    @Flag(name: [.customShort("f"), .customLong("follow")], help: "Go on with those that are written, until Ctrl-C or until the vault is locked.")
    var follow = false

    @Option(name: .customLong("limit"), help: ArgumentHelp("How many, at most 5000; without it 50, and 10 before those that come.", valueName: "n"))
    var limit: Int?

    @Option(name: .customLong("from"), help: ArgumentHelp("From this index on; without it, the newest.", valueName: "index"))
    var from: Int64?

    @Option(name: .customLong("since"), help: ArgumentHelp("From this time on.", valueName: "time"))
    var since: String?

    @Option(name: .customLong("until"), help: ArgumentHelp("Before this time.", valueName: "time"))
    var until: String?

    @Option(name: .customLong("on"), help: ArgumentHelp("On this day: today, yesterday, a weekday or a date.", valueName: "day"))
    var day: String?

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

    private var isFiltered: Bool { isDenied || [since, until, day, agent, secret, action].contains { $0 != nil } }

    func check() throws {
        guard from == nil || !isFiltered else {
            throw CommandFailure.usage("`--from` shows entries as they follow each other", hint: "leave it out, or the other conditions")
        }
        guard day == nil || (since == nil && until == nil) else {
            throw CommandFailure.usage("`--on` is a day from its beginning to its end", hint: "leave it out, or `--since` and `--until`")
        }
        guard !follow || (from == nil && until == nil && day == nil) else {
            throw CommandFailure.usage("`--follow` goes on from now", hint: "leave out `--from`, `--until` and `--on`, or `--follow`")
        }
        guard (1...5000).contains(limit ?? 50) else { throw CommandFailure.usage("`--limit` is 1 to 5000") }
        guard from ?? 0 >= 0 else { throw CommandFailure.usage("entries are counted from 0") }
    }

    func perform(in context: CommandContext) throws {
        let door = try VaultDoor(context, options, to: "read the audit log")
        let console = Console(context)
        if follow { return try watch(door, console, context) }
        let page: AuditPage = try door.get("\(WirePath.audit)?limit=\(limit ?? 50)" + (from.map { "&from=\($0)" } ?? "") + filter(context))
        if options.json { return console.say(json: page) }
        defer { sayWhereItBegins(page, console) }
        if page.items.isEmpty { return console.say(isFiltered ? "No such entries." : "No entries.") }
        var table = Table("INDEX", "TIME", "WHO", "HOW", "WHAT", "ABOUT", "RESULT")
        for row in AuditRow.rows(page.items) {
            table.add(
                .init("\(row.item.index)", style: console.style.dim), .init(RelativeTime.text(row.item.time, now: context.now())),
                .init(row.item.actor.printable), .init(row.item.source.printable), .init(row.item.action.printable, style: console.style.bold),
                .init(row.about), .init(row.result, style: row.item.decision == "allow" ? nil : console.style.red))
        }
        console.say(table.lines(console.style).joined(separator: "\n"))
        if isFiltered, page.nextCursor != nil { console.note("there may be earlier ones; `--limit` shows more") }
    }

    /// Whoever looks back as far as the log goes learns that it went further.
    private func sayWhereItBegins(_ page: AuditPage, _ console: Console) {
        guard let start = page.start, from.map({ $0 < start }) ?? (page.nextCursor == nil) else { return }
        console.note("the log begins with entry \(start): earlier ones were pruned")
    }

    private func watch(_ door: VaultDoor, _ console: Console, _ context: CommandContext) throws {
        if console.isTerminal { console.note("entries are shown as they are written; Ctrl-C ends this") }
        try LiveLines.follow("\(WirePath.audit)?follow=1&limit=\(limit ?? 10)" + filter(context), of: door, on: console) { (item: AuditItem) in
            if options.json { console.say(json: item) } else { console.say(AuditRow(item).line(console.style, now: context.now())) }
        }
    }

    private func filter(_ context: CommandContext) throws -> String {
        func moment(_ text: String?, _ option: String) throws -> String? {
            try text.map { RelativeTime.moment(try PastMoment.seconds($0, after: option, now: context.now())) }
        }
        let whole = try day.map { try PastMoment.day($0, after: "--on", now: context.now()) }
        let parts = [
            ("since", try whole.map { RelativeTime.moment($0.lowerBound) } ?? moment(since, "--since")),
            ("until", try whole.map { RelativeTime.moment($0.upperBound) } ?? moment(until, "--until")), ("agent", agent), ("secret", secret),
            ("action", action),
            ("denied", isDenied ? "true" : nil),
        ]
        return parts.compactMap { name, value in value.map { "&\(name)=\(WirePath.encoded($0))" } }.joined()
    }
}
