import ArgumentParser
import TacitClient
import TacitWire

/// `tacit backup`
struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Write a sealed copy of everything in the vault, try it out, and have it made by a timer.",
        discussion: """
            `tacit backup FILE` is `tacit backup make FILE`.

            EXAMPLES
              tacit backup /media/stick/tacit.backup
              tacit backup drill
            """,
        subcommands: [BackupMakeCommand.self, BackupDrillCommand.self, BackupScheduleCommand.self, BackupDueCommand.self],
        defaultSubcommand: BackupMakeCommand.self)
}

/// `tacit backup make`
struct BackupMakeCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "make",
        abstract: "Write a sealed copy of everything in the vault to a file.",
        discussion: """
            Asks for the vault's password, then for one that the backup alone has, or seals it to age recipients, whose identities open it. In it are \
            all projects, environments, secrets with every version, tags, notes and expiry, deleted ones included, and every version of the policy; \
            no session, agent, token or approval, and of the log only the last checkpoint. `tacit restore-backup` makes a new vault of it.

            EXAMPLES
              tacit backup make /media/stick/tacit.backup
              tacit backup make tacit.backup --recipient age1...
              tacit backup make - --recipient age1... | ssh host dd of=tacit.backup
            """)

    @Argument(help: ArgumentHelp("The file, or - for standard output.", valueName: "file"))
    var file: String

    @Option(
        name: .customLong("recipient"), parsing: .singleValue,
        help: ArgumentHelp("Seal it to this age recipient, in the place of a password; may be repeated.", valueName: "age1…"))
    var recipients: [String] = []

    @Flag(name: .customLong("force"), help: "Take the place of a file that is there.")
    var isForced = false

    @OptionGroup var password: BackupPasswordOptions
    @OptionGroup var options: GlobalOptions

    func check() throws {
        guard recipients.isEmpty || password.descriptor == nil else {
            throw CommandFailure.usage("a backup is sealed to a password or to recipients", hint: "leave one of them out")
        }
        guard options.passwordDescriptor == nil || password.descriptor != nil || !recipients.isEmpty else {
            throw CommandFailure.usage(
                "`--password-fd` brings the password of the vault", hint: "bring that of the backup with `--backup-password-fd N`")
        }
    }

    func perform(in context: CommandContext) throws {
        let target = try BackupFile(file, isForced: isForced, context)
        let door = try VaultDoor(context, options, to: "back up the whole vault")
        try door.askFirst()
        var form = MultipartBody()
        defer { form.wipe() }
        if recipients.isEmpty {
            let chosen = try NewPassword(source: password.source(context)).ask("Password for this backup: ")
            form.add("password", chosen.bytes)
        } else {
            form.add("recipients", Array(recipients.joined(separator: "\n").utf8))
        }
        let console = Console(context)
        let report = try door.framedBackup(form, options.json ? nil : console) { try target.write($0) }
        try target.finish()
        // The backup itself may be what goes to standard output.
        if options.json { return target.isStream ? console.tell(json: report) : console.say(json: report) }
        let line = "Backed up \(report.contents) to \(target.isStream ? "standard output" : file)."
        target.isStream ? console.note(line) : console.say(line)
        console.note(report.sealedTo == .password ? "only its own password opens it" : "only the identities of its recipients open it")
    }
}

/// The password that a backup alone has.
struct BackupPasswordOptions: ParsableArguments {
    @Option(
        name: .customLong("backup-password-fd"),
        help: ArgumentHelp("Read the password of the backup from this descriptor, up to a line's end.", valueName: "n"))
    var descriptor: Int32?

    func source(_ context: CommandContext) -> PasswordSource { PasswordSource(context, descriptor: descriptor) }
}

extension BackupReport {
    /// What is in it, in words.
    var contents: String {
        func count(_ number: Int64, _ one: String, _ many: String) -> String { "\(number) \(number == 1 ? one : many)" }
        return "\(count(secrets, "secret", "secrets")) in \(count(versions, "version", "versions")) "
            + "(\(count(projects, "project", "projects")), \(count(environments, "environment", "environments")))"
    }
}

extension VaultDoor {
    /// Has a backup made; `take` gets its bytes.
    func backup(_ path: String, _ body: [UInt8], _ contentType: String, _ take: ([UInt8]) throws -> Void) throws -> BackupReport {
        while true {
            do {
                let trailer = try connection.stream("POST", path, body: body, contentType: contentType, take)
                return try Self.outcome(trailer)
            } catch let error as ClientError {
                guard case .problem(let problem) = error, try remedy(problem) else { throw try explained(CommandFailure(error)) }
            }
        }
    }

    /// As `backup`, of everything; where there is a console it is told how far the backup is.
    func framedBackup(_ form: MultipartBody, _ console: Console?, _ take: ([UInt8]) throws -> Void) throws -> BackupReport {
        var (frames, meter) = (BackupFrames(), ProgressMeter?.none)
        defer { meter?.end() }
        let report = try backup("\(WirePath.backups)?as=frames", form.body, form.contentType) { piece in
            frames.append(piece)
            while let frame = frames.next() {
                if meter == nil { context.typing.end() }
                if meter == nil { meter = console.map { ProgressMeter($0, unit: "versions", from: 0, of: frame.total) } }
                try take(frame.bytes)
                meter?.show(frame.versions)
            }
        }
        guard frames.isEmpty else { throw Self.notUnderstood }
        return report
    }

    private static func outcome(_ trailer: [String: String]) throws -> BackupReport {
        guard let text = trailer[WireHeader.outcome.lowercased()].flatMap(WirePath.decoded) else { throw notUnderstood }
        let outcome = try decode(Array(text.utf8), as: BackupOutcome.self)
        if let problem = outcome.problem { throw CommandFailure(problem) }
        guard let report = outcome.report else { throw notUnderstood }
        return report
    }
}
