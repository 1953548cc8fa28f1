import ArgumentParser
import TacitClient
import TacitWire

/// `tacit rotate`
struct RotateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Draw new keys.",
        discussion: """
            What has leaked decides which keys. Values that may be known have to be replaced where they came from, besides: no new key reaches a copy.

            WHAT LEAKED, AND WHICH KEYS
              a password or recovery key, with a copy of the vault   root, organization and reseal
              the root key                                           root
              the key of a project                                   project
              the key of one value                                   reseal
              the organization key                                   organization

            Rotating project and reseal move what is there portion by portion, while everything else goes on; whatever stops them, a kill or a lock, they are \
            gone on with where they stood. The old keys are destroyed when nothing is under them any more. Rotating root and organization happens at once, or \
            not at all.

            EXAMPLES
              tacit rotate root
              tacit rotate organization
              tacit rotate project shop
              tacit rotate reseal
              tacit rotate resume
            """,
        subcommands: [
            Root.self, RotateOrganizationCommand.self, RotateProjectCommand.self, RotateResealCommand.self, RotateResumeCommand.self,
            RotateStatusCommand.self,
        ])

    struct Root: Verb {
        static let configuration = CommandConfiguration(
            commandName: "root", abstract: "Draw a new root key and wrap every key under it anew.",
            discussion: """
                After this, a password or recovery key of before opens nothing, not even together with an older copy of the slots. Your password \
                stays; the recovery key is replaced. Other passwords must be removed before, as nobody can type them for you.

                EXAMPLES
                  tacit rotate root
                  tacit rotate root --password-fd 3 --recovery-out 4 3<password 4>key
                """)

        @OptionGroup var recovery: RecoveryOptions
        @OptionGroup var options: GlobalOptions

        func perform(in context: CommandContext) throws {
            let handover = RecoveryKeyHandover(context, recovery)
            let door = try VaultDoor(context, options, to: "rotate the root key")
            let password = try door.currentPassword()
            let slots: Page<SlotSummary> = try door.get(WirePath.slots)
            if slots.items.contains(where: { $0.kind == .recovery }) {
                try handover.prepare(orSay: "a new one is made: write it to a descriptor with `--recovery-out FD`")
            }
            let answer = try door.answer("POST", WirePath.rootRotation, body: password.bytes, contentType: VaultDoor.octets)
            let console = Console(context)
            if answer.headers["content-type"] == VaultDoor.octets {
                try handover.give(
                    WipedBytes(answer.body), after: "The root key is new. Next comes the new recovery key; the old one opens nothing any more.")
                if options.json { return console.say(json: try door.get(WirePath.slots, as: Page<SlotSummary>.self)) }
                console.say("The root key is new, and so is the recovery key. Your password stays.")
                return console.say(Self.next)
            }
            let result: RotationResult = try VaultDoor.decode(answer.body)
            if options.json { return console.say(json: result) }
            let keys = "\(Counted(result.rewrapped, "key")) \(result.rewrapped == 1 ? "was" : "were") wrapped anew"
            console.say("The root key is new (generation \(result.generation)): \(keys). Your password stays.")
            console.say(Self.next)
        }

        private static let next = "  Grant scheduled backups again, where there are some: tacit backup schedule"
    }
}
