import Glibc
import TacitClient
import TacitWire
import Testing

@testable import Commands

@Suite("Asking the person")
struct PromptTests {
    static let secret = "GET /v1/projects/default/environments/dev/secrets/a/value"

    @Test("a reveal asks first, says for what, and shows nothing of the password")
    func reveal() throws {
        let rig = try Rig([Self.secret: { _ in .octets("CANARY-value") }])
        rig.terminal = try FakeTerminal(("Password: ", "CANARY-password\n"))
        let outcome = try rig.run("get", "a")
        #expect(outcome.status == 0)
        #expect(outcome.text == "CANARY-value", "exactly the bytes")
        #expect(rig.keeper?.routes == ["POST /v1/step-up", Self.secret])
        #expect(rig.keeper?.requests.first?.text == "CANARY-password")
        #expect(rig.keeper?.requests.last?.headers["tacit-step-up"] == "TOKEN")
        #expect(rig.keeper?.requests.last?.headers["tacit-source"] == "cli")
        #expect(rig.terminal?.screen.contains("Your password is needed to reveal `a`.") == true)
        #expect(rig.terminal?.screen.contains("CANARY") == false)
        #expect(rig.terminal?.echoes == true, "the terminal is put right again")
    }

    @Test("a wrong password may be typed again, three times in all")
    func wrongPassword() throws {
        let rig = try Rig([
            "POST /v1/step-up": { $0.text == "right" ? .json(StepUp(token: "T")) : .problem("unlock.failed", 401, "the password is wrong") },
            Self.secret: { _ in .octets("v") },
        ])
        rig.terminal = try FakeTerminal(("Password: ", "no\n"), ("Password: ", "right\n"))
        #expect(try rig.run("get", "a").text == "v")
        rig.terminal = try FakeTerminal(("Password: ", "no\n"), ("Password: ", "nono\n"), ("Password: ", "nein\n"))
        let outcome = try rig.run("get", "a")
        #expect(outcome.status == 4)
        #expect(outcome.messages == "tacit: error: the password is wrong\n")
    }

    @Test("`--grace` asks, and opens one")
    func openGrace() throws {
        let rig = try Rig([Self.secret: { _ in .octets("v") }])
        rig.terminal = try FakeTerminal(("Password: ", "p\n"))
        #expect(try rig.run("get", "a", "--grace").text == "v")
        #expect(rig.keeper?.requests.first?.path == "/v1/step-up?grace=reveal")
    }

    @Test("without anybody to ask, the refusal says how")
    func nobody() throws {
        let rig = try Rig([
            Self.secret: { _ in .problem("step-up.required", 401, "this act asks for the password again", hint: "pass it with `--password-fd N`") }
        ])
        let outcome = try rig.run("get", "a")
        #expect(outcome.status == 4)
        #expect(outcome.messages.contains("--password-fd"))
    }

    @Test("a password from a descriptor makes the command a person's before anything else")
    func descriptor() throws {
        let rig = try Rig(["GET /v1/projects": { _ in .json(Page<NamedSummary>(items: [])) }])
        rig.terminal = try FakeTerminal()
        let file = try rig.descriptor("CANARY-password\r\nrest")
        #expect(try rig.run("project", "list", "--password-fd", "\(file)").status == 0)
        #expect(rig.keeper?.routes == ["POST /v1/step-up", "GET /v1/projects"])
        #expect(rig.keeper?.requests.first?.text == "CANARY-password")
        var rest = [UInt8](repeating: 0, count: 8)
        #expect(unsafe read(file, &rest, 8) == 4, "what follows the line stays for the next reader")
        close(file)
    }

    @Test("a wrong password from a descriptor is not tried again")
    func wrongDescriptor() throws {
        let rig = try Rig(["POST /v1/step-up": { _ in .problem("unlock.failed", 401, "the password is wrong") }])
        let file = try rig.descriptor("one\ntwo\n")
        #expect(try rig.run("project", "list", "--password-fd", "\(file)").status == 4)
        #expect(rig.keeper?.routes == ["POST /v1/step-up"])
        close(file)
    }

