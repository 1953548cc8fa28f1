import ArgumentParser
import TacitWire

extension EnvironmentCommand {
    /// `tacit env diff`
    struct Diff: Verb {
        static let configuration = CommandConfiguration(
            commandName: "diff", abstract: "Show what differs between two environments, or since a time.",
            discussion: """
                Values are masked; whether they are the same is told. What is the same on both sides is left out, unless --all is there.

                EXIT CODES
                  0  nothing differs
                  1  something does, or failed: the message says which

                EXAMPLES
                  tacit env diff dev production -p shop
                  tacit env diff production --as-of yesterday
                  tacit env diff production --as-of 2026-11-21T14:30
                """)

        @Argument(help: ArgumentHelp("The environment.", valueName: "name"), completion: .environment)
        var name: String
        @Argument(
            help: ArgumentHelp("The one that it is held against; without it, the same as it is now.", valueName: "other"), completion: .environment)
        var other: String?
        @Option(name: .customLong("as-of"), help: ArgumentHelp("The first one as it was then.", valueName: "time"))
        var moment: String?
        @Flag(name: .customLong("all"), help: "Show what is the same, too.")
        var showsAll = false
        @OptionGroup var place: ProjectOption
        @OptionGroup var options: GlobalOptions

        func check() throws {
            guard other != nil || moment != nil else {
                throw CommandFailure.usage("there is nothing to hold it against", hint: "name another environment, or a time by `--as-of`")
            }
        }

        func perform(in context: CommandContext) throws {
            let names = try [name, other ?? name].map { try SegmentArgument.checked($0, "the environment") }
            let project = try place.resolved(in: context)
            let time = try moment.map { RelativeTime.moment(try PastMoment.seconds($0, after: "--as-of", now: context.now())) }
            let door = try VaultDoor(context, options, to: "compare environments of `\(project)`")
            let places = names.map { Scope(project: project, environment: $0) }
            door.places = places[0] == places[1] ? [places[0]] : places
            let wish = ComparisonRequest(from: .init(scope: places[0].text, asOf: time), to: .init(scope: places[1].text))
            let page: Page<ComparisonItem> = try door.send("POST", WirePath.comparisons, json: wish)
            let differing = page.items.filter { $0.difference != .same }
            let console = Console(context)
            if options.json {
                console.say(json: showsAll ? page : Page(items: differing))
            } else {
                for line in (showsAll ? page.items : differing).flatMap(DifferenceLines(style: console.style).lines) { console.say(line) }
                let rest = page.items.count - differing.count
                if differing.isEmpty { console.say(rest == 1 ? "Nothing differs: 1 secret." : "Nothing differs: \(rest) secrets.") }
            }
            if !differing.isEmpty { throw ExitCode(1) }
        }
    }

    /// `tacit env history`
    struct History: Verb {
        static let configuration = CommandConfiguration(
            commandName: "history", abstract: "List what was written in an environment, newest first.",
            discussion: """
                Who wrote what is in the log: `tacit audit list`.

                EXAMPLES
                  tacit env history production -p shop
                  tacit env history --limit 500 --json
                """)

        @Argument(help: ArgumentHelp("The environment.", valueName: "name"), completion: .environment)
        var name: String?
        @Option(name: .customLong("limit"), help: ArgumentHelp("How many versions, at most 20000.", valueName: "n"))
        var limit = 50
        @OptionGroup var place: ProjectOption
        @OptionGroup var options: GlobalOptions

        func check() throws { guard (1...20_000).contains(limit) else { throw CommandFailure.usage("`--limit` is 1 to 20000") } }

        func perform(in context: CommandContext) throws {
            let scope = try ScopeResolver(context: context).scope(project: place.project, environment: name)
            let door = try VaultDoor(context, options, to: "list what was written in `\(scope.text)`")
            let page: Page<EnvironmentVersion> = try door.get("\(WirePath.history(scope.project, scope.environment))?limit=\(limit)")
            let console = Console(context)
            if options.json { return console.say(json: page) }
            if page.items.isEmpty { return console.say("Nothing was written yet.") }
            var table = Table("TIME", "NAME", "VERSION", "")
            for item in page.items {
                let state = item.deletedAt == nil ? item.isCurrent ? "current" : "" : "deleted"
                table.add(
                    .init(RelativeTime.text(item.createdAt, now: context.now())), .init(item.name.printable, style: console.style.bold),
                    .init("\(item.version)"), .init(state, style: console.style.dim))
            }
            console.say(table.lines(console.style).joined(separator: "\n"))
        }
    }
}
