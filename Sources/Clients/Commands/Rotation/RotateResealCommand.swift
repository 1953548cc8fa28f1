import ArgumentParser
import TacitWire

/// `tacit rotate reseal`
struct RotateResealCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "reseal", abstract: "Draw new keys for all projects and seal every version of every secret anew.",
        discussion: """
            Does in every project what `tacit rotate project` does, and more: each value, of earlier versions too, is sealed under a data key of its own that is new. \
            Whoever had a data key, or read an older copy of the vault with all its keys, opens nothing in this one with what they have. What they opened before they know: \
            change those values where they are used.

            EXAMPLES
              tacit rotate reseal
              tacit rotate reseal --portion 200
            """)

    @OptionGroup var portion: PortionOption
    @OptionGroup var options: GlobalOptions

    func check() throws { try portion.check() }

    func perform(in context: CommandContext) throws {
        let door = try VaultDoor(context, options, to: "seal every secret anew")
        try door.askFirst()
        let begun: RotationState = try door.send("POST", WirePath.rotations, json: RotationRequest(kind: .reseal))
        try RotationDriver(door, Console(context), portion: portion.size, json: options.json).finish(begun)
    }
}