    @Test("a locked vault is unlocked at the terminal, and the request sent again on the same connection")
    func locked() throws {
        let isOpen = Switch()
        let rig = try Rig([
            "GET /v1/projects": { _ in isOpen.isOn ? .json(Page<NamedSummary>(items: [])) : .problem("vault.locked", 423, "the vault is locked") },
            "POST /v1/unlock": { _ in
                isOpen.turnOn()
                return .json(Unlocked(notices: ["3 entries that waited were added to the audit log"]))
            },
        ])
        rig.terminal = try FakeTerminal(("Password: ", "p\n"))
        let outcome = try rig.run("project", "list")
        #expect(outcome.status == 0)
        #expect(rig.keeper?.routes == ["GET /v1/projects", "POST /v1/unlock", "GET /v1/projects"])
        #expect(rig.terminal?.screen.hasPrefix("The vault is locked.") == true)
        #expect(outcome.messages.contains("3 entries that waited"))
    }

    @Test("a locked vault and an act that always asks: one password does for both")
    func lockedStepUp() throws {
        let rig = try Rig([
            "GET /v1/status": { _ in .json(VaultStatus.of(.locked)) }, "POST /v1/unlock": { _ in .json(Unlocked()) },
            Self.secret: { _ in .octets("v") },
        ])
        rig.terminal = try FakeTerminal(("Password: ", "p\n"))
        #expect(try rig.run("get", "a").text == "v")
        #expect(rig.keeper?.routes == ["POST /v1/unlock", "POST /v1/step-up", Self.secret])
    }

    @Test("a locked vault without a terminal is 5")
    func lockedScript() throws {
        let rig = try Rig(["GET /v1/projects": { _ in .problem("vault.locked", 423, "the vault is locked", hint: "unlock it with `tacit unlock`") }])
        let outcome = try rig.run("project", "list")
        #expect(outcome.status == 5)
        #expect(outcome.messages == "tacit: error: the vault is locked\ntacit: hint: unlock it with `tacit unlock`\n")
    }

    @Test("an empty list for somebody unknown is a question, not an answer")
    func unknownLister() throws {
        let route = "GET /v1/projects/default/environments/dev/secrets"
        let rig = try Rig([
            "GET /v1/status": { _ in .json(VaultStatus.of(.unlocked, actor: Asker(kind: .unidentified))) },
            route: {
                .json(
                    Page(items: $0.headers["tacit-step-up"] == nil ? [] : [SecretSummary(name: "a", version: 1, updatedAt: "2025-11-21T04:00:00Z")]))
            },
        ])
        let script = try rig.run("list")
        #expect(script.status == 4)
        #expect(script.messages.contains("the vault is not unlocked for this terminal"))
        rig.terminal = try FakeTerminal(("Password: ", "p\n"))
        #expect(try rig.run("list").text.contains("a     1"))
    }

    private static let behindMake = Asker(
        kind: .unidentified,
        doubt: .init(code: "asker.behind-program", message: "another program (make\u{1B}) stands between", hint: "give the password"))

    @Test("a command that is not taken for a person's says why beside what it was refused", arguments: ["show", "get --mask", "delete"])
    func doubted(command: String) throws {
        let secret = "/v1/projects/default/environments/dev/secrets/a"
        let absent: FakeKeeper.Answer = { _ in .problem("secret.not-found", 404, "there is no such secret", hint: "see `tacit list`") }
        let rig = try Rig([
            "GET /v1/status": { _ in .json(VaultStatus.of(.unlocked, actor: Self.behindMake)) }, "GET \(secret)": absent,
            "GET \(secret)/masked": absent,
            "DELETE \(secret)": { _ in .problem("not_permitted", 403, "only a person may do this", hint: "ask the person") },
        ])
        let outcome = try rig.run(command.split(separator: " ").map(String.init) + ["a", "--json"])
        let reason = "another program (make\u{FFFD}) stands between; give the password"
        #expect(outcome.messages.hasSuffix("\ntacit: hint: \(reason)\n"))
        #expect(outcome.messages.contains("as far as this command may know") == (command != "delete"))
        #expect(outcome.status == (command == "delete" ? 4 : 3))
        #expect(outcome.text.contains(reason))
    }

