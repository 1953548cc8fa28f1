import TacitWire

/// A list of projects or environments.
enum NamedList {
    static func print(_ page: Page<NamedSummary>, as options: GlobalOptions, in context: CommandContext) {
        let console = Console(context)
        if options.json { return console.say(json: page) }
        var table = Table("NAME", "CREATED")
        for item in page.items {
            table.add(.init(item.name.printable, style: console.style.bold), .init(RelativeTime.text(item.createdAt, now: context.now())))
        }
        for line in table.lines(console.style) { console.say(line) }
    }
}
