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

    @Test("what was typed before anything was asked answers nothing, shown or not", arguments: [Terminal.Echo.hidden, .visible])
    func early(echo: Terminal.Echo) throws {
        let terminal = try FakeTerminal(("Name: ", "ada\n"))
        let rig = try Rig()
        rig.terminal = terminal
        let context = rig.context
        terminal.typeAhead("CANARY-early\n")
        #expect(try #require(Terminal(context)).ask("Name: ", echo).bytes == Array("ada".utf8))
        #expect(!terminal.hasUnread)
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

    @Test("in the background nobody is asked: it says so, and leaves the terminal to whoever is in front", arguments: [false, true])
    func background(wasInFront: Bool) async throws {
        let terminal = try FakeTerminal(("Password: ", "CANARY-old\n"))
        let path = terminal.path
        await #expect(processExitsWith: .success) { [path = path as String, wasInFront = wasInFront as Bool] in
            let side = try OtherJob.terminal(path)
            var context = CommandContext(
                environment: [:], currentDirectory: "/", home: "/", paths: .init(environment: [:], home: "/", userID: 0, hasUserRuntime: false),
                userID: 0, version: "", starter: NoKeeperStarter(), keeper: { _ in 0 })
            context.terminal = path
            let prompts = try #require(Terminal(context))
            if wasInFront { _ = try prompts.ask("Password: ", .hidden) }
            let before = OtherJob.mode(side)
            let other = try OtherJob.inFront(of: side)
            defer { kill(other, SIGKILL) }
            for echo in [Terminal.Echo.hidden, .visible] where wasInFront || echo == .hidden {
                let failure = #expect(throws: CommandFailure.self) { try prompts.ask("Password: ", echo) }
                #expect(failure?.code == "terminal.background" && failure?.status == .denied && failure?.hint?.contains("`fg`") == true)
            }
            #expect(OtherJob.mode(side) == before)
        }
        #expect(terminal.screen.ranges(of: "Password: ").count == (wasInFront ? 1 : 0), "\(terminal.screen)")
    }
}

/// A terminal of this process's own session, and another program of that session which is in front.
private enum OtherJob {
    /// The terminal, which becomes this session's.
    static func terminal(_ path: String) throws -> Int32 {
        let side = setsid() >= 0 ? unsafe open(path, O_RDWR) : -1
        guard side >= 0, tcgetpgrp(side) == getpgrp() else { throw RigFailure("no session with a terminal") }
        return side
    }

    /// How it takes what is typed.
    static func mode(_ side: Int32) -> tcflag_t {
        var mode = termios()
        return unsafe tcgetattr(side, &mode) == 0 ? mode.c_lflag : 0
    }

    /// Starts a program that takes the place of this one; whoever asked for it ends it.
    static func inFront(of side: Int32) throws -> pid_t {
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        var other: pid_t = 0
        let words = unsafe [strdup("sleep"), strdup("1000"), nil]
        defer { unsafe words.forEach { unsafe free($0) } }
        guard unsafe posix_spawn(&other, "/bin/sleep", nil, &attributes, words, nil) == 0, tcsetpgrp(side, other) == 0 else {
            throw RigFailure("nothing else is in front")
        }
        return other
    }
}