    @Test("at a terminal it says why, asks, and only then calls a name absent")
    func doubtedAtTerminal() throws {
        let rig = try Rig([
            "GET /v1/status": { _ in .json(VaultStatus.of(.unlocked, actor: Self.behindMake)) },
            "DELETE /v1/projects/default/environments/dev/secrets/a": {
                $0.headers["tacit-step-up"] == nil
                    ? .problem("secret.not-found", 404) : .json(Written(name: "a", version: 1, revision: 1))
            }, "DELETE /v1/projects/default/environments/dev/secrets/b": { _ in .problem("secret.not-found", 404, "there is no such secret") },
        ])
        rig.terminal = try FakeTerminal(("Password: ", "p\n"), ("Password: ", "p\n"))
        #expect(try rig.run("delete", "a").status == 0)
        #expect(rig.terminal?.screen.hasPrefix("Another program (make\u{FFFD}) stands between.") == true)
        let absent = try rig.run("delete", "b")
        #expect(absent.status == 3)
        #expect(absent.messages == "tacit: error: there is no such secret\n", "a person who was asked is told no more than there is")
    }

    @Test("what a person is refused has nothing to do with who asks")
    func undoubted() throws {
        let rig = try Rig(["DELETE /v1/projects/default/environments/dev/secrets/a": { _ in .problem("secret.not-found", 404, hint: "see") }])
        rig.terminal = try FakeTerminal()
        #expect(try rig.run("delete", "a").messages == "tacit: error: no\ntacit: hint: see\n")
        let place = "/v1/projects/default/environments/dev/secrets"
        #expect(rig.keeper?.routes == ["DELETE \(place)/a", "GET \(place)"], "it was asked whether the place is there, and no more")
    }

    @Test("a grace that the keeper tells of spares the question, and is shown")
    func grace() throws {
        let until = RelativeTime.moment(Rig.now + 240)
        let rig = try Rig([
            "GET /v1/status": { _ in
                var status = VaultStatus.of(.unlocked)
                status.revealGraceUntil = until
                return .json(status)
            }, Self.secret: { _ in .octets("v") },
        ])
        rig.terminal = try FakeTerminal()
        #expect(try rig.run("get", "a").text == "v")
        #expect(rig.keeper?.routes == [Self.secret])
        #expect(try rig.run("status").text.contains("(in 4 minutes)"))
    }

    @Test("a value is typed unseen, and may be longer than a terminal's own line")
    func typedValue() throws {
        let value = "CANARY-" + String(repeating: "x", count: 9000)
        let rig = try Rig(Rig.newSecret("a"))
        let terminal = try FakeTerminal(("Value of a: ", value + "\n"))
        rig.terminal = terminal
        let outcome = try rig.runAtTerminal("set", "a")
        #expect(outcome.status == 0)
        #expect(outcome.text == "Stored a version 1 in default/dev.\n")
        #expect(rig.keeper?.requests.last?.text.contains("\r\n\r\n\(value)\r\n--") == true)
        #expect(!terminal.screen.contains("CANARY"))
    }

