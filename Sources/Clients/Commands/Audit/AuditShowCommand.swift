import ArgumentParser
import TacitWire

/// `tacit audit show`
struct AuditShowCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show one entry with all it says.",
        discussion: """
            EXAMPLES
              tacit audit show 1203
              tacit audit show 1203 --json
            """)

    @Argument(help: ArgumentHelp("Its index.", valueName: "index"))
    var index: Int64

    @OptionGroup var options: GlobalOptions

    func check() throws { guard index >= 0 else { throw CommandFailure.usage("entries are counted from 0") } }

    func perform(in context: CommandContext) throws {
        let door = try VaultDoor(context, options, to: "read the audit log")
        let page: AuditPage = try door.get("\(WirePath.audit)?limit=1&from=\(index)")
        guard let item = page.items.first, item.index == index else {
            if let start = page.start, index < start {
                throw CommandFailure(
                    "the entries before \(start) were pruned", hint: "the checkpoint at \(start) entries stands for them", status: .notFound,
                    code: "audit.pruned")
            }
            throw CommandFailure("there is no entry of that index", hint: "see `tacit audit list`", status: .notFound, code: "audit.not-found")
        }
        let console = Console(context)
        if options.json { return console.say(json: item) }
        var facts = FactList()
        facts.add("index", "\(item.index)")
        facts.add("time", "\(item.time.printable)  \(console.style.dim(RelativeTime.text(item.time, now: context.now())))")
        facts.add("who", item.actor.printable)
        facts.add("how", "\(item.source), \(item.mode)".printable)
        facts.add("what", item.action.printable)
        for (position, subject) in item.subjects.enumerated() { facts.add(position == 0 ? "about" : "", subject.printable) }
        facts.add("decision", item.decision.printable)
        facts.add("rule", item.rule?.printable)
        facts.add("phase", item.phase?.printable)
        facts.add("repeated", item.repeated.map { "\($0) times" })
        for (name, text) in item.details.sorted(by: { $0.key < $1.key }) { facts.add(name.printable, text.printable) }
        for line in facts.lines(console.style) { console.say(line) }
    }
}
