import Glibc
import Synchronization
import TacitWire
import Testing

@testable import Commands

/// What a person types before the question stands on the screen, while the keeper works.
@Suite("Typing ahead of a hidden prompt")
struct TypingAheadTests {
    @Test("between two hidden prompts nothing is shown, and what is typed is the answer to the second")
    func kept() throws {
        let terminal = try FakeTerminal(("Password: ", "CANARY-old\n"), ("Once more: ", "CANARY-new pass word\n"))
        let isShown = Switch()
        let rig = try Rig([
            "POST /v1/step-up": { _ in
                if terminal.echoes { isShown.turnOn() }
                terminal.typeAhead("CANARY-new pass word\n")
                return .json(StepUp(token: "T"))
            }, "POST /v1/password": { _ in .nothing },
        ])
        rig.terminal = terminal
        let outcome = try rig.run("password", "change")
        #expect(outcome.status == 0, "\(outcome.messages)")
        #expect(!isShown.isOn)
        #expect(rig.keeper?.requests.last?.text.contains("\r\n\r\nCANARY-new pass word\r\n--") == true)
        #expect(!terminal.screen.contains("CANARY"), "\(terminal.screen)")
        #expect(terminal.echoes)
    }

    @Test("what no prompt took is gone at the end: the shell would show it, and execute it")
    func dropped() throws {
        let terminal = try FakeTerminal(("Password: ", "CANARY-old\n"))
        let rig = try Rig([
            "POST /v1/step-up": { _ in
                terminal.typeAhead("CANARY-new\n")
                return .problem("unlock.throttled", 429, "too many wrong passwords")
            }
        ])
        rig.terminal = terminal
        #expect(try rig.run("password", "change").status != 0)
        #expect(!terminal.hasUnread)
        #expect(!terminal.screen.contains("CANARY"), "\(terminal.screen)")
        #expect(terminal.echoes)
    }

    @Test("a question whose answer is shown takes nothing that was typed unseen")
    func visible() throws {
        let terminal = try FakeTerminal(("Password: ", "CANARY-unseen\n"), ("Sure? ", "yes\n"))
        let rig = try Rig()
        rig.terminal = terminal
        let context = rig.context
        let prompts = try #require(Terminal(context))
        _ = try prompts.ask("Password: ", .hidden)
        terminal.typeAhead("CANARY-early\n")
        #expect(try prompts.ask("Sure? ", .visible).bytes == Array("yes".utf8))
        #expect(!terminal.echoes, "hidden again: another hidden prompt may come")
        context.typing.end()
        #expect(terminal.echoes)
        #expect(terminal.screen.contains("Sure? yes") && !terminal.screen.contains("CANARY"), "\(terminal.screen)")
    }

    @Test("a signal between two prompts finds the terminal put right", arguments: [SIGINT, SIGTERM, SIGHUP])
    func signals(number: Int32) async throws {
        let terminal = try FakeTerminal(("Password: ", "CANARY-old\n"))
        let path = terminal.path
        await #expect(processExitsWith: .signal(number)) { [path = path as String, number = number as Int32] in
            var context = CommandContext(
                environment: [:], currentDirectory: "/", home: "/", paths: .init(environment: [:], home: "/", userID: 0, hasUserRuntime: false),
                userID: 0, version: "", starter: NoKeeperStarter(), keeper: { _ in 0 })
            context.terminal = path
            _ = try Terminal(context)?.ask("Password: ", .hidden)
            let side = unsafe open(path, O_RDWR | O_NOCTTY)
            var mode = termios()
            guard unsafe tcgetattr(side, &mode) == 0, mode.c_lflag & tcflag_t(ECHO) == 0 else { exit(1) }
            kill(getpid(), number)
            while true { pause() }
        }
        #expect(terminal.echoes)
    }
}
