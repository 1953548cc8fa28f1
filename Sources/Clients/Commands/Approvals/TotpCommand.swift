import ArgumentParser
import TacitClient
import TacitWire

/// `tacit totp`
struct TotpCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "totp",
        abstract: "Let an authenticator's codes stand for the password when you decide requests.",
        discussion: """
            An authenticator on another device shows six digits that change every 30 seconds. They decide what agents ask for, and nothing else: a code \
            opens once, and after five wrong ones only the password decides until it was given once more.

            EXAMPLES
              tacit totp enroll
              tacit totp status
              tacit totp remove
            """,
        subcommands: [Enroll.self, Status.self, Remove.self])

    struct Enroll: Verb {
        static let configuration = CommandConfiguration(
            commandName: "enroll", abstract: "Enroll an authenticator.",
            discussion: """
                Shows the key once, on the terminal and nowhere else. Type it into the authenticator, on a device that no agent reaches; then type the code \
                that it shows.

                EXAMPLES
                  tacit totp enroll
                """)

        @OptionGroup var options: GlobalOptions

        func perform(in context: CommandContext) throws {
            guard let terminal = Terminal(context) else {
                throw CommandFailure.usage("there is no terminal to show the authenticator's key on", hint: "run it in a terminal")
            }
            let door = try VaultDoor(context, options, to: "enroll an authenticator")
            try door.askFirst()
            let key = WipedBytes(try door.answer("POST", WirePath.totp).body)
            show(key, on: terminal)
            var isConfirmed = false
            while !isConfirmed {
                let typed = try terminal.ask("The six digits it shows: ", .visible)
                do {
                    try door.answer("POST", WirePath.totpConfirmation, json: TimedCode(code: String(decoding: typed.bytes, as: UTF8.self)))
                    isConfirmed = true
                } catch let failure as CommandFailure where failure.code == "totp.wrong-code" {
                    terminal.say("\(failure.message.printable).")
                }
            }
            let console = Console(context)
            if options.json { return console.say(json: try door.get(WirePath.totp, as: AuthenticatorState.self)) }
            console.say("The authenticator is enrolled: its codes decide requests from now on, and so does your password.")
        }

        /// In groups of four, as authenticators show and take it.
        private func show(_ key: WipedBytes, on terminal: Terminal) {
            terminal.say("\nKey for the authenticator (time-based, six digits, 30 seconds, SHA-1). It is shown only now:\n")
            var line = Array("  ".utf8)
            line.reserveCapacity(key.bytes.count * 2 + 4)
            for (index, byte) in key.bytes.enumerated() {
                if index > 0, index % 4 == 0 { line.append(UInt8(ascii: " ")) }
                line.append(byte)
            }
            line += [0x0A, 0x0A]
            terminal.show(line)
            line.wipe()
        }
    }

    struct Status: Verb {
        static let configuration = CommandConfiguration(
            commandName: "status", abstract: "Say whether an authenticator is enrolled.",
            discussion: """
                EXAMPLES
                  tacit totp status
                """)

        @OptionGroup var options: GlobalOptions

        func perform(in context: CommandContext) throws {
            let door = try VaultDoor(context, options, to: "look at the authenticator")
            let state: AuthenticatorState = try door.get(WirePath.totp)
            let console = Console(context)
            if options.json { return console.say(json: state) }
            guard state.enrolled, let since = state.createdAt else {
                return console.say("No authenticator is enrolled: the password decides requests.")
            }
            let age = RelativeTime.text(since, now: context.now())
            guard state.confirmed else { return console.say("An authenticator was made \(age) and never confirmed: it opens nothing.") }
            console.say("An authenticator is enrolled, since \(age).")
            if state.triesLeft == 0 { console.say("After too many wrong codes it is closed, until you decide a request with the password.") }
        }
    }

    struct Remove: Verb {
        static let configuration = CommandConfiguration(
            commandName: "remove", abstract: "Remove the authenticator; its codes open nothing afterwards.",
            discussion: """
                EXAMPLES
                  tacit totp remove
                """)

        @OptionGroup var options: GlobalOptions

        func perform(in context: CommandContext) throws {
            let door = try VaultDoor(context, options, to: "remove the authenticator")
            try door.askFirst()
            _ = try door.answer("DELETE", WirePath.totp)
            let console = Console(context)
            if options.json { return console.say(json: AuthenticatorState(enrolled: false, confirmed: false, triesLeft: 0)) }
            console.say("Removed the authenticator. The password decides requests.")
        }
    }
}
