import ArgumentParser
import FoundationEssentials
import Glibc
import TacitClient
import TacitWire

/// `tacit backup schedule`
struct BackupScheduleCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "schedule",
        abstract: "Have sealed backups made by a timer of systemd.",
        discussion: """
            Asks for the password once, and writes a service and a timer for systemd's user manager. The backups are sealed to age recipients, so no \
            password stands anywhere: keep the identities elsewhere. They are made while the vault is unlocked; an hour in which it is locked is \
            passed over. What is granted here is such backups and nothing else, for 400 days; a new root key (`tacit rotate root`) ends it.

            EXAMPLES
              tacit backup schedule --recipient age1... --to /media/disk/backups
              tacit backup schedule --recipient age1... --to backups --every weekly --keep 8
              tacit backup schedule --remove
            """)

    @Option(
        name: .customLong("recipient"), parsing: .singleValue,
        help: ArgumentHelp("The age recipient whose identity opens the backups; may be repeated.", valueName: "age1…"))
    var recipients: [String] = []

    @Option(name: .customLong("to"), help: ArgumentHelp("The directory that the backups are written to.", valueName: "directory"))
    var directory: String?

    @OptionGroup var rhythm: BackupRhythm

    @Flag(name: .customLong("print"), help: "Print the units, and write and grant nothing.")
    var isPrinting = false

    @Flag(name: .customLong("remove"), help: "Remove the units and the grant that lies beside them.")
    var isRemoval = false

    @OptionGroup var options: GlobalOptions

    func check() throws {
        if isRemoval {
            guard recipients.isEmpty, directory == nil, !isPrinting else { throw CommandFailure.usage("`--remove` goes alone") }
            return
        }
        guard directory != nil else { throw CommandFailure.usage("name the directory for the backups with `--to`") }
        guard isPrinting || !recipients.isEmpty else {
            throw CommandFailure.usage(
                "name whom the backups are sealed to with `--recipient`", hint: "`age-keygen -o key.txt` makes one, and its identity")
        }
        try rhythm.check()
    }

    func perform(in context: CommandContext) throws {
        let schedule = BackupSchedule(context)
        let console = Console(context)
        if isRemoval { return try remove(schedule, console) }
        guard let directory else { return }
        let place = directory.hasPrefix("/") ? directory : "\(context.currentDirectory)/\(directory)"
        let units = try schedule.units(to: place, rhythm)
        if isPrinting {
            for unit in units { console.say("# \(unit.path)\n\(unit.content)") }
            return
        }
        var facts = stat()
        guard unsafe stat(place, &facts) == 0, facts.st_mode & S_IFMT == S_IFDIR, unsafe access(place, W_OK | X_OK) == 0 else {
            throw CommandFailure(
                "there is no directory to write backups to in \(place)", hint: "make it first", status: .usage, code: "backup.directory")
        }
        let purpose = "have backups of the whole vault made by a timer, sealed to \(recipients.joined(separator: ", "))"
        let door = try VaultDoor(context, options, to: purpose)
        try door.askFirst()
        let grant: BackupGrantText = try door.send("POST", WirePath.backupGrants, json: BackupGrantWish(recipients: recipients))
        try schedule.keep(grant)
        for unit in units { try BackupSchedule.replace(unit.path, with: Array(unit.content.utf8)) }
        if options.json { return console.say(json: grant) }
        console.say("Wrote \(units.map(\.path).joined(separator: " and ")).")
        console.say("Next: `systemctl --user daemon-reload`, then `systemctl --user enable --now tacit-backup.timer`.")
        console.say("Try it out: `systemctl --user start tacit-backup.service`, and `tacit backup drill` with a file in \(place).")
    }

    private func remove(_ schedule: BackupSchedule, _ console: Console) throws {
        var isThere = false
        for path in schedule.paths {
            if unsafe unlink(path) == 0 {
                isThere = true
            } else if errno != ENOENT && errno != ENOTDIR {
                throw CommandFailure(errno: errno, "\(path) cannot be removed")
            }
        }
        guard isThere else { return console.say("There is no schedule: neither units nor a grant.") }
        console.say("The units and the grant are gone; the backups stay. Next: `systemctl --user disable --now tacit-backup.timer`.")
        console.note("a copy of the grant, if somebody has one, still gets sealed backups: `tacit rotate root` ends that")
    }
}

/// How often backups are made, and how many are kept.
struct BackupRhythm: ParsableArguments {
    enum Period: String, ExpressibleByArgument, CaseIterable {
        case hourly, daily, weekly

