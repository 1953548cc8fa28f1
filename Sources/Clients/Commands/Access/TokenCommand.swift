import ArgumentParser
import TacitWire

/// `tacit token`
struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Issue fake tokens to agents, list them, revoke them.",
        discussion: """
            A fake token stands for a secret in a program of an agent's. Alone it is good for nothing: the broker of one of the agent's runs \
            (`tacit run --agent`) puts the value in its place, where a request rule of the policy lists the request.

            EXAMPLES
              tacit token issue --agent claude -k github/token --ttl 7d
              tacit token list
              tacit token revoke --agent claude
            """,
        subcommands: [Issue.self, List.self, Revoke.self])

    struct Issue: Verb {
        static let configuration = CommandConfiguration(
            commandName: "issue", abstract: "Issue a fake token, for a configuration file of an agent's program.",
            discussion: """
                It is printed once, and stored nowhere. It is good in every run of the agent that begins from now on, until it expires or is revoked; \
                the agent's policy has to have a request rule about the secret. What a run is given by `-k` is a token of its own, and ends with it. \
                It looks like those of the service that the rules name, so that programs take it; with `--neutral` it tells whoever finds it that it is none.

                EXAMPLES
                  tacit token issue --agent claude -k github/token
                  tacit token issue --agent claude -k database#password --ttl 12h --json
                """)

        @Option(name: .long, help: ArgumentHelp("The agent whose runs it is good in.", valueName: "name"))
        var agent: String
        @Option(name: .customShort("k"), help: ArgumentHelp("The secret: NAME or NAME#FIELD.", valueName: "secret"))
        var secret: String
        @Option(name: .customLong("ttl"), help: ArgumentHelp("How long it is good, 30d unless given, 366d at most.", valueName: "span"))
        var life: String?
        @Flag(name: .long, help: "One that says what it is, as tacit_openai_…, in place of one like the service's own.")
        var neutral = false
        @OptionGroup var scope: ScopeOptions
        @OptionGroup var options: GlobalOptions

        func perform(in context: CommandContext) throws {
            let agent = try SegmentArgument.checked(agent, "the agent")
            guard NameShape.isReference(secret) else {
                let fault = NameShape.fault(inReference: secret).map { ": \($0)" } ?? ""
                throw CommandFailure.usage("what follows `-k` is no name of a secret\(fault)", hint: "write NAME or NAME#FIELD")
            }
            let reference = try Reference(secret, scope, in: context)
            let request = TokenIssue(
                agent: agent, scope: try ScopeResolver(context: context).scope(scope).text, secret: secret,
                ttlSeconds: try life.map { try RunSpan.seconds($0, after: "--ttl") }, neutral: neutral ? true : nil)
            let door = try VaultDoor(context, options, to: "issue a fake token to the agent `\(agent)`")
            door.places = [reference.scope]
            try door.askFirst()
            let issued: TokenIssued = try door.send("POST", WirePath.tokens, json: request)
            let console = Console(context)
            if options.json { return console.say(json: issued) }
            // The token alone is the answer, so that it can be piped.
            console.say(issued.token.printable)
            let end = RelativeTime.text(issued.summary.expiresAt, now: context.now())
            console.note("a fake token of \(agent) for \(issued.summary.secret.printable), id \(issued.summary.id.printable); it expires \(end)")
        }
    }

    struct List: Verb {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List fake tokens; none is shown.",
            discussion: """
                Without --all, those that are live. What was done with each is counted since the keeper was started. What is over is kept for thirty days, so that it is known where somebody still uses it.

                EXAMPLES
                  tacit token list
                  tacit token list --all --json
                """)

        @Flag(name: .long, help: "Those that are over, too.")
        var all = false
        @OptionGroup var options: GlobalOptions

        func perform(in context: CommandContext) throws {
            let door = try VaultDoor(context, options, to: "list the agents' fake tokens")
            let stored: Page<TokenSummary> = try door.get(WirePath.tokens)
            let shown = stored.items.filter { all || $0.state == .live }
            let console = Console(context)
            if options.json { return console.say(json: Page(items: shown)) }
            if shown.isEmpty { return console.say(all ? "No fake tokens." : "No fake token is live.") }
            var table = Table("ID", "AGENT", "SECRET", "TOKEN", "GOOD IN", "ISSUED", "STATE", "USED")
            for token in shown {
                table.add(
                    .init(token.id.printable), .init(token.agent.printable, style: console.style.bold), .init(token.secret.printable),
                    .init(token.masked.printable), .init(token.ofRun ? "one run" : "every run"),
                    .init(RelativeTime.text(token.issuedAt, now: context.now())), Self.state(token, console.style, context),
                    .init(token.usage.map { $0.words(now: context.now()) } ?? "not yet"))
            }
            for line in table.lines(console.style) { console.say(line) }
        }

        private static func state(_ token: TokenSummary, _ style: Style, _ context: CommandContext) -> Table.Cell {
            switch token.state {
            case .live: .init("expires \(RelativeTime.text(token.expiresAt, now: context.now()))", style: style.green)
            case .expired: .init("expired \(RelativeTime.text(token.expiresAt, now: context.now()))", style: style.dim)
            case .revoked: .init("revoked \(token.revokedAt.map { RelativeTime.text($0, now: context.now()) } ?? "")", style: style.dim)
            }
        }
    }

    struct Revoke: Verb {
        static let configuration = CommandConfiguration(
            commandName: "revoke", abstract: "Revoke fake tokens at once.",
            discussion: """
                From then on a request with one of them is refused, and the log has it as a misuse. The secret itself stays as it is: nobody has seen it.

                EXAMPLES
                  tacit token revoke 0123456789abcdef0123456789abcdef
                  tacit token revoke --agent claude
                  tacit token revoke --all
                """)

        @Argument(help: ArgumentHelp("Tokens, by what `tacit token list` calls them.", valueName: "id"))
        var ids: [String] = []
        @Option(name: .long, help: ArgumentHelp("Every token of this agent.", valueName: "name"))
        var agent: String?
        @Flag(name: .long, help: "Every token of every agent.")
        var all = false
        @OptionGroup var options: GlobalOptions

        func perform(in context: CommandContext) throws {
            guard [!ids.isEmpty, agent != nil, all].count(where: { $0 }) == 1 else {
                throw CommandFailure.usage("which tokens is not clear", hint: "name them by id, or give `--agent NAME` or `--all`")
            }
            // Whoever types the token itself, to be rid of it, is told what to type.
            for id in ids where id.utf8.count != 32 || !id.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) {
                throw CommandFailure.usage("this is no id of a token", hint: "`tacit token list` shows them: 32 characters of 0-9 and a-f")
            }
            let request = TokenRevoke(
                ids: ids.isEmpty ? nil : ids, agent: try agent.map { try SegmentArgument.checked($0, "the agent") }, all: all ? true : nil)
            let door = try VaultDoor(context, options, to: "revoke fake tokens")
            let revoked: TokensRevoked = try door.send("POST", WirePath.tokenRevocation, json: request)
            let console = Console(context)
            if options.json { return console.say(json: revoked) }
            switch revoked.tokens {
            case 0: console.say("Nothing to revoke: what is meant was over already.")
            case 1: console.say("Revoked 1 fake token.")
            default: console.say("Revoked \(revoked.tokens) fake tokens.")
            }
        }
    }
}
