import ArgumentParser
import TacitClient
import TacitWire

/// `tacit unlock`
struct UnlockCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "unlock",
        abstract: "Unlock the vault for this terminal.",
        discussion: """
            The vault locks again when no person has used it for 15 minutes. `--for` lets registered agents go on using it that long although nobody \
            is at the terminal. With `--read-only` what changes something, or runs a program with secrets, asks for the password again in this \
            terminal, whoever types into it; a later `tacit unlock` ends that. `--recovery` takes the recovery key instead of the password, sets a new password, and makes a new recovery key: \
            the old ones open nothing afterwards.

            EXAMPLES
              tacit unlock
              tacit unlock --for 8h
              tacit unlock --read-only
              tacit unlock --recovery
              tacit unlock --password-fd 3 3<password
            """)

    @Option(name: .customLong("for"), help: ArgumentHelp("Let agents use it this long, such as 8h.", valueName: "span"))
    var lease: String?

    @Flag(help: "Ask again for changes and runs in this terminal.")
    var readOnly = false

    @Flag(name: .customLong("recovery"), help: "Open it with the recovery key, and set a new password.")
    var usesRecovery = false

    @Option(name: .customLong("recovery-fd"), help: ArgumentHelp("Read the recovery key from this descriptor.", valueName: "n"))
    var recoveryDescriptor: Int32?

    @OptionGroup var newPassword: NewPasswordOptions
    @OptionGroup var recovery: RecoveryOptions
    @OptionGroup var options: GlobalOptions

    func check() throws {
        if usesRecovery {
            if readOnly { throw CommandFailure.usage("`--read-only` goes with the password", hint: "run `tacit unlock --read-only` afterwards") }
            if lease != nil { throw CommandFailure.usage("`--for` goes with the password", hint: "run `tacit unlock --for` afterwards") }
        } else if recoveryDescriptor != nil || newPassword.descriptor != nil || recovery.descriptor != nil {
            throw CommandFailure.usage("`--recovery-fd`, `--new-password-fd` and `--recovery-out` go with `--recovery`")
        }
    }

    func perform(in context: CommandContext) throws {
        let door = try VaultDoor(context, options, to: "unlock the vault")
        if usesRecovery { return try recover(door) }
        let unlocked: Unlocked = try VaultDoor.decode(try door.unlock(for: lease, isReadOnly: readOnly))
        let console = Console(context)
        if options.json { return console.say(json: unlocked) }
        console.say(Self.sentence(unlocked, console.style, now: context.now()))
        if readOnly { console.say("In this terminal changes and runs ask for the password again, until a `tacit unlock` without `--read-only`.") }
        for notice in unlocked.notices { console.note(notice.printable) }
        if let doubt = try door.status().actor.standingDoubt {
            console.warn("this terminal stays locked, and each command in it will ask: \(doubt.message.printable)")
        }
        if unlocked.slotUpgraded { console.note("the password's slot was strengthened to today's parameters") }
    }

    private static func sentence(_ unlocked: Unlocked, _ style: Style, now: Int64) -> String {
        var text = style.green("Unlocked") + "."
        if let lease = unlocked.leaseUntil {
            text += " Agents may use it for \(RelativeTime.text(lease, now: now).droppingIn)."
        } else if let locks = unlocked.locksAt {
            text += " It locks \(RelativeTime.text(locks, now: now)) when you do not use it, whatever agents do; `--for 8h` keeps it open for them."
        }
        return text
    }

    private func recover(_ door: VaultDoor) throws {
        let handover = RecoveryKeyHandover(door.context, recovery)
        try handover.prepare(orSay: "a new recovery key is made: write it to a descriptor with `--recovery-out FD`")
        let key: WipedBytes
        if let recoveryDescriptor {
            key = try PasswordSource.read(recoveryDescriptor, "the recovery key")
        } else {
            guard let terminal = Terminal(door.context) else {
                throw CommandFailure.usage("there is no terminal to ask for the recovery key at", hint: "pass it with `--recovery-fd N`")
            }
            try door.refuseVain()
            key = try terminal.ask("Recovery key: ", .hidden)
        }
        let password = try newPassword.source(door.context).ask()
        var form = MultipartBody()
        form.add("recovery-key", key.bytes)
        form.add("password", password.bytes)
        defer { form.wipe() }
        let fresh = WipedBytes(try door.plain("POST", WirePath.recovery, body: form.body, contentType: form.contentType).body)
        try handover.give(fresh, after: "Unlocked with the new password. The recovery key is a new one, too; the old one opens nothing any more.")
        let console = Console(door.context)
        if options.json { return console.say(json: try door.status()) }
        console.say("\(console.style.green("Unlocked")) with a new password. The old password and recovery key open nothing any more.")
        console.say("If others may know the old ones, run `tacit rotate root` too.")
    }
}

extension String {
    /// `in 8 hours` as `8 hours`.
    fileprivate var droppingIn: String { hasPrefix("in ") ? String(dropFirst(3)) : self }
}
