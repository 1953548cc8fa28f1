import ArgumentParser
import Glibc
import TacitClient
import TacitWire

/// `tacit backup drill`
struct BackupDrillCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "drill",
        abstract: "Try out that a backup can be restored, and compare it with the vault.",
        discussion: """
            Restores a backup to a throw-away place, opens it there as any vault is opened, compares every version, value and policy with the vault, \
            and removes the place again. Without a file a fresh backup is made for it, which is gone afterwards, too. The vault is not changed.

            EXAMPLES
              tacit backup drill
              tacit backup drill /media/stick/tacit.backup
              tacit backup drill tacit.backup --identity key.txt
            """)

    @Argument(help: ArgumentHelp("The backup; without one a fresh one is made.", valueName: "file"))
    var file: String?

    @OptionGroup var opening: BackupOpeningOptions
    @OptionGroup var options: GlobalOptions

    func check() throws {
        guard file != nil || opening.identities.isEmpty && opening.password.descriptor == nil else {
            throw CommandFailure.usage("without a file nothing has to be opened", hint: "name the backup that is to be tried out")
        }
    }

    func perform(in context: CommandContext) throws {
        let door = try VaultDoor(context, options, to: "try out a backup of the whole vault")
        try door.askFirst()
        let (backup, opening) = try file.map { try opened($0, context) } ?? Self.rehearsal(through: door, context)
        let drill: BackupDrill = try VaultDoor.decode(try door.upload(backup, opening, to: WirePath.backupDrills))
        let console = Console(context)
        if options.json { console.say(json: drill) } else { report(drill, console) }
        guard drill.differences == 0 else {
            throw CommandFailure(
                "\(drill.differences) of what was restored is not as it is in the vault",
                hint: "make another backup, and run `tacit audit verify`: one of the two was changed outside Tacit", code: "backup.differs")
        }
    }

    private func opened(_ file: String, _ context: CommandContext) throws -> (SealedBackup, BackupOpening) {
        let backup = try SealedBackup(file, context)
        return (backup, try BackupOpening(backup, opening, context))
    }

    /// Makes a backup for the drill alone, under a password that nobody knows, in a file that has no name any more.
    private static func rehearsal(through door: VaultDoor, _ context: CommandContext) throws -> (SealedBackup, BackupOpening) {
        let file = try UnnamedFile(in: context.environment["TMPDIR"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? "/var/tmp")
        let password = WipedBytes((0..<32).map { _ in UInt8.random(in: UInt8(ascii: "a")...UInt8(ascii: "z")) })
        var form = MultipartBody()
        defer { form.wipe() }
        form.add("password", password.bytes)
        _ = try door.backup(WirePath.backups, form.body, form.contentType) { try file.write($0) }
        return (try SealedBackup(try file.rewound(), isOwn: true), BackupOpening(password: password))
    }

    private func report(_ drill: BackupDrill, _ console: Console) {
        guard drill.differences == 0 else { return }
        console.say("\(console.style.green("The drill went well:")) \(drill.backup.contents) were restored to a throw-away place and opened there.")
        let policies = drill.policies == 0 ? "" : ", and \(Counted(drill.policies, "version")) of the policy,"
        let isOne = drill.versions == 1 && drill.policies == 0
        let values = "\(Counted(drill.versions, "version")) with \(Counted(drill.values, "value"))\(policies)"
        console.say("\(values) \(isOne ? "is as it is" : "are as they are") in the vault.")
        if drill.added > 0 {
            let (made, present) = drill.added == 1 ? ("was", "is") : ("were", "are")
            console.note("\(Counted(drill.added, "secret")) \(made) made after the backup, and \(present) not in it")
        }
        if drill.newer > 0 { console.note("\(Counted(drill.newer, "version")) came after the backup was made") }
        if drill.newerPolicies > 0 {
            console.note(
                "\(Counted(drill.newerPolicies, "version")) of the policy came after the backup was made, and \(drill.newerPolicies == 1 ? "is" : "are") not in it"
            )
        }
        if drill.changed > 0 { console.note("the names, tags or times of \(Counted(drill.changed, "secret")) were changed since, and not compared") }
        if drill.gone > 0 { console.note("\(Counted(drill.gone, "secret")) of the backup \(drill.gone == 1 ? "is" : "are") in the vault no more") }
        console.say("The throw-away place is gone, and the vault as it was.")
    }
}

/// A file without a name: whatever becomes of the command, nothing of it is left.
private final class UnnamedFile {
    private var descriptor: Int32

    init(in directory: String) throws {
        let path = "\(directory)/tacit-drill-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        descriptor = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw CommandFailure(errno: errno, "\(directory) cannot be written", hint: "name another directory with TMPDIR")
        }
        unsafe unlink(path)
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    func write(_ bytes: [UInt8]) throws {
        guard Console.write(bytes, to: descriptor) else {
            throw CommandFailure(errno: errno, "the backup for the drill cannot be written", hint: "name a directory with more room with TMPDIR")
        }
    }

    /// The descriptor, at the beginning of the file; the caller closes it.
    func rewound() throws -> Int32 {
        guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw CommandFailure(errno: errno, "the backup for the drill cannot be read") }
        defer { descriptor = -1 }
        return descriptor
    }
}
