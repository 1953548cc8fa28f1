import TacitWire

/// Secrets on their way into an environment: the plan is shown, a person agrees, and what was shown is what is done.
struct PlannedCopy {
    /// The places that it is about.
    var (from, to): (Scope, Scope)
    var request: CopyRequest
    /// Whether what differs there is written over.
    var overwrites = true
    /// Shows the plan alone.
    var isDryRun = false
    /// Whether the person agrees beforehand.
    var isAgreed = false

    func perform(_ door: VaultDoor, _ options: GlobalOptions, in context: CommandContext) throws {
        let console = Console(context)
        door.places = from == to ? [from] : [from, to]
        var plan: CopyResult = try door.send("POST", WirePath.copies, json: request)
        let differing = plan.lines.count { $0.step.kind == .overwrite }
        if !overwrites { plan.lines.removeAll { $0.step.kind == .overwrite } }
        let steps = plan.lines.map(\.step).filter { $0.kind != .keep }
        let isBlocked = steps.contains { $0.kind == .blocked }
        if !options.json { show(plan, console) }
        if !overwrites, differing > 0 {
            let what = differing == 1 ? "1 differs and stays as it is there" : "\(differing) differ and stay as they are there"
            let next = "`tacit env promote \(from.environment) \(to.environment)` writes over it"
            console.note("\(what): \(PlacedCommands(at: to, in: context).completed(next))")
        }
        if isBlocked {
            throw CommandFailure(
                "some of these are deleted in \(request.to)", hint: "undelete or purge them there first, or name others by -k", code: "secret.deleted"
            )
        }
        if steps.isEmpty || isDryRun {
            if options.json { console.say(json: plan) }
            return
        }
        guard try isAgreed || agrees(to: steps, context) else {
            throw CommandFailure("nothing was written", hint: "repeat it with --yes, or answer y", code: "plan.declined")
        }
        var wish = request
        wish.plan = plan.lines.map(\.step)
        if request.names != nil || !overwrites { wish.names = plan.lines.map(\.step.name) }
        let done: CopyResult = try door.send("POST", WirePath.copies, json: wish)
        if options.json { return console.say(json: done) }
        console.say("\(request.to) is done: \(Self.summary(steps)).")
        for notice in done.notices { console.note(notice.printable) }
    }

    private func show(_ plan: CopyResult, _ console: Console) {
        let lines = plan.lines.filter { $0.step.kind != .keep }
        for line in lines.flatMap(DifferenceLines(style: console.style).lines) { console.say(line) }
        let kept = plan.lines.count - lines.count
        if lines.isEmpty { console.say("There is nothing to write.") }
        if kept > 0 { console.note(kept == 1 ? "1 is the same on both sides" : "\(kept) are the same on both sides") }
    }

    private func agrees(to steps: [CopyStep], _ context: CommandContext) throws -> Bool {
        guard let terminal = Terminal(context) else { return false }
        let answer = try terminal.ask("Write this to \(request.to): \(Self.summary(steps))? [y/N] ", .visible)
        return ["y", "yes"].contains(String(decoding: answer.bytes, as: UTF8.self).lowercased())
    }

    private static func summary(_ steps: [CopyStep]) -> String {
        let kinds: [(CopyStep.Kind, String)] = [(.create, "created"), (.overwrite, "overwritten"), (.undelete, "undeleted"), (.delete, "deleted")]
        return kinds.compactMap { kind, word in
            let count = steps.count { $0.kind == kind }
            return count == 0 ? nil : "\(count) \(word)"
        }.joined(separator: ", ")
    }
}
