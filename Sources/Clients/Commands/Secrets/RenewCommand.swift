import ArgumentParser
import TacitWire

/// `tacit renew`
struct RenewCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "renew",
        abstract: "Set when a secret expires, without a new version.",
        discussion: """
            EXAMPLES
              tacit renew stripe/api-key --expires 90d
              tacit renew stripe/api-key --expires never
            """)

    @Argument(help: ArgumentHelp("The secret.", valueName: "name"), completion: .secret)
    var name: String

    @Option(name: .customLong("expires"), help: ArgumentHelp("How long from now, such as 30d, or never.", valueName: "span"))
    var expires: String

    @OptionGroup var scope: ScopeOptions
    @OptionGroup var options: GlobalOptions

    func perform(in context: CommandContext) throws {
        let reference = try Reference(secret: name, scope, in: context)
        let door = try VaultDoor(context, options, to: "renew `\(reference.name)`")
        let written: Written = try door.send("PATCH", reference.path, json: SecretPatch(expires: MetadataOptions.span(expires)))
        let console = Console(context)
        if options.json { return console.say(json: written) }
        console.say(expires == "never" ? "\(reference.name) does not expire any more." : "\(reference.name) expires \(expires) from now.")
    }
}
