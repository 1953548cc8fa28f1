import ArgumentParser
import TacitClient
import TacitWire

/// `tacit status`
struct StatusCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show whether the vault is unlocked, for whom, and what runs.",
        discussion: """
            EXAMPLES
              tacit status
              tacit status --json
              tacit status --prompt
            """)

    @Flag(name: .customLong("prompt"), help: "Print one short line for a shell's prompt, and start no keeper.")
    var isPrompt = false

    @OptionGroup var scope: ScopeOptions
    @OptionGroup var options: GlobalOptions

    func perform(in context: CommandContext) throws {
        let console = Console(context)
        if isPrompt { return console.say(prompt(context)) }
        let door = try VaultDoor(context, options, to: "see the status")
        var (status, ground) = (try door.status(), CommandFailure?.none)
        if status.state == .absent { do { try VaultGround.check(context) } catch { ground = error as? CommandFailure } }
        status.warnings += [ground?.message].compactMap(\.self)
        if options.json { return console.say(json: status) }
        var facts = FactList()
        let style = console.style
        facts.add("vault", "\(Self.word(status.state, style))  \(style.dim(context.paths.vault))")
        facts.add("locks", status.locksAt.map { "\(RelativeTime.text($0, now: context.now())) when you do not use it" })
        facts.add(
            "grace",
            status.revealGraceUntil.map {
                "values are revealed here without asking until \($0.printable) (\(RelativeTime.text($0, now: context.now())))"
            })
        facts.add("lease", status.leaseUntil.map { "agents may use it until \($0.printable) (\(RelativeTime.text($0, now: context.now())))" })
        facts.add("you", Self.word(status.actor, status.state))
        facts.add("scope", try ScopeResolver(context: context).scope(scope).text)
        facts.add("keeper", "version \(status.keeperVersion.printable), process \(status.keeperProcess)")
        for run in status.runs {
            facts.add("run", "\(run.program.printable) by \(Self.name(run.actor)), started \(RelativeTime.text(run.startedAt, now: context.now()))")
        }
        for session in status.sessions ?? [] {
            let covers = session.covers.joined(separator: ", ").printable
            let end = RelativeTime.text(session.sleepsAt, now: context.now())
            facts.add("session", "\(session.agent.printable) over \(covers), ends \(end) unless used")
        }
        for line in facts.lines(style) { console.say(line) }
        for warning in status.warnings { console.warn(warning.printable) }
        if status.keeperVersion != context.version, !context.version.isEmpty {
            console.note(
                "the keeper is of version \(status.keeperVersion.printable), this command of \(context.version): `tacit lock` lets the new one start")
        }
        if let next = ground?.hint.map({ "Next: \($0)." }) ?? Self.next(status) { console.say(style.dim(next)) }
    }

    /// Where commands look, and the vault's state: a keeper that does not run holds no key. What cannot be told is a mark: a prompt stands in every line.
    private func prompt(_ context: CommandContext) -> String {
        let place = ScopeResolver(context: context).mark(scope)
        guard let connection = try? KeeperConnection(socketPath: context.paths.socket) else {
            if (try? OtherKeeper.check(context.paths)) == nil { return "\(place) other keeper" }
            return "\(place) \(context.hasVault ? "locked" : "no vault")"
        }
        guard let answer = try? connection.send("GET", WirePath.status), let status: VaultStatus = try? VaultDoor.decode(answer.body) else {
            return "\(place) keeper?"
        }
        switch status.state {
        case .absent: return "\(place) no vault"
        case .locked: return "\(place) locked"
        case .unlocked: return status.actor.kind == .person ? "\(place) unlocked" : "\(place) unlocked elsewhere"
        }
    }

    private static func word(_ state: VaultStatus.State, _ style: Style) -> String {
        switch state {
        case .absent: style.yellow("none yet")
        case .locked: style.yellow("locked")
        case .unlocked: style.green("unlocked")
        }
    }

    private static func word(_ actor: Asker, _ state: VaultStatus.State) -> String? {
        guard state == .unlocked else { return nil }
        return actor.standingDoubt.map { "unidentified: \($0.message.printable)" } ?? name(actor)
    }

    static func name(_ actor: Asker) -> String {
        switch actor.kind {
        case .person: actor.readOnly == true ? "a person, whom changes and runs ask for the password (`tacit unlock` ends that)" : "a person"
        case .agent: "agent \((actor.name ?? "?").printable)"
        case .unidentified: "an unidentified program"
        }
    }

    private static func next(_ status: VaultStatus) -> String? {
        switch status.state {
        case .absent: "Next: `tacit init` makes the vault."
        case .locked: "Next: `tacit unlock`."
        case .unlocked: status.actor.standingDoubt.map { "Next: \($0.hint.printable)." }
        }
    }
}
