import ArgumentParser
import TacitWire

/// `tacit audit prune`
struct AuditPruneCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Let the oldest entries of the log go for good.",
        discussion: """
            Entries go as far as a signed checkpoint all of whose entries are from before that time. The checkpoint stays as an anchor: the rest of the log \
            verifies from there on, and an anchor that is changed or taken away is found. Of the entries that went the vault proves nothing any more; \
            `tacit audit export` keeps them. Shows what would go, and asks for the password.

            EXAMPLES
              tacit audit prune --before 365d --dry-run
              tacit audit prune --before 2026-01-01 --anchor /mnt/usb/anchor-2026
            """)

    @Option(name: .customLong("before"), help: ArgumentHelp("Entries from before this time: 365d (ago), 2026-01-01 …", valueName: "time"))
    var before: String

    @Option(
        name: .customLong("anchor"), help: ArgumentHelp("Write the checkpoint that stays to this new file, 0600, too.", valueName: "path"),
        completion: .file())
    var anchor: String?

    @Flag(name: .customLong("dry-run"), help: "Show what would go, and end.")
    var isDryRun = false

    @Flag(name: .customLong("yes"), help: "Do it without asking.")
    var isAgreed = false

    @OptionGroup var options: GlobalOptions

    func check() throws {
        guard !isDryRun || anchor == nil else { throw CommandFailure.usage("a dry run has no anchor", hint: "leave out `--anchor`, or `--dry-run`") }
    }

    func perform(in context: CommandContext) throws {
        let moment = RelativeTime.moment(try PastMoment.seconds(before, after: "--before", now: context.now()))
        let purpose = isDryRun ? "see which entries of the audit log would go" : "let entries of the audit log go for good"
        let door = try VaultDoor(context, options, to: purpose)
        let console = Console(context)
        let plan: AuditPruning = try door.send("POST", WirePath.auditPrunings, json: PruningRequest(before: moment))
        if !options.json { show(plan, moment, console, now: context.now()) }
        guard let kept = plan.anchor, !isDryRun else {
            if options.json { console.say(json: plan) }
            return
        }
        guard try isAgreed || agrees(to: plan, context) else {
            throw CommandFailure("nothing was pruned", hint: "repeat it with --yes, or answer y", code: "plan.declined")
        }
        try door.askFirst()
        // Where it cannot be written, nothing goes; where nothing goes, it is not left.
        let sheet = try anchor.map { try OutputFile($0, or: context.output, onExisting: "an anchor never overwrites a file: name another") }
        try sheet?.write(Array(kept.note.utf8))
        try sheet?.flush()
        let done: AuditPruning
        do { done = try door.send("POST", WirePath.auditPrunings, json: PruningRequest(before: moment, cut: plan.cut)) } catch let failure
            as CommandFailure where ["keeper.unreachable", "audit.pruned-in-part"].contains(failure.code)
        {
            try sheet?.finish()
            guard failure.code == "keeper.unreachable" else { throw failure }
            throw CommandFailure(failure.message, hint: "`tacit audit verify` tells whether they went: where the log begins", code: failure.code)
        }
        try sheet?.finish()
        if done.leavesTraces {
            console.warn(
                "the vault's files could not be cleared of what went: sealed as it was, it can still be found there. "
                    + "The next purge or rotation clears them, and so does the keeper when it starts anew")
        }
        if options.json { return console.say(json: done) }
        console.say("\(Self.entries(done.cut - done.first)) pruned. The log begins with entry \(done.cut); `tacit audit verify` goes on from there.")
        console.note("the key that verifies the checkpoint at \(done.cut) entries: \(kept.verifierKey.printable)")
    }

    private func show(_ plan: AuditPruning, _ moment: String, _ console: Console, now: Int64) {
        guard plan.anchor != nil, let oldest = plan.oldest, let youngest = plan.youngest else {
            return console.say(
                "Nothing goes: no signed checkpoint but the last has only entries from before \(RelativeTime.stamp(moment, now: now)).")
        }
        let times = [oldest, youngest].map { RelativeTime.stamp($0, now: now) }
        console.say("\(Self.entries(plan.cut - plan.first)) would go: \(plan.first) to \(plan.cut - 1), from \(times[0]) to \(times[1]).")
        report(plan, console)
        console.say(console.style.dim("\(Self.entries(plan.size - plan.cut)) and the signed checkpoint at \(plan.cut) stay."))
        if !isAgreed { console.note("to keep them elsewhere, export them first: `tacit audit export --file FILE`") }
    }

    /// What the days alone do not tell of those that would go.
    private func report(_ plan: AuditPruning, _ console: Console) {
        if plan.ahead > 0 {
            console.warn(
                "\(Self.entries(plan.ahead)) among them bear a time that is yet to come: the clock was ahead, until it was set and accepted")
        }
        guard !plan.missingOutcomes.isEmpty else { return }
        let (missing, count) = (plan.missingOutcomes, plan.missingOutcomes.count)
        let shown = missing.prefix(5).map(String.init).joined(separator: ", ") + (count > 5 ? ", …" : "")
        console.warn("\(count == 1 ? "1 act" : "\(count) acts") among them never had an outcome (a crash may have cut in): \(shown)")
    }

    private func agrees(to plan: AuditPruning, _ context: CommandContext) throws -> Bool {
        guard let terminal = Terminal(context) else { return false }
        let answer = try terminal.ask("Let \(Self.entries(plan.cut - plan.first)) go for good? [y/N] ", .visible)
        return ["y", "yes"].contains(String(decoding: answer.bytes, as: UTF8.self).lowercased())
    }

    private static func entries(_ count: Int64) -> String { count == 1 ? "1 entry" : "\(count) entries" }
}
