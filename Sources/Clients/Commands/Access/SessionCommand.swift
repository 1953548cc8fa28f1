import ArgumentParser
import TacitWire

/// `tacit session`
struct SessionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "session",
        abstract: "Wake agents' sessions, list them, end them.",
        discussion: """
            A rule of kind require_session wants a session before an agent uses a secret. Agents wake their own (session_wake), which the log keeps; \
            you can wake one for an agent, and end any. Every session ends by itself, and when the vault is locked.

            EXAMPLES
              tacit session list
              tacit session wake claude stripe/api-key --for 30m --purpose "the refund script"
              tacit session sleep
            """,
        subcommands: [Wake.self, List.self, Sleep.self])

    struct Wake: Verb {
        static let configuration = CommandConfiguration(
            commandName: "wake", abstract: "Wake a session for an agent.",
            discussion: """
                It covers secrets by name, by tag, or a whole environment, and nothing else becomes allowed by it: policy and other rules stay.

                EXAMPLES
                  tacit session wake claude stripe/api-key --purpose "the refund script"
                  tacit session wake claude tag:billing --for 1h --idle 10m --purpose "month end"
                """)

        @Argument(help: ArgumentHelp("The agent.", valueName: "agent"), completion: .agent)
        var agent: String
        @Argument(help: ArgumentHelp("NAME, tag:NAME, env:NAME or tacit://PROJECT/ENVIRONMENT/NAME.", valueName: "cover"))
        var covers: [String]
        @Option(name: .customLong("for"), help: ArgumentHelp("How long it lasts, 15m unless given, 8h at most.", valueName: "span"))
        var life: String?
        @Option(name: .customLong("idle"), help: ArgumentHelp("It sleeps when unused for this long, 5m unless given.", valueName: "span"))
        var idle: String?
        @Option(name: .long, help: ArgumentHelp("What it is for, in one sentence, for the log.", valueName: "text"))
        var purpose: String
        @OptionGroup var scope: ScopeOptions
        @OptionGroup var options: GlobalOptions

        func perform(in context: CommandContext) throws {
            let agent = try SegmentArgument.checked(agent, "the agent")
            for cover in covers where !Self.isCover(cover) {
                throw CommandFailure.usage("a session cannot cover this", hint: "write NAME, tag:NAME, env:NAME or tacit://PROJECT/ENVIRONMENT/NAME")
            }
            let place = try ScopeResolver(context: context).scope(scope)
            let request = SessionWake(
                scope: place.text, covers: covers, purpose: purpose,
                ttlSeconds: try life.map { try RunSpan.seconds($0, after: "--for") },
                idleSeconds: try idle.map { try RunSpan.seconds($0, after: "--idle") }, agent: agent)
            let door = try VaultDoor(context, options, to: "wake a session for the agent `\(agent)`")
            door.places = [place]
            let session: SessionSummary = try door.send("POST", WirePath.sessions, json: request)
            let console = Console(context)
            if options.json { return console.say(json: session) }
            console.say("Woke \(console.style.bold(session.id)) for \(agent), over \(session.covers.joined(separator: ", ").printable).")
            let (end, unused) = (RelativeTime.text(session.expiresAt, now: context.now()), RelativeTime.text(session.sleepsAt, now: context.now()))
            console.say("It ends \(end), or \(unused) if unused.")
        }

        private static func isCover(_ text: String) -> Bool {
            for prefix in ["tag:", "env:"] where text.hasPrefix(prefix) { return NameShape.isSegment(text.dropFirst(prefix.count).utf8) }
            return NameShape.isReference(text)
        }
    }

    struct List: Verb {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the sessions that are awake.",
            discussion: """
                EXAMPLES
                  tacit session list
                  tacit session list --json
                """)

        @OptionGroup var options: GlobalOptions

        func perform(in context: CommandContext) throws {
            let door = try VaultDoor(context, options, to: "list the agents' sessions")
            try door.askAsPerson()
            let sessions: Page<SessionSummary> = try door.get(WirePath.sessions)
            let console = Console(context)
            if options.json { return console.say(json: sessions) }
            if sessions.items.isEmpty { return console.say("No session is awake.") }
            var table = Table("ID", "AGENT", "WHERE", "COVERS", "ENDS", "IF UNUSED", "WOKEN BY", "PURPOSE")
            for session in sessions.items {
                table.add(
                    .init(session.id.printable), .init(session.agent.printable, style: console.style.bold), .init(session.scope.printable),
                    .init(session.covers.joined(separator: ", ").printable), .init(RelativeTime.text(session.expiresAt, now: context.now())),
                    .init(RelativeTime.text(session.sleepsAt, now: context.now())), .init(session.wokenBy.rawValue),
                    .init("“\(session.purpose.printable)”", style: console.style.dim))
            }
            for line in table.lines(console.style) { console.say(line) }
        }
    }

    struct Sleep: Verb {
        static let configuration = CommandConfiguration(
            commandName: "sleep", abstract: "End sessions and remove their files at once.",
            discussion: """
                Without an id, everything: of one agent with --agent, else of all.

                EXAMPLES
                  tacit session sleep
                  tacit session sleep --agent claude
                  tacit session sleep s0123456789abcdef
                """)

        @Argument(help: ArgumentHelp("Sessions or session files.", valueName: "id"))
        var ids: [String] = []
        @Option(name: .long, help: ArgumentHelp("Only this agent's.", valueName: "name"))
        var agent: String?
        @OptionGroup var options: GlobalOptions

        func perform(in context: CommandContext) throws {
            let agent = try agent.map { try SegmentArgument.checked($0, "the agent") }
            let door = try VaultDoor(context, options, to: "end agents' sessions")
            try door.askAsPerson()
            let request = SessionSleep(ids: ids.isEmpty ? nil : ids, agent: agent)
            let ended: SessionsEnded = try door.send("POST", WirePath.sessionSleep, json: request)
            let console = Console(context)
            if options.json { return console.say(json: ended) }
            console.say("Ended \(Self.count(ended.sessions, "session")) and removed \(Self.count(ended.files, "file")).")
        }

        private static func count(_ number: Int, _ thing: String) -> String { number == 1 ? "1 \(thing)" : "\(number) \(thing)s" }
    }
}
