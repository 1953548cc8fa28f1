import ArgumentParser
import TacitWire

/// `tacit rotate project`
struct RotateProjectCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "project", abstract: "Draw a new key for a project and move everything in it under that key.",
        discussion: """
            Names are sealed anew and data keys wrapped anew; the values stay sealed as they are, which `tacit rotate reseal` changes. What is written meanwhile is \
            under the new key from the first moment. The old key is destroyed at the end: whoever has it opens nothing in the vault any more, but an older copy of the vault still.

            EXAMPLES
              tacit rotate project shop
              tacit rotate project shop --portion 200
              tacit rotate project shop --password-fd 3 --json 3<password
            """)

    @Argument(help: "The project's name.", completion: .project)
    var name: String
    @OptionGroup var portion: PortionOption
    @OptionGroup var options: GlobalOptions

    func check() throws {
        _ = try SegmentArgument.checked(name, "a project's name")
        try portion.check()
    }

    func perform(in context: CommandContext) throws {
        let door = try VaultDoor(context, options, to: "rotate the key of \(name.printable)")
        try door.askFirst()
        let begun: RotationState = try door.send("POST", WirePath.rotations, json: RotationRequest(kind: .project, project: name))
        try RotationDriver(door, Console(context), portion: portion.size, json: options.json).finish(begun)
    }
}
