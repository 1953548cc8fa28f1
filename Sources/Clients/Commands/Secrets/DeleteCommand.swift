import ArgumentParser
import TacitClient
import TacitWire

/// `tacit delete`
struct DeleteCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete a secret; it can be undeleted for 30 days.",
        discussion: """
            EXAMPLES
              tacit delete stripe/old-key
              tacit delete a b c -p shop -e staging
            """)

    @Argument(help: ArgumentHelp("The secrets.", valueName: "name"), completion: .secret)
    var names: [String]

    @OptionGroup var scope: ScopeOptions
    @OptionGroup var options: GlobalOptions

    func perform(in context: CommandContext) throws {
        let references = try names.map { try Reference(secret: $0, scope, in: context) }
        let door = try VaultDoor(context, options, to: "delete secrets")
        let console = Console(context)
        for reference in references {
            let written: Written = try VaultDoor.decode(try door.answer("DELETE", reference.path).body)
            if options.json {
                console.say(json: written)
            } else {
                console.say("Deleted \(reference.name). `tacit undelete \(try reference.spoken(in: context))` brings it back for 30 days.")
            }
        }
    }
}
