import ArgumentParser
import Glibc
import TacitWire

extension ApprovalsCommand {
    struct Watch: Verb {
        static let configuration = CommandConfiguration(
            commandName: "watch", abstract: "Wait for requests, and decide each as it comes.",
            discussion: """
                Shows each new request and asks. To approve, type the code that stands beside it, then your password; anything else leaves it waiting. \
                Ctrl-C ends it.

                EXAMPLES
                  tacit approvals watch
                """)

        @OptionGroup var options: GlobalOptions

        /// How long it waits between two looks, in milliseconds.
        private static let pause: Int32 = 1000

        func perform(in context: CommandContext) throws {
            guard let terminal = PasswordSource(context, descriptor: nil).terminal else {
                throw CommandFailure.usage("watching needs a terminal", hint: "`tacit approvals list` prints what waits")
            }
            let console = Console(context)
            console.say(console.style.dim("Waiting for requests of agents; Ctrl-C ends."))
            var shown: Set<String> = []
            while true {
                let door = try VaultDoor(context, options, to: "watch what agents ask for")
                for item in try door.approvals() where item.standing == .pending && shown.insert(item.id).inserted {
                    item.lines(console.style, now: context.now()).forEach(console.say)
                    try decide(item, terminal, console, context)
                }
                poll(nil, 0, Self.pause)
            }
        }

        private func decide(_ item: ApprovalItem, _ terminal: Terminal, _ console: Console, _ context: CommandContext) throws {
            let question =
                item.kind == "proposal" ? "Type the code when it is there, `no` to refuse: " : "Type the code to approve once, `no` to refuse: "
            let typed = String(decoding: try terminal.ask(question, .visible).bytes, as: UTF8.self)
            let isRefusal = ["n", "no"].contains(typed.lowercased())
            guard isRefusal || typed.uppercased().filter({ $0 != "-" }) == item.code.filter({ $0 != "-" }) else {
                return console.say(console.style.dim("Left waiting."))
            }
            let verdict: ApprovalDecision.Verdict = isRefusal ? .deny : item.kind == "proposal" ? .done : .approve
            // A connection of its own: each decision asks for the password.
            let door = try VaultDoor(context, options, to: "\(verdict.words) \(item.code)")
            try door.askFirst()
            let decided: ApprovalItem = try door.send("POST", WirePath.approval(item.id), json: ApprovalDecision(verdict, code: item.code))
            console.say(decided.sentence(now: context.now()))
        }
    }
}