    @Test("a value for a name that exists is announced as another version: to a person, who is made sure of first")
    func existing() throws {
        let path = "/v1/projects/default/environments/dev/secrets/a"
        let moment = "2026-01-01T00:00:00Z"
        let line = "a exists (version 1): this makes version 2, and the agents that may use it get that one."
        func screen(
            _ state: VaultStatus.State, _ actor: TacitWire.Asker.Kind, _ words: [String] = [], asked: [ApprovalItem] = []
        ) throws -> String {
            let detail = SecretDetail(
                id: "0a", name: "a", version: 1, revision: 1, fields: [], tags: [], createdAt: moment, updatedAt: moment)
            let rig = try Rig([
                "GET \(path)": { _ in .json(detail) }, "PUT \(path)": { _ in .json(Written(name: "a", version: 2, revision: 2)) },
                "GET /v1/status": { _ in .json(VaultStatus.of(state, actor: Asker(kind: actor))) },
                "GET /v1/approvals": { _ in .json(ApprovalList(items: asked, mark: 1)) }, "POST /v1/unlock": { _ in .json(Unlocked()) },
            ])
            let isKnown = state == .unlocked && actor == .person
            rig.terminal = isKnown ? try FakeTerminal(("Value of a: ", "C\n")) : try FakeTerminal(("Password: ", "P\n"), ("Value of a: ", "C\n"))
            #expect(try rig.runAtTerminal(["set", "a"] + words).status == 0)
            return try #require(rig.terminal).screen
        }
        let told = try screen(.unlocked, .person)
        #expect(told.hasPrefix(line) && told.contains("Value of a: ") && !told.contains("asked for it"), "\(told)")
        var item = ApprovalItem(
            id: "0a", code: "K7Q-M2F", standing: .pending, kind: "proposal", createdAt: moment, expiresAt: moment, rule: "proposal", agent: "claude",
            process: 1, executable: "/x", secrets: [ApprovalSecret(name: "default/dev/a")], purpose: "")
        (item.secrets[0].version, item.secrets[0].isListed) = (1, false)
        let vain = try screen(.unlocked, .person, asked: [item])
        #expect(
            vain.contains("claude asked for it (K7Q-M2F) and may not know of it: a new version gives it nothing. Ctrl-C leaves it as it is."),
            "\(vain)")
        item.secrets[0].isListed = true
        #expect(try !screen(.unlocked, .person, asked: [item]).contains("asked for it"), "one that may know of it gets the new version")
        for asked in [try screen(.locked, .person), try screen(.unlocked, .unidentified)] {
            let parts = asked.split(separator: "Password: ")
            #expect(parts.count == 2 && !parts[0].contains("exists") && parts[1].contains(line), "\(asked)")
        }
        #expect(try !screen(.unlocked, .person, ["--json"]).contains("exists"))
    }

    @Test("a paste of several lines is refused, and the rest does not reach the shell")
    func paste() throws {
        let rig = try Rig(Rig.newSecret("a"))
        rig.terminal = try FakeTerminal(("Value of a: ", "CANARY-one\nrm -rf /\n"))
        let outcome = try rig.runAtTerminal("set", "a")
        #expect(outcome.status == 2)
        #expect(outcome.messages.contains("more than one line was typed or pasted"))
        #expect(!outcome.messages.contains("CANARY"))
        let side = try #require(rig.terminal).path
        let descriptor = unsafe open(side, O_RDWR | O_NOCTTY | O_NONBLOCK)
        var rest = [UInt8](repeating: 0, count: 64)
        #expect(unsafe read(descriptor, &rest, 64) == -1, "nothing is left to read")
        close(descriptor)
    }

    @Test("a signal finds the terminal put right, and ends the command")
    func signals() async throws {
        let terminal = try FakeTerminal()
        let path = terminal.path
        await #expect(processExitsWith: .signal(SIGTERM)) { [path = path as String] in
            var context = CommandContext(
                environment: [:], currentDirectory: "/", home: "/", paths: .init(environment: [:], home: "/", userID: 0, hasUserRuntime: false),
                userID: 0, version: "", starter: NoKeeperStarter(), keeper: { _ in 0 })
            context.terminal = path
            let asking = pthread_self()
            Threads.start {
                let side = unsafe open(path, O_RDWR | O_NOCTTY)
                var mode = termios()
                repeat { unsafe tcgetattr(side, &mode) } while mode.c_lflag & tcflag_t(ECHO) != 0
                pthread_kill(asking, SIGTERM)
            }
            _ = try Terminal(context)?.ask("Password: ", .hidden)
        }
        #expect(terminal.echoes)
    }

    @Test("the end of input at a prompt is no password")
    func endOfInput() throws {
        let rig = try Rig()
        rig.terminal = try FakeTerminal(("Password: ", "\u{04}"))
        let outcome = try rig.run("get", "a")
        #expect(outcome.status == 4)
        #expect(outcome.messages == "tacit: error: no password was typed\n")
    }
}
