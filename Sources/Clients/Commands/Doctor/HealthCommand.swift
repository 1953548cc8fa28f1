import ArgumentParser
import TacitWire

/// `tacit health`
struct HealthCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "health",
        abstract: "Tell which secrets are weak, shared, old, unused or at their end.",
        discussion: """
            Looks at every secret of every environment, in the keeper's memory; nothing of it is stored. Problems are values that production shares with \
            another environment, values that could be guessed, and secrets past their time. Advice are values under several names, secrets that expire \
            soon, that were not changed for long, or that nothing used. An environment is production when its name begins with prod, or is live or prd.

            `-p` and `-e` tell of the secrets of one project, or of environments of one name, and count those alone; they are still compared with all others. \
            Without them it is the whole vault, whatever .tacit.yaml says.

            The score is 100 less the part that findings take of each secret's share: a shared or weak one all of it, an expired one four fifths, a \
            duplicate half, anything else a fifth.

            EXIT CODES
              0  no problem; with --strict, nothing at all
              1  something is wrong; with --min-score, only if the score is below

            EXAMPLES
              tacit health
              tacit health -p shop
              tacit health --json
              tacit health --strict --old 180d
              tacit health --min-score 90
            """)

    @Flag(name: .customLong("strict"), help: "Let advice count as a problem.")
    var isStrict = false

    @Option(name: .customLong("min-score"), help: ArgumentHelp("End with 1 below this score, and only then.", valueName: "n"))
    var leastScore: Int?

    @Option(name: .customLong("expiring"), help: ArgumentHelp("What soon is; 30d.", valueName: "span"))
    var expiring: String?

    @Option(name: .customLong("old"), help: ArgumentHelp("How long a value may stay the same; 365d.", valueName: "span"))
    var old: String?

    @Option(name: .customLong("unused"), help: ArgumentHelp("How long a secret may be used by nothing; 90d.", valueName: "span"))
    var unused: String?

    @OptionGroup var scope: ScopeOptions
    @OptionGroup var options: GlobalOptions

    func check() throws {
        if let leastScore, !(0...100).contains(leastScore) { throw CommandFailure.usage("a score is 0 to 100") }
    }

    func perform(in context: CommandContext) throws {
        let wishes = [("expiring", expiring), ("old", old), ("unused", unused), ("project", scope.project), ("environment", scope.environment)]
        let query = wishes.compactMap { name, wish in wish.map { "\(name)=\(WirePath.encoded($0))" } }
        let door = try VaultDoor(context, options, to: "look at the health of the secrets")
        let result: HealthResult = try door.get(WirePath.health + (query.isEmpty ? "" : "?" + query.joined(separator: "&")))
        let console = Console(context)
        if options.json { console.say(json: result) } else { show(result, console, now: context.now()) }
        let isWrong = leastScore.map { result.score < $0 } ?? result.findings.contains { isStrict || $0.isProblem }
        if isWrong { throw ExitCode(ExitStatus.failed.rawValue) }
    }

    private func show(_ result: HealthResult, _ console: Console, now: Int64) {
        let style = console.style
        var kind: HealthResult.Kind?
        for finding in result.findings {
            if finding.kind != kind {
                kind = finding.kind
                let count = result.findings.count { $0.kind == finding.kind }
                console.say(
                    (finding.isProblem ? style.red : style.yellow)(finding.kind.rawValue) + style.dim("  \(count)  \(Self.meaning(finding.kind))"))
            }
            let field = finding.field.flatMap { $0 == "value" ? nil : "#\($0)" } ?? ""
            let others = finding.others.isEmpty ? "" : "  = " + finding.others.joined(separator: ", ").printable
            let time = finding.time.map { "  " + RelativeTime.text($0, now: now) } ?? ""
            console.say("  \(finding.scope)/\(finding.name.printable)\(field)" + style.dim(others + time))
        }
        let problems = result.findings.count(where: \.isProblem)
        let advice = result.findings.count - problems
        let words = "\(Counted(problems, "problem")), \(advice == 0 ? "no advice" : "\(Counted(advice, "piece")) of advice")"
        console.say("Score \(style.bold("\(result.score)")) of 100: \(Counted(result.secrets, "secret")), \(words).")
    }

    private static func meaning(_ kind: HealthResult.Kind) -> String {
        switch kind {
        case .shared: "the same value in production and elsewhere: give each its own"
        case .weak: "could be guessed: `tacit generate` makes better ones"
        case .expired: "past its time: `tacit set` a new one, or `tacit renew`"
        case .duplicate: "the same value under several names"
        case .expiring: "ends soon"
        case .old: "not changed for long"
        case .unused: "used by nothing for long: `tacit delete` what is not needed"
        }
    }
}
