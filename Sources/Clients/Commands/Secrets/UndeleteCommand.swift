import ArgumentParser
import TacitClient
import TacitWire

/// `tacit undelete`
struct UndeleteCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "undelete",
        abstract: "Bring a deleted secret back.",
        discussion: """
            EXAMPLES
              tacit list --deleted
              tacit undelete stripe/old-key
            """)

    @Argument(help: ArgumentHelp("The secret.", valueName: "name"), completion: .secret)
    var name: String

    @OptionGroup var scope: ScopeOptions
    @OptionGroup var options: GlobalOptions

    func perform(in context: CommandContext) throws {
        let reference = try Reference(secret: name, scope, in: context)
        let door = try VaultDoor(context, options, to: "undelete `\(reference.name)`")
        let written: Written = try VaultDoor.decode(try door.answer("POST", "\(reference.path)/undelete").body)
        let console = Console(context)
        if options.json { return console.say(json: written) }
        console.say("\(written.name.printable) is back, at version \(written.version).")
    }
}
