import CProcess
import Glibc
import TacitWire
import Testing

@testable import Commands

@Suite("What a newcomer stumbles over")
struct NewcomerTests {
    @Test("an alphabet is named, or its characters are given as such: what is neither is no alphabet", arguments: ["hexx", "HEX", "abc123", ""])
    func alphabet(_ text: String) throws {
        let rig = try Rig(nil)
        let outcome = try rig.run("generate", "--alphabet", text)
        #expect(outcome.status == 2 && outcome.output.isEmpty)
        #expect(outcome.messages.hasPrefix("tacit: error: no alphabet has this name\n"))
        for word in ["alphanumeric", "hex", "base64url", "--characters"] { #expect(outcome.messages.contains(word)) }
    }

    @Test("an alphabet of one's own is given by its characters") func characters() throws {
        let rig = try Rig(nil)
        let own = try rig.run("generate", "--characters", "xy", "--length", "64")
        #expect(own.status == 0 && Set(own.text) == Set("xy"))
        #expect(try rig.run("generate", "--alphabet", "digits").text.allSatisfy(\.isNumber))
        #expect(try rig.run("generate", "--characters", "xy", "--alphabet", "hex").status == 2)
        #expect(try rig.run("generate", "--characters", "xy", "--words", "6").status == 2)
    }

    @Test(
        "rules of a preset are about whole secrets: what no pattern can be is said to be none",
        arguments: ["a#field", "tacit://default/dev/a", "a b", "/a"])
    func presetKey(_ key: String) throws {
        let rig = try Rig()
        for more in [[], ["--add"]] {
            let outcome = try rig.run(["policy", "preset", "read-only-github", "--agent", "claude", "-k", key] + more)
            #expect(outcome.status == 2 && outcome.output.isEmpty)
            #expect(outcome.messages.contains("`-k`") && !outcome.messages.contains(key))
            #expect(outcome.messages.contains("without its field") == key.contains("#"))
        }
        #expect(rig.keeper?.routes == [])
        #expect(try rig.run("policy", "preset", "read-only-github", "--agent", "claude", "-k", "github/*").status == 0)
    }

    @Test("an agent that is frozen is not called in force", arguments: [("", "in force"), (#","frozen":true"#, "frozen")])
    func frozen(_ more: String, _ state: String) throws {
        let item = #"{"name":"claude","created_at":"2025-11-21T04:00:00Z","policies":["p"]\#(more)}"#
        let rig = try Rig(["GET /v1/agents": { _ in .init(body: Array(#"{"items":[\#(item)]}"#.utf8)) }])
        let outcome = try rig.run("agent", "list")
        #expect(outcome.text.contains(state) && outcome.text.contains("in force") == (state == "in force"), "\(outcome.text)")
        #expect(outcome.messages.contains("tacit panic --thaw") == (state == "frozen"))
    }

    private static func tagged(_ tags: [String]) throws -> Rig {
        let secret = "/v1/projects/default/environments/dev/secrets/a"
        return try Rig([
            "GET \(secret)": { _ in
                .json(SecretDetail(id: "1", name: "a", version: 1, revision: 1, fields: [], tags: tags, createdAt: "", updatedAt: ""))
            },
            "PATCH \(secret)": { _ in .json(Written(name: "a", version: 1, revision: 2)) },
        ])
    }

    @Test("tags that are as they were asked to be are not said to be changed") func tags() throws {
        let rig = try Self.tagged(["x", "y"])
        #expect(try rig.run("tag", "a", "--remove", "z").text == "Nothing to change: a has no tag z.\n")
        #expect(
            try rig.run("tag", "a", "--add", "x", "--remove", "z", "--remove", "q").text
                == "Nothing to change: a has the tag x, no tag z and no tag q.\n")
        #expect(rig.keeper?.routes.contains { $0.hasPrefix("PATCH") } == false)
        let part = try rig.run("tag", "a", "--remove", "x", "--remove", "z")
        #expect(part.text == "Changed the tags of a.\n" && part.messages == "tacit: note: a has no tag z\n")
        #expect(try rig.run("tag", "a", "--remove", "x").messages.isEmpty)
    }

    @Test("a capability or condition that is none is a mistake of the command line")
    func explain() throws {
        let rig = try Rig()
        for (option, word) in [("--capability", "env_inject"), ("--given", "acknowledgement")] {
            let outcome = try rig.run("policy", "explain", "claude", "a", option, "fly")
            #expect(outcome.status == 2 && outcome.messages.contains(word) && outcome.messages.contains("`\(option)`"), "\(outcome.messages)")
        }
        #expect(rig.keeper?.routes == [])
    }

    @Test("a refusal that sends an agent to a tool says what a person at a command line does") func toolAsHint() throws {
        let secret = "/v1/projects/default/environments/dev/secrets/a"
        let rig = try Rig(["GET \(secret)": { _ in .problem("not_permitted", 403, "no", hint: "access_request") }])
        let outcome = try rig.run("show", "a")
        #expect(outcome.messages.contains("hint: a person allows it by `tacit policy edit`; an agent asks them with its tool access_request\n"))
    }

    @Test("a template asks in its order, and names what is hidden in full: no `password` is taken for the vault's") func template() throws {
        let secret = "/v1/projects/default/environments/dev/secrets/gh"
        let rig = try Rig(Rig.newSecret("gh"))
        rig.terminal = try FakeTerminal(
            ("user: ", "me\n"), ("Value of gh#password: ", "CANARY-p\n"), ("url (empty for none): ", "\n"),
            ("Value of gh#totp (empty for none): ", "\n"))
        let outcome = try rig.runAtTerminal("set", "gh", "--template", "login")
        #expect(outcome.status == 0, "\(outcome.messages)")
        let sent = try #require(rig.keeper?.requests.first { $0.route == "PUT \(secret)" })
        let (password, user) = (try #require(sent.text.firstRange(of: "password")), try #require(sent.text.firstRange(of: "user")))
        #expect(password.lowerBound < user.lowerBound && rig.terminal?.screen.contains("CANARY") == false)
    }

    @Test("names of the vault are completed as they are, and no directory is seen in them") func completion() throws {
        let script = try Rig(nil).run("completions", "bash").text
        let custom = script.split(separator: "\n").filter { $0.contains("$(__tacit_custom_complete ") }
        #expect(!custom.isEmpty && custom.allSatisfy { $0.contains("compopt +o filenames") })
    }

    @Test("beside a vault, a check of a backup says whose password it asks for, and how it goes without") func verify() throws {
        let rig = try Rig([
            "GET /v1/status": { _ in .json(VaultStatus.of(.locked)) },
            "POST /v1/unlock": { _ in .problem("unlock.failed", 401, "the password is wrong") },
        ])
        let file = try rig.write("tacit-backup", to: "work/x.backup")
        rig.terminal = try FakeTerminal(("Password: ", "a\n"), ("Password: ", "b\n"), ("Password: ", "c\n"))
        let outcome = try rig.run("restore-backup", file, "--verify-only")
        let screen = try #require(rig.terminal?.screen)
        #expect(outcome.status != 0 && screen.contains("It is the password of the vault in \(rig.paths.vault)"), "\(outcome.messages)")
        #expect(screen.contains("Without that password: TACIT_VAULT="))
    }

    @Test("a host that is not known is answered with those that are") func hosts() throws {
        let messages = try Rig(nil).run("setup", "nosuchhost").messages
        for name in ["claude-code", "codex", "tacit setup print"] { #expect(messages.contains(name)) }
    }

    @Test("a read-only unlock says so") func readOnly() throws {
        let rig = try Rig(["POST /v1/unlock": { _ in .json(Unlocked()) }])
        let password = try rig.descriptor("p\n")
        defer { close(password) }
        #expect(try rig.run("unlock", "--read-only", "--password-fd", "\(password)").text.contains("changes and runs ask for the password again"))
    }

    @Test("one of a thing is spoken of as one") func plurals() throws {
        let rig = try Rig([
            "POST /v1/rotations/root": { _ in .json(RotationResult(generation: 2, rewrapped: 1)) },
            "GET /v1/slots": { _ in .json(Page<SlotSummary>(items: [])) },
        ])
        let password = try rig.descriptor("p\n")
        defer { close(password) }
        #expect(try rig.run("rotate", "root", "--password-fd", "\(password)").text.contains("1 key was wrapped anew"))
        #expect(ProgressMeter.text(1, of: 1, since: 0, "versions", in: .zero) == "100%  1 of 1 version")
        #expect(ProgressMeter.text(1, of: 2, since: 0, "versions", in: .zero) == "50%  1 of 2 versions")
        #expect(ProgressMeter.text(3, of: 3, since: 0, "kB", in: .seconds(2)) == "100%  3 of 3 kB, 1 kB/s")
    }

    @Test("progress stays in one line of a narrow terminal", arguments: [(20, 0), (40, 0), (60, 10), (200, 24)])
    func narrow(columns: UInt16, bar: Int) throws {
        let terminal = try FakeTerminal()
        let descriptor = unsafe open(terminal.path, O_RDWR | O_NOCTTY | O_CLOEXEC)
        defer { close(descriptor) }
        #expect(tacit_set_window_size(descriptor, 24, columns) == 0)
        var context = try Rig(nil).context
        context.messages = descriptor
        let start = ContinuousClock.now
        var moments = [start, start.advanced(by: .seconds(60))]
        let meter = ProgressMeter(Console(context), unit: "versions", from: 0, of: 5_000_000) { moments.removeFirst() }
        meter.show(1_234_567)
        let line = try #require(terminal.screen.split(separator: "\u{1B}[K").last)
        #expect(line.count < Int(columns) && line.contains("24%"), "\(line)")
        #expect(line.count { $0 == "#" || $0 == "." } >= bar)
        #expect(line.contains("3 minutes left") == (columns > 60))
    }
}
