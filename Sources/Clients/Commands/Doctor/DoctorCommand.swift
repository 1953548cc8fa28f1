import ArgumentParser
import TacitClient
import TacitWire

/// `tacit doctor`
struct DoctorCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Tell what is protected on this machine and what is not.",
        discussion: """
            Checks memory locking, swap, hibernation, core files, tracing, the sandbox, the modes of Tacit's files and this program itself, says how far \
            keeper and runs are from your other programs, and asks the keeper what it found. Ends with 1 when something is bad. `--accept-clock` and `--accept-rollback` accept what the keeper warned of; both ask \
            for the password.

            EXAMPLES
              tacit doctor
              tacit doctor --json
              tacit doctor --accept-clock
            """)

    @Flag(name: .customLong("accept-clock"), help: "The clock was set back on purpose: take it as it is.")
    var acceptsClock = false

    @Flag(name: .customLong("accept-rollback"), help: "An older vault was put back on purpose: take it as it is.")
    var acceptsRollback = false

    @OptionGroup var options: GlobalOptions

    func perform(in context: CommandContext) throws {
        if acceptsClock || acceptsRollback { try accept(context) }
        let findings = findings(context)
        let console = Console(context)
        if options.json {
            console.say(json: DoctorReport(findings: findings))
        } else {
            for finding in findings { Self.say(finding, console) }
        }
        if findings.contains(where: { $0.level == .bad }) { throw ExitCode(ExitStatus.failed.rawValue) }
    }

    private func findings(_ context: CommandContext) -> [DoctorReport.Finding] {
        let machine = MachineChecks(context).findings
        // How the keeper and the person's other programs stand is not to be known in there.
        if context.isConfined { return machine + [StrengthChecks.confined] }
        let strength = StrengthChecks(paths: context.paths, userID: context.userID).findings
        return machine + keeperFindings(context) + [SandboxCheck.finding(context.sandbox())] + strength
    }

    private func accept(_ context: CommandContext) throws {
        let door = try VaultDoor(context, options, to: acceptsClock ? "accept the clock" : "accept this vault as it is")
        // A vault that is suspected to be rolled back does not open: its acceptance carries the password itself.
        let console = Console(context)
        if acceptsRollback {
            let unlocked = try door.acceptRollback()
            if !options.json { console.say("The vault is taken as it is, and is unlocked.") }
            for notice in unlocked.notices { console.note(notice.printable) }
        }
        if acceptsClock {
            try door.askFirst()
            _ = try door.answer("POST", WirePath.clockAcceptance)
            if !options.json { console.say("The clock is taken as it is.") }
        }
    }

    /// What the keeper says, as far as it can be asked.
    private func keeperFindings(_ context: CommandContext) -> [DoctorReport.Finding] {
        do {
            let door = try VaultDoor(context, options, to: "examine the keeper")
            let status = try door.status()
            var findings = [Self.version(status, context)]
            findings += status.warnings.map { .init(.bad, "vault.warning", $0) }
            do {
                let report: DoctorReport = try VaultDoor.decode(try door.plain("GET", WirePath.doctor).body)
                findings += report.findings
            } catch let failure as CommandFailure {
                if failure.status != .notFound { findings.append(.init(.advice, "keeper.report", "the keeper tells no more: \(failure.message)")) }
            }
            return findings
        } catch {
            let failure = error as? CommandFailure
            return [.init(.bad, "keeper.unreachable", failure?.message ?? "the keeper cannot be reached", hint: failure?.hint)]
        }
    }

    private static func version(_ status: VaultStatus, _ context: CommandContext) -> DoctorReport.Finding {
        guard status.keeperVersion == context.version else {
            return .init(
                .advice, "keeper.version", "the keeper is of version \(status.keeperVersion), this command of \(context.version)",
                hint: "`tacit lock`, and the next command starts the new one")
        }
        return .init(.good, "keeper.version", "the keeper runs, version \(status.keeperVersion)")
    }

    private static func say(_ finding: DoctorReport.Finding, _ console: Console) {
        let style = console.style
        let mark =
            switch finding.level {
            case .good: style.green("good") + "   "
            case .advice: style.yellow("advice") + " "
            case .bad: style.red("bad") + "    "
            }
        console.say("\(mark) \(finding.title.printable)")
        if let hint = finding.hint { console.say("        \(style.dim(hint.printable))") }
    }
}

extension VaultDoor {
    /// Accepts a vault that is older than the one that was last used here.
    fileprivate func acceptRollback() throws -> Unlocked {
        try Self.decode(try withPassword { try plain("POST", WirePath.rollbackAcceptance, body: $0, contentType: Self.octets) }.body)
    }
}
