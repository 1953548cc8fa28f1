import ArgumentParser
import TacitClient
import TacitWire

/// `tacit restore-backup`
struct RestoreBackupCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "restore-backup",
        abstract: "Make a new vault of a backup.",
        discussion: """
            Asks for the password of the backup, or has age open it with an identity, reads all of it, and asks for the password of the new vault, which has \
            keys and a log of its own. It appears whole or not at all, and never over a vault that is there: name another place with TACIT_VAULT. Agents are \
            registered anew afterwards with `tacit setup` or `tacit agent add`; the policy for them is there.

            Beside a vault `--verify-only` asks for the password of that vault first, unless it is unlocked for this terminal. Without it, let TACIT_VAULT name a \
            directory without a vault.

            EXAMPLES
              tacit restore-backup /media/stick/tacit.backup
              tacit restore-backup tacit.backup --identity key.txt
              tacit restore-backup tacit.backup --verify-only
              tacit restore-backup tacit.backup --dry-run
              TACIT_VAULT=/home/me/second tacit restore-backup tacit.backup
            """)

    @Argument(help: ArgumentHelp("The backup, or - for standard input.", valueName: "file"))
    var file: String

    @Flag(name: .customLong("verify-only"), help: "Read all of it and find out whether it is whole and genuine. Nothing is stored.")
    var isVerification = false

    @Flag(name: .customLong("dry-run"), help: "Show what would be restored, and where. Nothing is stored.")
    var isDryRun = false

    @Flag(name: .customLong("no-recovery"), help: "Make no recovery key: if the password is lost, so is everything in the new vault.")
    var isWithoutRecovery = false

    @OptionGroup var opening: BackupOpeningOptions
    @OptionGroup var recovery: RecoveryOptions
    @OptionGroup var options: GlobalOptions

    func check() throws {
        guard !isVerification || !isDryRun else { throw CommandFailure.usage("`--verify-only` and `--dry-run` exclude each other") }
        guard !isWithoutRecovery || recovery.descriptor == nil else {
            throw CommandFailure.usage("`--no-recovery` and `--recovery-out` exclude each other")
        }
        let isOpened = !opening.identities.isEmpty || opening.password.descriptor != nil
        guard isVerification || isDryRun || options.passwordDescriptor == nil || isOpened else {
            throw CommandFailure.usage(
                "`--password-fd` brings the password of the new vault", hint: "bring that of the backup with `--backup-password-fd N`")
        }
    }

    func perform(in context: CommandContext) throws {
        let backup = try SealedBackup(file, context)
        let door = try VaultDoor(context, options, to: "read a backup")
        let console = Console(context)
        if isVerification { return try verify(backup, door, console, context) }
        guard try door.status().state == .absent else {
            throw CommandFailure(
                "there is a vault already, and a backup is never restored over one",
                hint: "restore it beside: TACIT_VAULT=/another/directory tacit restore-backup FILE", code: "vault.exists")
        }
        try VaultGround.check(context)
        if isDryRun {
            let report = try checked(backup, door, context).report
            if options.json { return console.say(json: report) }
            for line in Self.table(report).lines(console.style) { console.say(line) }
            console.say("Would restore \(report.contents) to a new vault in \(context.paths.vault). Nothing was stored.")
            return
        }
        try restore(backup, door, console, context)
    }

    private typealias Checked = (opening: BackupOpening, report: BackupReport, door: VaultDoor)

    /// Opens and reads all of it, which stores nothing; a wrong password may be typed again, as at `tacit unlock`.
    private func checked(_ backup: SealedBackup, _ door: VaultDoor, _ context: CommandContext) throws -> Checked {
        // A refusal ends a connection, and what was proven on it.
        var left = opening.isTyped(backup) && backup.isLasting && !door.isSteppedUp ? 2 : 0
        var way = door
        while true {
            let opening = try BackupOpening(backup, opening, context)
            do {
                let report: BackupReport = try VaultDoor.decode(try way.upload(backup, opening, to: WirePath.backupChecks, meter(context)))
                return (opening, report, way)
            } catch let failure as CommandFailure where failure.code == "backup.wrong-password" && left > 0 {
                Terminal(context)?.say("The password of the backup is wrong.")
                left -= 1
                try backup.rewind()
                way = try VaultDoor(context, options, to: way.purpose)
            }
        }
    }

    /// Who is told how far it is.
    private func meter(_ context: CommandContext) -> Console? { options.json ? nil : Console(context) }

    private func verify(_ backup: SealedBackup, _ door: VaultDoor, _ console: Console, _ context: CommandContext) throws {
        let status = try door.status()
        door.aside =
            "It is the password of the vault in \(context.paths.vault), whose log keeps who reads backups. The backup is opened after it.\n"
            + "Without that password: TACIT_VAULT=/a/new/directory tacit restore-backup FILE --verify-only"
        if status.state != .absent, status.state != .unlocked || status.actor.kind != .person { try door.askFirst() }
        let report = try checked(backup, door, context).report
        if options.json { return console.say(json: report) }
        console.say("The backup is whole and genuine: \(report.contents), made at \(report.madeAt). Nothing was stored.")
    }

    private func restore(_ backup: SealedBackup, _ door: VaultDoor, _ console: Console, _ context: CommandContext) throws {
        let handover = RecoveryKeyHandover(context, recovery)
        if !isWithoutRecovery {
            try handover.prepare(orSay: "write it to a descriptor with `--recovery-out FD`, or leave it out with `--no-recovery`")
        }
        let (opening, door) = try opened(backup, door, context)
        let password = try NewPassword(source: door.passwords).ask("Password for the new vault: ")
        let restored: BackupRestored = try VaultDoor.decode(
            try door.upload(backup, opening, to: WirePath.restores, newPassword: password, meter(context)))
        if !isWithoutRecovery {
            door.remember(password)
            try Self.withVault(in: context) {
                try door.stepUp()
                try handover.give(
                    WipedBytes(try door.answer("POST", WirePath.recoverySlot).body),
                    after: "Restored \(restored.backup.contents) to a new vault in \(context.paths.vault).")
            }
        }
        if options.json { return console.say(json: restored) }
        console.say("\(console.style.green("Restored")) \(restored.backup.contents) to a new vault in \(context.paths.vault).")
        if isWithoutRecovery {
            console.warn("there is no recovery key: if the password is lost, nobody can open this vault. `tacit slot replace-recovery` makes one.")
        }
        console.say("Next: `tacit setup` registers agents anew, `tacit totp enroll` an authenticator; the policy is as it was (`tacit policy show`).")
    }

    /// What opens it. Nobody is asked for the password of a vault that this backup cannot become: it is read to its end before.
    private func opened(_ backup: SealedBackup, _ door: VaultDoor, _ context: CommandContext) throws -> (BackupOpening, VaultDoor) {
        guard backup.isLasting, let terminal = door.passwords.terminal else { return (try BackupOpening(backup, opening, context), door) }
        let checked = try checked(backup, door, context)
        terminal.say("The backup is whole and genuine: \(checked.report.contents), made at \(checked.report.madeAt).")
        try backup.rewind()
        return (checked.opening, checked.door)
    }

    /// Whatever fails from now on, the new vault is there: said together with what it lacks.
    private static func withVault(in context: CommandContext, _ body: () throws -> Void) throws {
        do { try body() } catch var failure as CommandFailure {
            failure.message = "the new vault is in \(context.paths.vault), but its recovery key was not shown: \(failure.message)"
            let next = "once that is mended, `tacit slot replace-recovery` makes one and shows it"
            failure.hint = failure.hint.map { "\($0); \(next)" } ?? next
            throw failure
        }
    }

    private static func table(_ report: BackupReport) -> Table {
        var table = Table("ENVIRONMENT", "SECRETS", "VERSIONS", "DELETED")
        for place in report.places ?? [] {
            table.add(.init(place.scope.printable), .init("\(place.secrets)"), .init("\(place.versions)"), .init("\(place.deleted)"))
        }
        return table
    }
}