        var seconds: Int64 {
            switch self {
            case .hourly: 3600
            case .daily: 24 * 3600
            case .weekly: 7 * 24 * 3600
            }
        }
    }

    @Option(name: .customLong("every"), help: "How often one is made.")
    var period: Period = .daily

    @Option(name: .customLong("keep"), help: ArgumentHelp("How many are kept; older ones of the schedule are removed.", valueName: "n"))
    var kept = 14

    func check() throws {
        guard (1...1000).contains(kept) else { throw CommandFailure.usage("1 to 1000 backups are kept") }
    }
}

/// The files of a schedule.
struct BackupSchedule {
    private let configuration: String
    private let vault: String?
    private let grantPath: String
    private let servicePath: String
    private let timerPath: String

    init(_ context: CommandContext) {
        let named = context.environment["XDG_CONFIG_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        configuration = named ?? "\(context.home)/.config"
        vault = context.environment["TACIT_VAULT"]
        grantPath = "\(configuration)/tacit/backup-grant.json"
        servicePath = "\(configuration)/systemd/user/tacit-backup.service"
        timerPath = "\(configuration)/systemd/user/tacit-backup.timer"
    }

    var paths: [String] { [timerPath, servicePath, grantPath] }

    func keep(_ grant: BackupGrantText) throws { try Self.replace(grantPath, with: Array(try WireJSON.encode(grant))) }

    func grant() throws -> BackupGrantText {
        var facts = stat()
        guard unsafe stat(grantPath, &facts) == 0 else {
            throw CommandFailure("no schedule was granted", hint: "`tacit backup schedule` does that", code: "backup.not-granted")
        }
        let bytes = try Input.readFile(grantPath, limit: 64 << 10, naming: grantPath)
        guard let grant = try? WireJSON.decode(BackupGrantText.self, from: Data(bytes)) else {
            throw CommandFailure("\(grantPath) is no grant", hint: "write it anew with `tacit backup schedule`", code: "backup.not-granted")
        }
        return grant
    }

    /// Path and content of both units.
    func units(to directory: String, _ rhythm: BackupRhythm) throws -> [(path: String, content: String)] {
        guard let program = ProcessFacts.program else { throw CommandFailure("this program's own path cannot be found", code: "backup.program") }
        for text in [program, directory, vault ?? ""] where text.contains(where: \.isNewline) {
            throw CommandFailure("a path of a unit has no line break", status: .usage, code: "backup.directory")
        }
        let words = [program, "backup", "due", "--to", directory, "--every", rhythm.period.rawValue, "--keep", "\(rhythm.kept)"]
        let environment = vault.map { "\nEnvironment=\(Self.quoted("TACIT_VAULT=\($0)"))" } ?? ""
        let service = """
            # Made by `tacit backup schedule`; taken away by `tacit backup schedule --remove`.
            [Unit]
            Description=A sealed backup of Tacit's vault

            [Service]
            Type=oneshot\(environment)
            ExecStart=\(words.map(Self.quoted).joined(separator: " "))
            # The vault is locked: the next hour tries again.
            SuccessExitStatus=5
            UMask=0077
            NoNewPrivileges=yes

            """
        let timer = """
            # Made by `tacit backup schedule`; taken away by `tacit backup schedule --remove`.
            [Unit]
            Description=Sealed backups of Tacit's vault

            [Timer]
            # More often than a backup is due, so that a locked vault costs an hour, not a day.
            OnCalendar=hourly
            RandomizedDelaySec=300
            Persistent=yes

            [Install]
            WantedBy=timers.target

            """
        return [(servicePath, service), (timerPath, timer)]
    }

    /// A word as a unit has it (systemd.syntax(7)): in quotes, with `%`, `$` and backslashes kept from meaning anything.
    private static func quoted(_ word: String) -> String {
        var text = ""
        for character in word {
            switch character {
            case "\"", "\\": text += "\\\(character)"
            case "%": text += "%%"
            case "$": text += "$$"
            default: text.append(character)
            }
        }
        return "\"\(text)\""
    }

    /// Writes one of these files anew; the directories above it are made where they are missing.
    static func replace(_ path: String, with bytes: [UInt8]) throws {
        for end in path.indices.dropFirst() where path[end] == "/" { unsafe mkdir(String(path[..<end]), 0o700) }
        let fresh = "\(path).new"
        unsafe unlink(fresh)
        let file = try OutputFile(fresh, or: -1)
        try file.write(bytes)
        try file.finish()
        guard unsafe rename(fresh, path) == 0 else { throw CommandFailure(errno: errno, "\(path) cannot be written") }
    }
}
