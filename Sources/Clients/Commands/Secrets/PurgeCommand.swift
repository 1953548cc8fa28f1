import ArgumentParser
import TacitWire

/// `tacit purge`
struct PurgeCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "purge",
        abstract: "Destroy a deleted secret for good.",
        discussion: """
            Destroys the data keys and the ciphertext of every version in this vault; nothing brings them back. Earlier copies of the vault's file \
            can still be opened by whoever holds the keys of then. Asks for the password.

            EXAMPLES
              tacit delete stripe/old-key
              tacit purge stripe/old-key
            """)

    @Argument(help: ArgumentHelp("The secret; it must be deleted.", valueName: "name"), completion: .secret)
    var name: String

    @OptionGroup var scope: ScopeOptions
    @OptionGroup var options: GlobalOptions

    func perform(in context: CommandContext) throws {
        let reference = try Reference(secret: name, scope, in: context)
        let door = try VaultDoor(context, options, to: "destroy `\(reference.name)` for good")
        // A name that is not there costs nobody a password.
        if door.passwords.isThere { _ = try door.answer("GET", reference.path) }
        try door.askFirst()
        _ = try door.answer("POST", "\(reference.path)/purge")
        let console = Console(context)
        if options.json { return console.say(json: NameRequest(name: reference.name)) }
        console.say("Purged \(reference.name). Copies of the vault made earlier still hold it.")
    }
}
