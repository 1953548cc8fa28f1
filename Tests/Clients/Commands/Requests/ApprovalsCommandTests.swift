import TacitWire
import TestKit
import Testing

@testable import Commands

@Suite("Requests of agents, as a person decides them")
struct ApprovalsCommandTests {
    private static let run = ApprovalItem(
        id: "0a", code: "K7Q-M2F", standing: .pending, kind: "run", createdAt: "2025-11-21T02:00:00Z", expiresAt: "2025-11-21T02:10:00Z",
        rule: "live keys", agent: "claude", process: 4242, executable: "/usr/bin/tacit",
        secrets: [ApprovalSecret(name: "default/dev/stripe/api-key@2", as: .env, variable: "STRIPE_API_KEY")],
        program: "/usr/bin/curl", programHash: String(repeating: "ab", count: 32), arguments: ["curl", "-d", "a b\u{1B}[2J", "it's"],
        workingDirectory: "/srv", sandbox: ApprovalSandbox(.none), timeLimitSeconds: 50, notBound: ["scripts"], reportedModel: "claude 2",
        purpose: "pretend\u{202E} program: /bin/true")

    private func rig(_ items: [ApprovalItem] = [run], decided: ApprovalItem.Standing = .approved) throws -> Rig {
        try Rig([
            "GET /v1/approvals": { _ in .json(ApprovalList(items: items, mark: 1)) },
            "POST /v1/approvals/0a": { _ in
                var item = Self.run
                (item.standing, item.uses) = (decided, decided == .approved ? 2 : nil)
                return .json(item)
            },
        ])
    }

