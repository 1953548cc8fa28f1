import ArgumentParser
import TacitClient
import TacitWire

/// `tacit password`
struct PasswordCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "password",
        abstract: "Change your password.",
        discussion: """
            EXAMPLES
              tacit password change
            """,
        subcommands: [Change.self])

    struct Change: Verb {
        static let configuration = CommandConfiguration(
            commandName: "change", abstract: "Change the password that opens the vault.",
            discussion: """
                The new password takes the place of the one you give; other slots stay. The root key stays too: when somebody may know the old \
                password and may have had a copy of the vault, run `tacit rotate root` afterwards.

                EXAMPLES
                  tacit password change
                  tacit password change --password-fd 3 --new-password-fd 4 3<old 4<new
                """)

        @OptionGroup var newPassword: NewPasswordOptions
        @OptionGroup var options: GlobalOptions

        func check() throws { try newPassword.check(with: options) }

        func perform(in context: CommandContext) throws {
            let door = try VaultDoor(context, options, to: "change it")
            let current = try door.currentPassword()
            let new = try newPassword.source(context).ask()
            var form = MultipartBody()
            form.add("current", current.bytes)
            form.add("new", new.bytes)
            defer { form.wipe() }
            _ = try door.answer("POST", WirePath.password, body: form.body, contentType: form.contentType)
            let console = Console(context)
            if options.json { return console.say(json: try door.status()) }
            console.say("The password is changed.")
            console.say("If others may know the old one, run `tacit rotate root` too.")
        }
    }
}
