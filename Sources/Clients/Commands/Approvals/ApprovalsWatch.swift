import ArgumentParser
import TacitWire

extension ApprovalsCommand {
    struct Watch: Verb {
        static let configuration = CommandConfiguration(
            commandName: "watch", abstract: "Wait for requests, and decide each as it comes.",
            discussion: """
                Shows each new request and asks. To approve, type the code that stands beside it, then your password or authenticator's code; `no` \
                refuses, and nothing leaves it waiting. Ctrl-C ends it. Waiting does not keep the vault unlocked.

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
            var told: Set<String> = []
            var mark: Int64?
            while true {
                let door = try VaultDoor(context, options, to: "watch what agents ask for")
                let list: ApprovalList = try door.get(WirePath.approvals + (mark.map { "?since=\($0)&wait=45" } ?? ""))
                mark = list.mark
                // Each kind is told once, and again where the agent was frozen for it.
                for misuse in list.misuses ?? [] where told.insert("\(misuse.agent) \(misuse.code) \(misuse.frozen)").inserted {
                    console.warn(misuse.sentence)
                }
                // A call waits for a use; a proposal has days. After each, what came meanwhile is looked at first.
                let waiting = (list.items ?? []).filter { $0.standing == .pending && !shown.contains($0.id) }
                guard let item = waiting.first(where: { $0.kind != "proposal" }) ?? waiting.first else { continue }
                if waiting.count > 1 { mark = nil }
                shown.insert(item.id)
                item.lines(console.style, now: context.now(), rights: try door.rights(of: item), isDeciding: true).forEach(console.say)
                do { try decide(item, terminal, console, context) } catch let failure as CommandFailure
                    where failure.problem != nil || failure.code.hasPrefix("approval.")
                {
                    // Its time was over, say, or another terminal was quicker.
                    console.note(failure.message)
                }
                context.typing.end()
            }
        }

        private func decide(_ item: ApprovalItem, _ terminal: Terminal, _ console: Console, _ context: CommandContext) throws {
            let isProposal = item.kind == "proposal"
            let question = "Type the code \(isProposal ? "when it is there" : "to approve once"), `no` to refuse, nothing to leave it waiting: "
            var typed = ""
            repeat {
                typed = String(decoding: try terminal.ask(question, .visible).bytes, as: UTF8.self)
                if typed.isEmpty {
                    let later = "tacit approvals \(isProposal ? "done" : "approve") \(item.code)"
                    return console.say(console.style.dim("Left waiting: \(later) decides it later."))
                }
            } while !item.isMeant(by: typed) && !["n", "no"].contains(typed.lowercased())
            let verdict: ApprovalDecision.Verdict = !item.isMeant(by: typed) ? .deny : isProposal ? .done : .approve
            // A connection of its own: each decision asks again.
            let door = try VaultDoor(context, options, to: "\(verdict.words) \(item.code)")
            if verdict == .done { try door.checkGiven(item) }
            console.say(try door.decide(item, ApprovalDecision(verdict, code: item.code)).sentence(now: context.now()))
        }
    }
}
