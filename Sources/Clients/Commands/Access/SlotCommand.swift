import ArgumentParser
import TacitClient
import TacitWire

/// `tacit slot`
struct SlotCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slot",
        abstract: "List, add and remove what opens the vault: passwords and the recovery key.",
        discussion: """
            EXAMPLES
              tacit slot list
              tacit slot add
              tacit slot replace-recovery
            """,
        subcommands: [List.self, Add.self, Remove.self, ReplaceRecovery.self])

    struct List: Verb {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the slots.",
            discussion: """
                EXAMPLES
                  tacit slot list
                  tacit slot list --json
                """)

        @OptionGroup var options: GlobalOptions

        func perform(in context: CommandContext) throws {
            let door = try VaultDoor(context, options, to: "list the slots")
            let slots: Page<SlotSummary> = try door.get(WirePath.slots)
            let console = Console(context)
            if options.json { return console.say(json: slots) }
            var table = Table("ID", "KIND", "MADE", "PARAMETERS")
            for slot in slots.items {
                table.add(
                    .init(slot.id.printable), .init(slot.kind == .password ? "password" : "recovery key", style: console.style.bold),
                    .init(RelativeTime.text(slot.createdAt, now: context.now())), .init((slot.parameters ?? "").printable, style: console.style.dim))
            }
            for line in table.lines(console.style) { console.say(line) }
        }
    }

    struct Add: Verb {
        static let configuration = CommandConfiguration(
            commandName: "add", abstract: "Add a password that opens the vault too.",
            discussion: """
                EXAMPLES
                  tacit slot add
                  tacit slot add --password-fd 3 --new-password-fd 4 3<mine 4<another
                """)

        @OptionGroup var newPassword: NewPasswordOptions
        @OptionGroup var options: GlobalOptions

        func check() throws { try newPassword.check(with: options) }

        func perform(in context: CommandContext) throws {
            let door = try VaultDoor(context, options, to: "add a password")
            try door.askFirst()
            let password = try newPassword.source(context).ask("Password to add: ")
            let answer = try door.answer("POST", WirePath.passwordSlot, body: password.bytes, contentType: VaultDoor.octets)
            let added: NameRequest = try VaultDoor.decode(answer.body)
            let console = Console(context)
            if options.json { return console.say(json: added) }
            console.say("The password opens the vault now too, in slot \(added.name.printable).")
        }
    }

    struct Remove: Verb {
        static let configuration = CommandConfiguration(
            commandName: "remove", abstract: "Remove a slot; the last password stays.",
            discussion: """
                EXAMPLES
                  tacit slot list
                  tacit slot remove 5f1c9a0e7d3b42688a1f0c9e2b7d4a63
                """)

        @Argument(help: ArgumentHelp("The slot's id, as `tacit slot list` shows it.", valueName: "id"))
        var id: String
        @OptionGroup var options: GlobalOptions

        func check() throws {
            guard id.utf8.count == 32, id.utf8.allSatisfy({ NameShape.isDigit($0) || (97...102).contains($0) }) else {
                throw CommandFailure.usage("a slot's id has 32 hexadecimal digits", hint: "see `tacit slot list`")
            }
        }

        func perform(in context: CommandContext) throws {
            let door = try VaultDoor(context, options, to: "remove a slot")
            try door.askFirst()
            _ = try door.answer("DELETE", WirePath.slot(id))
            let console = Console(context)
            if options.json { return console.say(json: NameRequest(name: id)) }
            console.say("Removed the slot. What opened it opens nothing now.")
        }
    }

    struct ReplaceRecovery: Verb {
        static let configuration = CommandConfiguration(
            commandName: "replace-recovery", abstract: "Make a new recovery key; the old one opens nothing afterwards.",
            discussion: """
                EXAMPLES
                  tacit slot replace-recovery
                  tacit slot replace-recovery --password-fd 3 --recovery-out 4 3<p 4>key
                """)

        @OptionGroup var recovery: RecoveryOptions
        @OptionGroup var options: GlobalOptions

        func perform(in context: CommandContext) throws {
            let handover = RecoveryKeyHandover(context, recovery)
            try handover.prepare(orSay: "write it to a descriptor with `--recovery-out FD`")
            let door = try VaultDoor(context, options, to: "replace the recovery key")
            try door.askFirst()
            try handover.give(
                WipedBytes(try door.answer("POST", WirePath.recoverySlot).body),
                after: "The recovery key is a new one; the old one opens nothing any more.")
            let console = Console(context)
            if options.json { return console.say(json: try door.get(WirePath.slots, as: Page<SlotSummary>.self)) }
            console.say("The new recovery key is in force; the old one opens nothing.")
        }
    }
}
