import ArgumentParser
import TacitClient
import TacitWire

/// `tacit audit checkpoint`
struct AuditCheckpointCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "checkpoint",
        abstract: "Sign a checkpoint over the log as it is now, and print it.",
        discussion: """
            Keep it where a thief of this machine cannot reach: `tacit audit verify --checkpoint FILE` then finds whatever was changed before it. \
            The key that verifies it is printed beside it, apart from the note.

            EXAMPLES
              tacit audit checkpoint > checkpoint-today
              tacit audit checkpoint --list
            """)

    @Flag(name: .customLong("list"), help: "Print the checkpoints there are instead.")
    var isList = false

    @OptionGroup var options: GlobalOptions

    func perform(in context: CommandContext) throws {
        let door = try VaultDoor(context, options, to: "sign a checkpoint")
        let console = Console(context)
        if isList {
            let page: Page<CheckpointNote> = try door.get(WirePath.checkpoints)
            if options.json { return console.say(json: page) }
            if page.items.isEmpty { return console.say("No checkpoints yet. `tacit audit checkpoint` signs one.") }
            return console.say(page.items.map(\.note).joined(separator: "\n"))
        }
        let made: CheckpointNote = try VaultDoor.decode(try door.answer("POST", WirePath.checkpoints).body)
        if options.json { return console.say(json: made) }
        console.answer(Array(made.note.utf8))
        console.note("the key that verifies it: \(made.verifierKey.printable)")
    }
}
