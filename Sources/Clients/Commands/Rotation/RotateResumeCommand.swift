import ArgumentParser
import TacitWire

/// `tacit rotate resume`
struct RotateResumeCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Go on with the rotation that was interrupted.",
        discussion: """
            The command that began it, given again, does the same.

            EXAMPLES
              tacit rotate status
              tacit rotate resume
            """)

    @OptionGroup var portion: PortionOption
    @OptionGroup var options: GlobalOptions

    func check() throws { try portion.check() }

    func perform(in context: CommandContext) throws {
        let door = try VaultDoor(context, options, to: "go on with the rotation of keys")
        try door.askFirst()
        let driver = RotationDriver(door, Console(context), portion: portion.size, json: options.json)
        guard let begun = try door.get(WirePath.rotations, as: RotationStatus.self).rotation else {
            // The keeper says what there is to say.
            _ = try driver.next()
            return
        }
        try driver.finish(begun)
    }
}
