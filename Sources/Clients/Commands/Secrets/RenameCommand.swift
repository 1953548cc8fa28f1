import ArgumentParser
import TacitWire

/// `tacit rename`
struct RenameCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "rename",
        abstract: "Give a secret another name in the same environment.",
        discussion: """
            EXAMPLES
              tacit rename stripe stripe/api-key
              tacit rename db/main db/primary -e production
            """)

    @Argument(help: ArgumentHelp("The secret.", valueName: "name"), completion: .secret)
    var name: String

    @Argument(help: ArgumentHelp("Its new name.", valueName: "new-name"))
    var newName: String

    @OptionGroup var scope: ScopeOptions
    @OptionGroup var options: GlobalOptions

    func perform(in context: CommandContext) throws {
        let reference = try Reference(secret: name, scope, in: context)
        guard NameShape.isSecret(newName.utf8) else {
            throw CommandFailure(
                "the new name is no name of a secret\(NameShape.fault(inSecret: newName).map { ": \($0)" } ?? "")",
                hint: "secret names look like `stripe/api-key`", status: .usage, code: "name.invalid")
        }
        guard newName != reference.name else {
            throw CommandFailure.usage("a secret cannot be renamed to the name that it has", hint: "nothing was changed; name another")
        }
        let door = try VaultDoor(context, options, to: "rename `\(reference.name)`")
        let written: Written = try door.send("PATCH", reference.path, json: SecretPatch(name: newName))
        let console = Console(context)
        if options.json { return console.say(json: written) }
        console.say("\(reference.name) is \(newName) now.")
    }
}
