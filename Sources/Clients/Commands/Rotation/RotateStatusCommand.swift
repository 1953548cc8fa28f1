import ArgumentParser
import TacitWire

/// `tacit rotate status`
struct RotateStatusCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Tell how far the rotation is that goes on.",
        discussion: """
            EXAMPLES
              tacit rotate status
              tacit rotate status --json
            """)

    @OptionGroup var options: GlobalOptions

    func perform(in context: CommandContext) throws {
        let door = try VaultDoor(context, options, to: "look at the rotation of keys")
        let status: RotationStatus = try door.get(WirePath.rotations)
        let console = Console(context)
        if options.json { return console.say(json: status) }
        if let organization = status.organization {
            let counts = "\(ProgressMeter.grouped(Int64(organization.rows))) of \(Counted(organization.total, "row"))"
            return console.say("The organization key is being rotated: \(counts) are made anew.")
        }
        guard let rotation = status.rotation else { return console.say("No rotation goes on.") }
        console.say("\(rotation.sentence), begun \(RelativeTime.text(rotation.startedAt, now: context.now())).")
        console.say("  Go on with it: tacit rotate resume")
    }
}

extension RotationState {
    /// What is drawn anew, and how far it is, without a point at the end.
    var sentence: String {
        let what =
            switch kind {
            case .project: project.map { "The key of project \($0.printable)" } ?? "The key of a project that was deleted"
            case .reseal: "Every secret"
            }
        let done = phase == .moving ? "\(counts) moved" : "everything moved, and looked at again"
        return "\(what) is being \(kind == .project ? "rotated" : "sealed anew"): \(done)"
    }

    var counts: String { "\(ProgressMeter.grouped(min(versions, total))) of \(Counted(total, "version"))" }
}
