import ArgumentParser
import TacitClient
import TacitWire

/// `tacit panic`
struct PanicCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "panic",
        abstract: "Freeze every agent at once; with --thaw, let them act again.",
        discussion: """
            Every agent is refused everything from now on, over a lock and a restart, until --thaw. Their fake tokens are revoked, their sessions, session \
            files and brokers end, and their runs are stopped, with all that you started with --agent. You and your other commands go on as before.

            It takes no password, whoever reaches the keeper: it only takes away, as `tacit lock` does. --thaw asks for yours. While the vault is locked no \
            agent gets anything; the freeze is kept then and holds from the next unlock.

            EXAMPLES
              tacit panic
              tacit audit list
              tacit panic --thaw
            """)

    @Flag(name: .long, help: "Let agents act again, as the policy says. What was ended stays ended.")
    var thaw = false
    @OptionGroup var options: GlobalOptions

    func perform(in context: CommandContext) throws {
        let door = try VaultDoor(context, options, to: thaw ? "let agents act again" : "freeze every agent")
        let console = Console(context)
        if thaw {
            try door.askFirst()
            _ = try door.answer("DELETE", WirePath.panic)
            if options.json { return console.say(json: AgentsFrozen()) }
            return console.say("Agents act again, as the policy says. What was ended stays ended: tokens have to be issued anew.")
        }
        let frozen: AgentsFrozen = try VaultDoor.decode(try door.plain("POST", WirePath.panic).body)
        if options.json { return console.say(json: frozen) }
        guard frozen.since != nil else {
            console.say("The vault is locked, so no agent gets anything now. From the next unlock on every agent is frozen.")
            return console.say(Self.next)
        }
        console.say("Every agent is frozen.")
        let ended = Self.ended(frozen)
        if !ended.isEmpty { console.say("Ended: \(ended.joined(separator: ", ")).") }
        console.say(Self.next)
    }

    private static let next = "Look at what they did with `tacit audit list`; `tacit panic --thaw` lets them act again."

    private static func ended(_ frozen: AgentsFrozen) -> [String] {
        let counts = [
            (frozen.tokens, "fake token"), (frozen.sessions, "session"), (frozen.files, "session file"), (frozen.brokers, "broker"),
            (frozen.runs, "run"),
        ]
        return counts.filter { $0.0 > 0 }.map { "\(Counted($0.0, $0.1))" }
    }
}
