import ArgumentParser
import TacitWire

extension ApprovalsCommand {
    struct Watch: Verb {
        static let configuration = CommandConfiguration(
            commandName: "watch", abstract: "Wait for requests, and decide each as it comes.",
            discussion: """
                Shows each new request and asks. To approve, type the code that stands beside it, then your password or authenticator's code; `no` \
                refuses, anything else leaves it waiting. Ctrl-C ends it. Waiting does not keep the vault unlocked.

                EXAMPLES
                  tacit approvals watch
                """)

        @OptionGroup var options: GlobalOptions

        func perform(in context: CommandContext) throws {
            guard let terminal = PasswordSource(context, descriptor: nil).terminal else {
                throw CommandFailure.usage("watching needs a terminal", hint: "`tacit approvals list` prints what waits")
            }
            let console = Console(context)
            console.say(console.style.dim("Waiting for requests of agents; Ctrl-C ends."))
            var shown: Set<String> = []
            var mark: Int64?
            while true {
                let door = try VaultDoor(context, options, to: "watch what agents ask for")
                let list: ApprovalList = try door.get(WirePath.approvals + (mark.map { "?since=\($0)&wait=45" } ?? ""))
                mark = list.mark
                for item in list.items ?? [] where item.standing == .pending && shown.insert(item.id).inserted {
                    item.lines(console.style, now: context.now(), isDeciding: true).forEach(console.say)
                    do { try decide(item, terminal, console, context) } catch let failure as CommandFailure
                        where failure.problem != nil || failure.code.hasPrefix("approval.")
                    {
                        // Its time was over, say, or another terminal was quicker.
                        console.note(failure.message)
                    }
                }
            }
        }

        private func decide(_ item: ApprovalItem, _ terminal: Terminal, _ console: Console, _ context: CommandContext) throws {
            let question =
                item.kind == "proposal" ? "Type the code when it is there, `no` to refuse: " : "Type the code to approve once, `no` to refuse: "
            let typed = String(decoding: try terminal.ask(question, .visible).bytes, as: UTF8.self)
            let isRefusal = ["n", "no"].contains(typed.lowercased())
            guard isRefusal || item.isMeant(by: typed) else { return console.say(console.style.dim("Left waiting.")) }
            let verdict: ApprovalDecision.Verdict = isRefusal ? .deny : item.kind == "proposal" ? .done : .approve
            // A connection of its own: each decision asks again.
            let door = try VaultDoor(context, options, to: "\(verdict.words) \(item.code)")
            if verdict == .done { try door.checkGiven(item) }
            console.say(try door.decide(item, ApprovalDecision(verdict, code: item.code)).sentence(now: context.now()))
        }
    }
}
