import ArgumentParser
import CProcess
import Glibc
import TacitClient
import TacitWire

/// What opens a backup that is read.
struct BackupOpeningOptions: ParsableArguments {
    @Option(
        name: .customLong("identity"), parsing: .singleValue,
        help: ArgumentHelp("The file of the age identity that opens it, where it is sealed to recipients; may be repeated.", valueName: "path"))
    var identities: [String] = []

    @OptionGroup var password: BackupPasswordOptions

    /// Whether a person types what opens it.
    func isTyped(_ backup: SealedBackup) -> Bool { backup.ageFile == nil && password.descriptor == nil }
}

/// The secret that opens one backup: its password, or the key that `age` took out of it.
struct BackupOpening {
    let secret: WipedBytes
    let isKey: Bool

    init(password: WipedBytes) { (secret, isKey) = (password, false) }

    /// Asks the person, or `age`.
    init(_ backup: SealedBackup, _ options: BackupOpeningOptions, _ context: CommandContext) throws {
        guard let file = backup.ageFile else {
            guard options.identities.isEmpty else {
                throw CommandFailure.usage("the backup opens with a password", hint: "leave out `--identity`, and give its password")
            }
            (secret, isKey) = (try options.password.source(context).password("Password of the backup: "), false)
            return
        }
        guard !options.identities.isEmpty else {
            throw CommandFailure.usage(
                "the backup opens with the identity of an age recipient", hint: "name the file of the identity with `--identity FILE`")
        }
        (secret, isKey) = (try Self.key(in: file, options.identities, context), true)
    }

    private static func key(in file: [UInt8], _ identities: [String], _ context: CommandContext) throws -> WipedBytes {
        guard let program = PipedProgram("age", context) else {
            throw CommandFailure(
                "`age` is not there, and only it opens this backup", hint: "install it (a package `age` in many systems), and try again",
                code: "backup.program")
        }
        var ends: [Int32] = [-1, -1]
        guard unsafe tacit_pipe(&ends) == 0 else { throw CommandFailure("`age` cannot be started: there are no descriptors left") }
        defer { close(ends[0]) }
        // All of it fits: a pipe holds 64 KiB, and a head less.
        let isWritten = Console.write(file, to: ends[1])
        close(ends[1])
        guard isWritten else { throw CommandFailure("`age` cannot be given what it is to open", code: "backup.program") }
        for path in identities where unsafe access(path, R_OK) != 0 {
            throw CommandFailure(
                errno: errno, "the identity \(path.printable) cannot be read", hint: "name the file that `age-keygen` wrote, with `--identity FILE`")
        }
        let names = identities.flatMap { ["--identity", $0.hasPrefix("/") ? $0 : "./\($0)"] }
        let process = try program.start(["--decrypt"] + names, input: ends[0])
        guard let key = try process.finish(naming: "what age decrypted") else {
            throw CommandFailure(
                "age cannot open the backup with this identity", hint: "name the identity of one of the recipients that it was sealed to",
                status: .denied, code: "backup.wrong-key")
        }
        return key
    }
}

extension VaultDoor {
    /// Sends what opens a backup, and the backup. Before both stands the password of the new vault, where one is made of it. A console is told how far it is.
    func upload(
        _ backup: SealedBackup, _ opening: BackupOpening, to path: String, newPassword: WipedBytes? = nil, _ console: Console? = nil
    ) throws -> [UInt8] {
        var beginning: [UInt8]? = []
        for secret in [newPassword, opening.secret].compactMap(\.self) {
            beginning?.appendWiping((0..<4).map { UInt8(truncatingIfNeeded: secret.count >> (24 - 8 * $0)) })
            beginning?.appendWiping(secret.bytes)
        }
        defer { beginning?.wipe() }
        var (isBegun, sent) = (false, Int64(0))
        let meter = console.flatMap { console in backup.byteCount.map { ProgressMeter(console, unit: "kB", from: 0, of: ($0 + 999) / 1000) } }
        defer { meter?.end() }
        do {
            let answer = try connection.upload(
                path + (opening.isKey ? "?opens-with=key" : ""), contentType: "application/vnd.tacit.backup"
            ) {
                guard isBegun else {
                    isBegun = true
                    return beginning
                }
                // What was given before is sent by now. That all of it was of use is known by the answer alone.
                if sent < backup.byteCount ?? 0 { meter?.show((sent + 999) / 1000) }
                let piece = try backup.next()
                sent += Int64(piece?.count ?? 0)
                return piece
            }
            meter?.show((sent + 999) / 1000)
            return answer.body
        } catch let error as ClientError { throw CommandFailure(error) }
    }
}
