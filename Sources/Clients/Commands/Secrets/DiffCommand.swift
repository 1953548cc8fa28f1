import ArgumentParser
import TacitWire

/// `tacit diff`
struct DiffCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Show what differs between two versions of a secret, or between two secrets.",
        discussion: """
            Values are masked; whether they are the same is told. With one name, its current version is held against the one before. Environments are \
            compared by `tacit env diff`.

            EXIT CODES
              0  nothing differs
              1  something does, or failed: the message says which

            EXAMPLES
              tacit diff stripe/api-key
              tacit diff 'stripe/api-key?version=2' stripe/api-key
              tacit diff tacit://shop/dev/db/main tacit://shop/production/db/main
            """)

    @Argument(help: ArgumentHelp("The secret; with ?version=N, that version.", valueName: "name"), completion: .secret)
    var name: String

    @Argument(help: ArgumentHelp("What it is held against; without it, the current version.", valueName: "other"), completion: .secret)
    var other: String?

    @OptionGroup var scope: ScopeOptions
    @OptionGroup var options: GlobalOptions

    func perform(in context: CommandContext) throws {
        var from = try Reference(name, scope, in: context)
        let to = try other.map { try Reference($0, scope, in: context) } ?? Reference(from.scope, from.name)
        guard from.field == nil, to.field == nil else {
            throw CommandFailure.usage("secrets are compared with all their fields", hint: "leave out the field")
        }
        let door = try VaultDoor(context, options, to: "compare versions of `\(from.name)`")
        if other == nil, from.version == nil { from.version = try earlierVersion(of: from, door) }
        let wish = ComparisonRequest(
            from: .init(scope: from.scope.text, name: from.name, version: from.version),
            to: .init(scope: to.scope.text, name: to.name, version: to.version))
        let bare = try ScopeResolver(context: context).scope(scope)
        door.places = from.scope == to.scope ? [from.scope] : [from.scope, to.scope]
        let page: Page<ComparisonItem>
        do { page = try door.send("POST", WirePath.comparisons, json: wish) } catch let failure as CommandFailure {
            throw from.path == to.path ? failure : door.naming(failure, among: [from, to], in: bare)
        }
        let console = Console(context)
        let isSame = page.items.allSatisfy { $0.difference == .same }
        if options.json {
            console.say(json: page)
        } else if isSame {
            console.say("Nothing differs.")
        } else {
            let ends = from.path == to.path ? nil : (Reference(from.scope, from.name).text(in: bare), Reference(to.scope, to.name).text(in: bare))
            for item in page.items { for line in DifferenceLines(style: console.style, ends: ends).lines(item) { console.say(line) } }
        }
        if !isSame { throw ExitCode(1) }
    }

    private func earlierVersion(of reference: Reference, _ door: VaultDoor) throws -> Int64 {
        let versions: Page<VersionSummary> = try door.get("\(reference.path)/versions")
        guard let current = versions.items.map(\.number).max(), current > 1 else {
            throw CommandFailure.usage("\(reference.name) has one version: there is none before it", hint: "name what it is held against")
        }
        return current - 1
    }
}
