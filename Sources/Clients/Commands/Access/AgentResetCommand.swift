import ArgumentParser
import TacitClient
import TacitWire

extension AgentCommand {
    struct ResetOutput: Verb {
        static let configuration = CommandConfiguration(
            commandName: "reset-output", abstract: "Let the output of an agent's runs pass again.",
            discussion: """
                The output of a run can tell an agent that a guess at a secret was right: where it is cut off behind the beginning of a value, or where it ends at a \
                value that could be guessed. After three such answers about one secret within a day nothing leaves that agent's runs with that secret any more, until \
                this. Look first at what it ran. `unidentified` stands for programs without a badge.

                EXAMPLES
                  tacit audit list
                  tacit agent reset-output claude
                """)

        @Argument(help: ArgumentHelp("The agent.", valueName: "name"), completion: .agent)
        var name: String
        @OptionGroup var options: GlobalOptions

        func perform(in context: CommandContext) throws {
            let name = try SegmentArgument.checked(name, "the agent")
            let door = try VaultDoor(context, options, to: "let the output of the agent `\(name)` pass again")
            try door.askFirst()
            let reset: OutputReset = try VaultDoor.decode(try door.answer("POST", WirePath.outputReset(name)).body)
            let console = Console(context)
            if options.json { return console.say(json: reset) }
            guard reset.secrets > 0 else { return console.say("No output of \(name) was withheld; what it was told before is forgotten.") }
            console.say("The output of \(name) passes again, for \(reset.secrets) secret\(reset.secrets == 1 ? "" : "s").")
        }
    }
}
