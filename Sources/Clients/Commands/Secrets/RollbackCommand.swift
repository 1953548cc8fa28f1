import ArgumentParser
import TacitWire

/// `tacit rollback`
struct RollbackCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "Make an earlier version current again, as a new version.",
        discussion: """
            EXAMPLES
              tacit rollback stripe/api-key --to 3
              tacit rollback db/main --to 1 -e production
            """)

    @Argument(help: ArgumentHelp("The secret.", valueName: "name"), completion: .secret)
    var name: String

    @Option(name: .customLong("to"), help: ArgumentHelp("The version to go back to.", valueName: "n"))
    var version: Int64

    @OptionGroup var scope: ScopeOptions
    @OptionGroup var options: GlobalOptions

    func check() throws { guard version > 0 else { throw CommandFailure.usage("versions are counted from 1") } }

    func perform(in context: CommandContext) throws {
        let reference = try Reference(secret: name, scope, in: context)
        let door = try VaultDoor(context, options, to: "roll `\(reference.name)` back")
        let written: Written = try door.send("POST", "\(reference.path)/rollback", json: RollbackRequest(version: version))
        let console = Console(context)
        if options.json { return console.say(json: written) }
        console.say("\(written.name.printable) is as it was in version \(version), now as version \(written.version).")
    }
}
