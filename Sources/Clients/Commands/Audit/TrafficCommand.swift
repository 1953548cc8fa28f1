import ArgumentParser
import TacitClient
import TacitWire

/// `tacit traffic`
struct TrafficCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "traffic", abstract: "Show the requests that agents' programs send through the broker.",
        discussion: """
            The last thousand since the vault was unlocked, the newest last; each has ended, or was denied. The audit log keeps what was allowed, one by one, and counts denials beyond \
            thirty different ones a minute.

            EXAMPLES
              tacit traffic
              tacit traffic --follow
              tacit traffic --agent claude --json
            """)

    @Flag(name: [.customShort("f"), .customLong("follow")], help: "Go on with those that come, until Ctrl-C or until the vault is locked.")
    var follow = false
    @Option(name: .customLong("agent"), help: ArgumentHelp("Only those of this agent.", valueName: "name"), completion: .agent)
    var agent: String?
    @OptionGroup var options: GlobalOptions

    func perform(in context: CommandContext) throws {
        let console = Console(context)
        let door = try VaultDoor(context, options, to: "watch requests")
        let page: Page<TrafficEntry> = try door.get(WirePath.traffic)
        let items = page.items.filter(isMeant)
        if options.json, !follow { return console.say(json: Page(items: items)) }
        for item in items { show(item, on: console, now: context.now()) }
        guard follow else {
            if items.isEmpty { console.say("No requests since the vault was unlocked.") }
            return
        }
        if items.isEmpty, !options.json { console.note("waiting for requests; Ctrl-C ends this") }
        let path = "\(WirePath.traffic)?follow=1&after=\(page.items.last?.number ?? 0)"
        try LiveLines.follow(path, of: door, on: console) { (item: TrafficEntry) in if isMeant(item) { show(item, on: console, now: context.now()) } }
    }

    private func isMeant(_ item: TrafficEntry) -> Bool { agent == nil || item.agent == agent }

    private func show(_ item: TrafficEntry, on console: Console, now: Int64) {
        if options.json { return console.say(json: item) }
        console.say(TrafficLine(item, now: now).text(console.style))
    }
}

/// One request in one line.
struct TrafficLine {
    private let item: TrafficEntry
    private let now: Int64

    init(_ item: TrafficEntry, now: Int64) { (self.item, self.now) = (item, now) }

    func text(_ style: Style) -> String {
        let isFine = item.decision == "allow" && item.result == "done"
        let outcome = isFine ? item.status.map { "\($0)" } ?? "done" : item.decision == "allow" ? item.result : "denied: \(item.result)"
        var parts = [
            style.dim(RelativeTime.stamp(item.time, now: now)), item.agent.printable, style.bold(item.method.printable),
            "\(item.authority)\(item.path)".printable,
        ]
        parts.append(isFine ? outcome : style.red(outcome.printable))
        if let received = item.bytesReceived { parts.append(style.dim("\(Self.size(received)) in \(item.durationMs ?? 0) ms")) }
        if let count = item.redactions, count > 0 { parts.append("\(count) redacted") }
        if !item.secrets.isEmpty { parts.append(style.dim(item.secrets.joined(separator: ", ").printable)) }
        if let rule = item.rule { parts.append(style.dim("by \u{201C}\(rule.printable)\u{201D}")) }
        return parts.joined(separator: "  ")
    }

    private static func size(_ bytes: Int64) -> String {
        bytes < 10_000 ? "\(bytes) B" : bytes < 10_000_000 ? "\(bytes / 1000) kB" : "\(bytes / 1_000_000) MB"
    }
}
