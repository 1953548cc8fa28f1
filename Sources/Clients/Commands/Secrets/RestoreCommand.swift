import ArgumentParser
import TacitWire

/// `tacit restore`
struct RestoreCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Make an environment what it was at a time.",
        discussion: """
            What has another value now gets a new version with the one of then, and what was deleted since is undeleted. What was made since stays, \
            unless --exact is there: then it is deleted, and can be undeleted for 30 days. What was purged is gone. The plan is shown, masked, and \
            what was shown is what is done. No version is lost: to take a restore back, restore as of just before it.

            EXAMPLES
              tacit restore --as-of yesterday --dry-run
              tacit restore --as-of 2026-11-21T14:30 -e production
              tacit restore --as-of 3h -k db/main --yes
            """)

    @Option(name: .customLong("as-of"), help: ArgumentHelp("The time.", valueName: "time"))
    var moment: String

    @Flag(name: .customLong("exact"), help: "Delete what was made since.")
    var isExact = false

    @OptionGroup var choice: CopyOptions
    @OptionGroup var scope: ScopeOptions
    @OptionGroup var options: GlobalOptions

    func perform(in context: CommandContext) throws {
        let place = try ScopeResolver(context: context).scope(scope)
        let time = RelativeTime.moment(try PastMoment.seconds(moment, after: "--as-of", now: context.now()))
        let request = CopyRequest(
            from: place.text, asOf: time, to: place.text, names: try choice.checkedNames, exact: isExact ? true : nil)
        let door = try VaultDoor(context, options, to: "restore `\(place.text)`")
        if !options.json { Console(context).note("\(place.text) as of \(time)") }
        let copy = PlannedCopy(from: place, to: place, request: request, isDryRun: choice.isDryRun, isAgreed: choice.isAgreed)
        try copy.perform(door, options, in: context)
    }
}
