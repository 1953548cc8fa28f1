import ArgumentParser
import TacitClient
import TacitWire

/// `tacit init`
struct InitCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make the vault.",
        discussion: """
            Asks for a password twice, and shows a recovery key once, which opens the vault when the password is lost. The vault is unlocked \
            afterwards for this terminal.

            EXAMPLES
              tacit init
              tacit init --no-recovery
              tacit init --password-fd 3 --recovery-out 4 3<password 4>recovery-key
            """)

    @Flag(name: .customLong("no-recovery"), help: "Make no recovery key: if the password is lost, so is everything in the vault.")
    var isWithoutRecovery = false

    @OptionGroup var recovery: RecoveryOptions
    @OptionGroup var options: GlobalOptions

    func check() throws {
        if isWithoutRecovery, recovery.descriptor != nil {
            throw CommandFailure.usage("`--no-recovery` and `--recovery-out` exclude each other")
        }
    }

    func perform(in context: CommandContext) throws {
        let console = Console(context)
        let door = try VaultDoor(context, options, to: "make the vault")
        guard try door.status().state == .absent else {
            throw CommandFailure(
                "there is a vault already", hint: "unlock it with `tacit unlock`; another one is made with TACIT_VAULT=/another/directory",
                code: "vault.exists")
        }
        try VaultGround.check(context)
        let handover = RecoveryKeyHandover(context, recovery)
        if !isWithoutRecovery {
            try handover.prepare(orSay: "write it to a descriptor with `--recovery-out FD`, or leave it out with `--no-recovery`")
        }
        let made = try door.create(NewPassword(source: door.passwords).ask("Password for the new vault: "))
        if !isWithoutRecovery {
            try handover.give(WipedBytes(try door.answer("POST", WirePath.recoverySlot).body), after: "The vault is made in \(context.paths.vault).")
        }
        if options.json { return console.say(json: try VaultDoor.decode(made, as: VaultCreated.self)) }
        report(context, console, doubt: try door.status().actor.standingDoubt)
    }

    /// `doubt` says why the vault is not unlocked for where this command stands.
    private func report(_ context: CommandContext, _ console: Console, doubt: Asker.Doubt?) {
        let made = "\(console.style.green("The vault is made")) in \(context.paths.vault)"
        console.say(doubt == nil ? "\(made), and unlocked for this terminal." : "\(made).")
        if let doubt { console.warn("this terminal stays locked, and each command in it will ask: \(doubt.message.printable)") }
        if isWithoutRecovery {
            console.warn("there is no recovery key: if the password is lost, nobody can open this vault. `tacit slot replace-recovery` makes one.")
        }
        console.say("Next: `tacit set NAME` stores a secret, `tacit run -k NAME -- COMMAND` uses it.")
    }
}