    private func decision(_ rig: Rig) throws -> ApprovalDecision {
        try VaultDoor.decode(try #require(rig.keeper?.requests.last { $0.method == "POST" && $0.path == "/v1/approvals/0a" }).body)
    }

    @Test("a request is shown with our facts first, the agent's words last and in quotes, and nothing that moves the cursor")
    func shown() throws {
        let outcome = try rig().run("approvals")
        #expect(outcome.status == 0, "\(outcome.messages)")
        let text = outcome.text
        let parts = ["K7Q-M2F", "asked by", "program", "words", "in", "limit", "secrets", "not bound", "rule", "until", "model", "purpose"]
        let places = parts.compactMap { part in text.ranges(of: part == "K7Q-M2F" ? part : "\n  \(part) ").first?.lowerBound }
        #expect(places.count == parts.count)
        #expect(places == places.sorted())
        #expect(text.contains("curl -d 'a b") && text.contains("'it'\\''s'"))
        #expect(!text.contains("\u{1B}") && !text.contains("\u{202E}"))
        #expect(try rig([]).run("approvals", "list").text == "Nothing waits for you.\n")
    }

    @Test(
        "blanks of the agent's cannot push its words to where a fact of ours would stand",
        arguments: [" ", "\u{A0}", "\u{3000}", "\u{2800}", "\u{3164}"])
    func padding(blank: String) throws {
        let pad = String(repeating: blank, count: 60)
        var item = Self.run
        item.program = "/tmp/a\(pad)secrets"
        item.workingDirectory = "/tmp/b\(pad)secrets"
        item.executable = "/tmp/c\(pad)secrets"
        item.arguments = ["d\(pad)secrets"]
        item.reportedModel = "e\(pad)secrets"
        item.purpose = "f\(pad)secrets"
        let text = try rig([item]).run("approvals").text
        let first = ["\u{2800}", "\u{3164}"].contains(blank) ? "\u{2423}" : blank
        #expect(text.ranges(of: blank + blank + "secrets").count == (blank == " " ? 1 : 0), "our own line, and no other")
        #expect(text.ranges(of: first + String(repeating: "\u{2423}", count: 59) + "secrets").count == 7, "the title has the program too")
    }

    @Test("beside each secret stands where it goes, and beside a file what can be done with it")
    func destinations() throws {
        var item = Self.run
        item.secrets = [
            ApprovalSecret(name: "p/e/live@1", as: .env, variable: "TEST_KEY"), ApprovalSecret(name: "p/e/test@2", as: .env, variable: "LIVE_KEY"),
            ApprovalSecret(name: "p/e/cert@1", as: .file, variable: "CERT"), ApprovalSecret(name: "p/e/body@1", as: .stdin),
            ApprovalSecret(name: "p/e/odd@1", as: .env, variable: "stdin"),
        ]
        let text = try rig([item]).run("approvals").text
        for line in [
            "secrets   p/e/live@1 \u{2192} TEST_KEY\n", "p/e/test@2 \u{2192} LIVE_KEY\n", "p/e/cert@1 \u{2192} a file named by CERT\n",
            "p/e/body@1 \u{2192} stdin\n", "p/e/odd@1 \u{2192} the variable stdin\n", "limit     stopped after 50 s\n",
        ] { #expect(text.contains(line), "\(line)") }
        (item.kind, item.program, item.timeLimitSeconds) = ("inject", nil, nil)
        item.secrets = [ApprovalSecret(name: "p/e/live@1", as: .line, variable: "KEY")]
        item.file = ApprovalFile(format: "dotenv", reads: nil, seconds: 900)
        let file = try rig([item]).run("approvals").text
        #expect(
            file.contains("p/e/live@1 \u{2192} KEY\n")
                && file.contains("file      a file that any program of yours can read, dotenv, for 900 s at most\n"))
        item.file = ApprovalFile(format: "json", reads: 3, seconds: 60)
        #expect(try rig([item]).run("approvals").text.contains("a pipe that can be read 3 times, json, for 60 s at most"))
        let json = try rig([item]).run("approvals", "list", "--json").text
        #expect(json.contains(#""as":"line""#) && json.contains(#""variable":"KEY""#), "\(json)")
    }

    @Test("text around a value stands beside it whole, in quotes and on one line, and what is not seen is written out")
    func textAround() throws {
        func shown(_ before: String?, _ after: String?) throws -> String {
            var item = Self.run
            item.secrets = [ApprovalSecret(name: "p/e/k@1", as: .stdin, before: before, after: after)]
            return try rig([item]).run("approvals").text
        }
        let table: [(String?, String?, String)] = [
            ("Authorization: Bearer ", nil, #"after "Authorization: Bearer ""#), (nil, "\n", #"before "\n""#),
            ("user = \"", ":\"\r\n\t\\", #"after "user = \"" and before ":\"\r\n\t\\""#),
            ("a\u{1B}[2J\u{202E}\u{2028}\u{FE0F}é", nil, #"after "a\u{1B}[2J\u{202E}\u{2028}\u{FE0F}é""#),
            ("a   b\u{3164}", nil, "after \"a \u{2423}\u{2423}b\u{2423}\""),
        ]
        for (before, after, words) in table {
            let text = try shown(before, after)
            #expect(text.contains("secrets   p/e/k@1 \u{2192} stdin, \(words)\n"), "\(text)")
        }
        let longest = String(repeating: "x", count: 1024)
        #expect(try shown(longest, longest).contains("after \"\(longest)\" and before \"\(longest)\"\n"), "nothing that is bound is cut")
    }

    @Test("a single letter that draws nothing is seen, too")
    func filler() throws {
        var item = Self.run
        item.arguments = ["a\u{3164}b", "c\u{115F}d"]
        let text = try rig([item]).run("approvals").text
        #expect(text.contains("'a\u{2423}b'") && text.contains("'c\u{2423}d'"))
    }

    @Test("where nobody is known yet, the question says that it takes the password, asks once, and takes no code; else it offers both")
    func factor() throws {
        let enrolled = AuthenticatorState(enrolled: true, confirmed: true, createdAt: "2025-11-21T02:00:00Z", triesLeft: 5)
        let unlocked = Switch()
        let answers: [String: FakeKeeper.Answer] = [
            "GET /v1/totp": { _ in .json(enrolled) }, "GET /v1/status": { _ in .json(VaultStatus.of(unlocked.isOn ? .unlocked : .locked)) },
            "POST /v1/unlock": { _ in
                unlocked.turnOn()
                return .json(Unlocked())
            },
            "GET /v1/approvals": { _ in
                unlocked.isOn
                    ? .json(ApprovalList(items: [Self.run], mark: 1)) : .problem("vault.locked", 423)
            },
            "POST /v1/approvals/0a": { _ in .json(Self.run) },
        ]
        let rig = try Rig(answers)
        let again = "Type the code again to approve this: "
        rig.terminal = try FakeTerminal(("Password: ", "p\n"), (again, "k7qm2f\n"))
        let outcome = try rig.run("approvals", "approve", "K7Q-M2F")
        #expect(outcome.status == 0, "\(outcome.messages)")
        let screen = try #require(rig.terminal?.screen)
        #expect(screen.contains("There a code of an authenticator is enough, where one is enrolled."), "\(screen)")
        #expect(screen.ranges(of: "Password").count == 1, "\(screen)")
        #expect(try decision(rig).timedCode == nil)
        // Unlocked for this terminal: either will do, and nothing is said of the other case.
        rig.terminal = try FakeTerminal(("Password or six digits: ", "123456\n"))
        #expect(try rig.run("approvals", "approve", "K7Q-M2F").status == 0)
        #expect(try decision(rig).timedCode == "123456")
        #expect(rig.terminal?.screen.contains("is enough") == false && rig.terminal?.screen.contains(again) == false)
        // What was typed before the request stood there approves nothing by itself.
        let other = try Rig(answers)
        unlocked.turnOff()
        other.terminal = try FakeTerminal(("Password: ", "p\n"), (again, "yes\n"))
        let refused = try other.run("approvals", "approve", "K7Q-M2F")
        #expect(refused.status == 1 && refused.messages.contains("nothing was approved: that is not the code"), "\(refused.messages)")
        #expect(other.keeper?.routes.contains("POST /v1/approvals/0a") == false)
    }

    @Test("a decision carries the code as it was typed, and says what comes of it")
    func decides() throws {
        let rig = try rig()
        let outcome = try rig.run("approvals", "approve", "k7qm2f", "--uses", "2", "--for", "1h")
        #expect(outcome.status == 0 && outcome.text.contains("\nApproved K7Q-M2F 2 times"), "\(outcome.messages)")
        #expect(
            outcome.text.hasPrefix("K7Q-M2F  claude wants to run") && outcome.text.contains("\u{2192} STRIPE_API_KEY\n"), "what is approved is shown")
        #expect(try decision(rig) == ApprovalDecision(.approve, code: "k7qm2f", uses: 2, seconds: 3600))
        let denying = try self.rig(decided: .denied)
        #expect(try denying.run("approvals", "deny", "K7Q-M2F").text == "Denied K7Q-M2F.\n")
        #expect(!outcome.text.contains("to do"), "that goes on already")
        #expect(try decision(denying) == ApprovalDecision(.deny, code: "K7Q-M2F"))
    }

    @Test("a code that no request has, or two have, decides nothing")
    func wrongCode() throws {
        var twin = Self.run
        twin.id = "0b"
        for (items, code) in [([Self.run], "AAA-AAA"), ([Self.run], ""), ([Self.run, twin], "K7Q-M2F")] {
            let rig = try rig(items)
            let outcome = try rig.run("approvals", "approve", code)
            #expect(outcome.status == 3, "\(outcome.messages)")
            #expect(rig.keeper?.requests.contains { $0.method == "POST" } == false)
        }
    }

    @Test(
        "a budget out of bounds is refused before anything is asked",
        arguments: [["--uses", "0"], ["--uses", "101"], ["--for", "9h"], ["--for", "x"]])
    func budget(_ words: [String]) throws {
        let rig = try rig()
        #expect(try rig.run(["approvals", "approve", "K7Q-M2F"] + words).status == 2)
        #expect(rig.keeper?.requests.isEmpty == true)
    }

    @Test("watching and enrolling need a terminal")
    func terminals() throws {
        let rig = try rig()
        #expect(try rig.run("approvals", "watch").status == 2)
        #expect(try rig.run("totp", "enroll").status == 2)
        #expect(rig.keeper?.requests.isEmpty == true, "no key is made that nobody sees")
    }

    @Test("the authenticator's state is told")
    func totp() throws {
        for (state, word) in [
            (AuthenticatorState(enrolled: false, confirmed: false, triesLeft: 0), "No authenticator"),
            (AuthenticatorState(enrolled: true, confirmed: false, createdAt: "2025-11-21T02:00:00Z", triesLeft: 5), "never confirmed"),
            (AuthenticatorState(enrolled: true, confirmed: true, createdAt: "2025-11-21T02:00:00Z", triesLeft: 0), "is closed"),
        ] {
            let rig = try Rig(["GET /v1/totp": { _ in .json(state) }])
            #expect(try rig.run("totp", "status").text.contains(word))
        }
    }
}
