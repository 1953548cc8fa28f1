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

    /// A refusal with the name that it is about, of several: each was asked for by itself, so nothing is told that was not asked.
    private static func naming(_ failure: CommandFailure, _ reference: Reference, isLast: Bool) -> CommandFailure {
        guard failure.problem != nil else { return failure }
        var named = failure.naming([reference.name])
        guard !isLast else { return named }
        named.hint = [failure.hint, "what is named behind it was left alone"].compactMap(\.self).joined(separator: "; ")
        named.problem?.hint = named.hint
        return named
    }

    func perform(in context: CommandContext) throws {
        let references = try names.map { try Reference(secret: $0, scope, in: context) }
        let door = try VaultDoor(context, options, to: "delete secrets")
        let console = Console(context)
        for (position, reference) in references.enumerated() {
            let written: Written
            do { written = try VaultDoor.decode(try door.answer("DELETE", reference.path).body) } catch let failure as CommandFailure {
                throw references.count == 1 ? failure : Self.naming(failure, reference, isLast: position == references.count - 1)
            }
            if options.json {
                console.say(json: written)
            } else {
                console.say("Deleted \(reference.name). `tacit undelete \(try reference.spoken(in: context))` brings it back for 30 days.")
            }
        }
    }
}
