import ArgumentParser
import TacitWire

/// `tacit audit verify`
struct AuditVerifyCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Go through the whole log and find edits, gaps, reorderings, forks and a cut tail.",
        discussion: """
            A cut tail is found against the last checkpoint in the vault; against a thief of the keys only a checkpoint that you keep elsewhere \
            helps. Ends with 1 and names the break when there is one.

            EXAMPLES
              tacit audit verify
              tacit audit verify --checkpoint /mnt/usb/checkpoint-today
            """)

    @Option(name: .customLong("checkpoint"), help: ArgumentHelp("A checkpoint that you kept (may be repeated).", valueName: "file"))
    var checkpoints: [String] = []

    @OptionGroup var options: GlobalOptions

    func perform(in context: CommandContext) throws {
        let notes = try checkpoints.map(KeptNote.read)
        let door = try VaultDoor(context, options, to: "verify the audit log")
        let verdict = try verify(notes, door)
        let console = Console(context)
        if options.json {
            console.say(json: verdict)
            if !verdict.intact { throw ExitCode(ExitStatus.failed.rawValue) }
            return
        }
        guard verdict.intact else {
            throw CommandFailure(
                "the audit log is broken: \(verdict.message.printable)",
                hint: "keep a copy of the vault as it is; entries before the break are good", code: "audit.broken")
        }
        console.say(console.style.green(verdict.message.printable))
        if let start = verdict.start {
            console.say(console.style.dim("it begins with entry \(start): a signed checkpoint stands for what was pruned"))
        }
        if verdict.checkpoints > 0 { console.say(console.style.dim("\(verdict.checkpoints) signed checkpoints agree")) }
        report(verdict, console)
    }

    private func verify(_ notes: [String], _ door: VaultDoor) throws -> AuditVerification {
        try KeptNote.naming(checkpoints.count == 1 ? checkpoints[0] : nil) {
            try door.send("POST", WirePath.auditVerification, json: VerificationRequest(trustedNotes: notes))
        }
    }

    private func report(_ verdict: AuditVerification, _ console: Console) {
        let missing = verdict.missingOutcomes
        if !missing.isEmpty {
            let shown = missing.prefix(5).map(String.init).joined(separator: ", ") + (missing.count > 5 ? ", …" : "")
            console.warn("\(missing.count == 1 ? "1 act has" : "\(missing.count) acts have") no outcome (a crash may have cut in): \(shown)")
        }
        for warning in verdict.warnings { console.warn(warning.printable) }
    }
}
