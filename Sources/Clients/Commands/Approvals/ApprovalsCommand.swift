import ArgumentParser
import TacitWire

/// `tacit approvals`
struct ApprovalsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approvals",
        abstract: "See what agents ask for, and decide.",
        discussion: """
            A request names exactly what would run: program, arguments, directory, and beside each secret where it goes. An approval is good for that and nothing else, once unless \
            you say more, for ten minutes unless you say longer. What an agent says of itself stands last, in quotes: it is no reason to trust it. \
            Deciding takes the code beside the request, and your password or, with `tacit totp enroll`, six digits of your authenticator.

            EXAMPLES
              tacit approvals
              tacit approvals watch
              tacit approvals approve K7Q-M2F
              tacit approvals approve K7Q-M2F --uses 5 --for 1h
              tacit approvals deny K7Q-M2F
            """,
        subcommands: [List.self, Watch.self, Approve.self, Deny.self, Done.self], defaultSubcommand: List.self)

    struct List: Verb {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the requests that wait.",
            discussion: """
                EXAMPLES
                  tacit approvals list
                  tacit approvals list --all --json
                """)

        @Flag(help: "Show those that are decided or over, too.")
        var all = false
        @OptionGroup var options: GlobalOptions

        func perform(in context: CommandContext) throws {
            let door = try VaultDoor(context, options, to: "list what agents ask for")
            let list: ApprovalList = try door.get(WirePath.approvals)
            let items = (list.items ?? []).filter { all || $0.standing == .pending }
            let console = Console(context)
            for misuse in list.misuses ?? [] { console.warn(misuse.sentence) }
            if options.json { return console.say(json: Page(items: items)) }
            if items.isEmpty { return console.say("Nothing waits for you.") }
            for item in items { item.lines(console.style, now: context.now(), rights: try door.rights(of: item)).forEach(console.say) }
        }
    }

    struct Approve: Verb {
        static let configuration = CommandConfiguration(
            commandName: "approve", abstract: "Allow a request, exactly as it is shown.",
            discussion: """
                EXAMPLES
                  tacit approvals approve K7Q-M2F
                  tacit approvals approve K7Q-M2F --uses 5 --for 1h
                """)

        @Argument(help: ArgumentHelp("The code beside the request.", valueName: "code"))
        var code: String
        @Option(help: ArgumentHelp("How often it may be used.", valueName: "n"))
        var uses: Int64 = 1
        @Option(name: .customLong("for"), help: ArgumentHelp("How long it may be used, such as 1h.", valueName: "span"))
        var time: String = "10m"
        @OptionGroup var options: GlobalOptions

        func check() throws {
            guard (1...100).contains(uses) else { throw CommandFailure.usage("`--uses` takes a number from 1 to 100") }
            guard (1...28_800).contains(try RunSpan.seconds(time, after: "--for")) else {
                throw CommandFailure.usage("`--for` takes a span of up to 8h", hint: "such as 10m or 2h")
            }
        }

        func perform(in context: CommandContext) throws {
            let decision = ApprovalDecision(.approve, code: code, uses: uses, seconds: Int64(try RunSpan.seconds(time, after: "--for")))
            try ApprovalsCommand.decide(decision, options, in: context)
        }
    }

    struct Deny: Verb {
        static let configuration = CommandConfiguration(
            commandName: "deny", abstract: "Refuse a request, or take an approval back.",
            discussion: """
                EXAMPLES
                  tacit approvals deny K7Q-M2F
                """)

        @Argument(help: ArgumentHelp("The code beside the request.", valueName: "code"))
        var code: String
        @OptionGroup var options: GlobalOptions

        func perform(in context: CommandContext) throws { try ApprovalsCommand.decide(ApprovalDecision(.deny, code: code), options, in: context) }
    }

    struct Done: Verb {
        static let configuration = CommandConfiguration(
            commandName: "done", abstract: "Tell an agent that what it proposed is there.",
            discussion: """
                A proposal asks for a secret or a right that is missing. You make it yourself, with `tacit set` or `tacit policy edit`. One is \
                not closed while nothing was stored, or the policy in force still refuses the right: the agent would be told of what is not there.

                EXAMPLES
                  tacit set stripe/api-key
                  tacit approvals done K7Q-M2F
                  tacit approvals done K7Q-M2F --anyway
                """)

        @Argument(help: ArgumentHelp("The code beside the request.", valueName: "code"))
        var code: String
        @Flag(name: .customLong("anyway"), help: "Close it though what was asked for is not there.")
        var isAnyway = false
        @OptionGroup var options: GlobalOptions

        func perform(in context: CommandContext) throws {
            try ApprovalsCommand.decide(ApprovalDecision(.done, code: code), options, in: context, anyway: isAnyway)
        }
    }

    /// Which request is meant, and whether there is an authenticator, is known to whoever is taken for a person: where nobody is yet, that takes the password.
    private static let passwordOnly = "`tacit unlock` unlocks it here. (There a code of an authenticator is enough, where one is enrolled.)"

    /// Finds the request that a code stands beside, and decides it.
    private static func decide(
        _ decision: ApprovalDecision, _ options: GlobalOptions, in context: CommandContext, anyway isAnyway: Bool = false
    ) throws {
        let door = try VaultDoor(context, options, to: "\(decision.verdict.words) a request")
        door.aside = passwordOnly
        let found = try door.approvals().filter { $0.isMeant(by: decision.code) }
        guard let item = found.first, found.count == 1 else {
            throw CommandFailure(
                "no request has this code", hint: "`tacit approvals list --all` shows them", status: .notFound, code: "approval.not-found")
        }
        // What cannot be is refused before a password is asked for it.
        if let refusal = item.refusal(of: decision.verdict, now: context.now()) { throw refusal }
        if decision.verdict == .done, !isAnyway { try door.checkGiven(item) }
        let console = Console(context)
        // What is approved stands on the screen before the password is asked for: a code alone tells nobody what it is for.
        if decision.verdict == .approve, !options.json {
            item.lines(console.style, now: context.now(), isDeciding: true).forEach(console.say)
            // A password that was typed before this stood there approves nothing.
            if door.hasSaidWho, let terminal = door.passwords.terminal {
                let typed = String(decoding: try terminal.ask("Type the code again to approve this: ", .visible).bytes, as: UTF8.self)
                guard item.isMeant(by: typed) else {
                    throw CommandFailure("nothing was approved: that is not the code", code: "approval.not-confirmed")
                }
            }
        }
        let decided = try door.decide(item, decision)
        if options.json { return console.say(json: decided) }
        console.say(decided.sentence(now: context.now()))
    }
}

