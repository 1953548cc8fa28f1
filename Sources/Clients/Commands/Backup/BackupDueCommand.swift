import ArgumentParser
import Glibc
import TacitClient
import TacitWire

/// `tacit backup due`
struct BackupDueCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "due",
        abstract: "Make the scheduled backup, where one is due.",
        discussion: """
            For the timer that `tacit backup schedule` writes. It asks nobody: the backup is sealed to the recipients that were granted, and needs the \
            vault to be unlocked.

            EXAMPLES
              tacit backup due --to /media/disk/backups
            """)

    @Option(name: .customLong("to"), help: ArgumentHelp("The directory that the backups are written to.", valueName: "directory"))
    var directory: String

    @OptionGroup var rhythm: BackupRhythm
    @OptionGroup var options: GlobalOptions

    func check() throws { try rhythm.check() }

    func perform(in context: CommandContext) throws {
        let console = Console(context)
        let shelf = ScheduledBackups(directory)
        let now = context.now()
        // Before anything is called not due: a schedule whose grant is over makes no more backups, and nobody reads a timer's log for what it does not say.
        let grant = try BackupSchedule(context).grant()
        guard grant.expiresAt / 1_000_000_000 > now else { throw Self.grantIsOver }
        // Somewhat earlier than due, or each day's would be later than that of the day before.
        if let last = try shelf.all().last, now - last.time < rhythm.period.seconds * 9 / 10, last.time <= now {
            return console.say("No backup is due: the last one is \(last.name).")
        }
        // A keeper that was started for this would have no keys.
        guard KeeperSocket.answers(context.paths.socket) else {
            throw CommandFailure(
                "the vault is locked", hint: "unlock it with `tacit unlock`; the next hour tries again", status: .locked, code: "vault.locked")
        }
        let target = try BackupFile(shelf.path(at: now), isForced: false, context)
        let report = try make(grant, to: target, context)
        try target.finish()
        try shelf.removeOldest(keeping: rhythm.kept)
        if options.json { return console.say(json: report) }
        console.say("Backed up \(report.contents) to \(shelf.path(at: now)).")
    }

    private func make(_ grant: BackupGrantText, to target: BackupFile, _ context: CommandContext) throws -> BackupReport {
        // Whoever tries at a terminal what the timer does sees what the timer sees.
        var context = context
        context.terminal = nil
        let door = try VaultDoor(context, options, to: "make the scheduled backup")
        do {
            return try door.backup(WirePath.scheduledBackups, Array(try WireJSON.encode(grant)), "application/json") { try target.write($0) }
        } catch var failure as CommandFailure where failure.code == "backup.too-soon" {
            // Nobody is refused anything: the grant stands.
            failure.status = .failed
            failure.message += ", and is not in \(directory)"
            let wait = failure.problem?.retryAfter.map { "in \(RelativeTime.span(Int64($0)))" } ?? "later"
            failure.hint = "another is made \(wait) at the earliest: the next hour tries again"
            failure.problem?.title = failure.message
            failure.problem?.hint = failure.hint
            throw failure
        }
    }

    /// As the keeper refuses it.
    private static let grantIsOver = CommandFailure(
        "the grant of scheduled backups is over: no more are made", hint: "grant them again with `tacit backup schedule`", status: .denied,
        code: "backup.not-granted")
}

/// The backups of a schedule in their directory: no other file there counts.
struct ScheduledBackups {
    let directory: String

    init(_ directory: String) { self.directory = directory }

    func path(at time: Int64) -> String {
        var seconds = time_t(time)
        var parts = unsafe tm()
        unsafe gmtime_r(&seconds, &parts)
        func digits(_ numbers: [Int32]) -> String {
            numbers.map { String("\(100 + $0 % 100)".dropFirst()) }.joined()
        }
        let year = unsafe 1900 + parts.tm_year
        let day = unsafe digits([year / 100, year, parts.tm_mon + 1, parts.tm_mday])
        let clock = unsafe digits([parts.tm_hour, parts.tm_min, parts.tm_sec])
        return "\(directory)/tacit-\(day)-\(clock).backup"
    }

    /// Oldest first.
    func all() throws -> [(name: String, time: Int64)] {
        guard let folder = unsafe opendir(directory) else {
            throw CommandFailure(errno: errno, "\(directory) cannot be read", hint: "is the disk there? the next hour tries again")
        }
        defer { unsafe closedir(folder) }
        var found: [(name: String, time: Int64)] = []
        while let entry = unsafe readdir(folder) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if let time = Self.time(of: name) { found.append((name, time)) }
        }
        return found.sorted { $0.name < $1.name }
    }

    func removeOldest(keeping count: Int) throws {
        for backup in try all().dropLast(count) {
            guard unsafe unlink("\(directory)/\(backup.name)") == 0 else { throw CommandFailure(errno: errno, "\(backup.name) cannot be removed") }
        }
    }

    /// When a backup of this name was made; nil for any other file.
    static func time(of name: String) -> Int64? {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1] == "backup", parts[0].hasPrefix("tacit-") else { return nil }
        let moment = parts[0].dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
        guard moment.count == 2, moment[0].count == 8, moment[1].count == 6, let day = Int32(moment[0]), let clock = Int32(moment[1]),
            moment.joined().allSatisfy({ "0"..."9" ~= $0 })
        else { return nil }
        var broken = unsafe tm()
        unsafe (broken.tm_year, broken.tm_mon, broken.tm_mday) = (day / 10_000 - 1900, day / 100 % 100 - 1, day % 100)
        unsafe (broken.tm_hour, broken.tm_min, broken.tm_sec) = (clock / 10_000, clock / 100 % 100, clock % 100)
        return Int64(unsafe timegm(&broken))
    }
}