extension ApprovalDecision.Verdict {
    var words: String {
        switch self {
        case .approve: "approve"
        case .deny: "deny"
        case .done: "close"
        }
    }
}

extension ApprovalItem {
    /// Whether this is what a person typed: in either case, with a dash where one likes.
    func isMeant(by typed: String) -> Bool {
        func plain(_ text: String) -> String { text.uppercased().filter { $0 != "-" && $0 != " " } }
        return plain(typed) == plain(code)
    }
}

extension VaultDoor {
    /// Every request, oldest first.
    func approvals() throws -> [ApprovalItem] { try get(WirePath.approvals, as: ApprovalList.self).items ?? [] }

    /// Decides one request, with the password or, where the person has one, six digits of the authenticator.
    func decide(_ item: ApprovalItem, _ decision: ApprovalDecision) throws -> ApprovalItem {
        var decision = decision
        decision.timedCode = try askForProof()
        return try send("POST", WirePath.approval(item.id), json: decision)
    }

    /// Whether a password was given for this command already.
    var hasSaidWho: Bool { isSteppedUp || hasTyped }

    /// Asks again for who decides. Returns six digits when those were typed; nil when the password was, and made the connection a person's.
    private func askForProof() throws -> String? {
        // A password that unlocked the vault for this command says enough.
        let isEnrolled = try !hasSaidWho && passwords.terminal != nil && get(WirePath.totp, as: AuthenticatorState.self).confirmed
        guard isEnrolled, let terminal = passwords.terminal else {
            aside = nil
            try askFirst()
            return nil
        }
        terminal.say("Your password, or a code of your authenticator, is needed to \(purpose).")
        let typed = try terminal.ask("Password or six digits: ", .hidden)
        if typed.bytes.count == 6, typed.bytes.allSatisfy(NameShape.isDigit) { return String(decoding: typed.bytes, as: UTF8.self) }
        remember(typed)
        try askFirst()
        return nil
    }
}
