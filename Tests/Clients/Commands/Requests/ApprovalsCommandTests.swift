import TacitWire
import TestKit
import Testing

@testable import Commands

@Suite("Requests of agents, as a person decides them")
struct ApprovalsCommandTests {
    private static let run = ApprovalItem(
        id: "0a", code: "K7Q-M2F", standing: .pending, kind: "run", createdAt: "2025-11-21T02:00:00Z", expiresAt: "2025-11-21T02:10:00Z",
        rule: "live keys", agent: "claude", process: 4242, executable: "/usr/bin/tacit", secrets: ["default/dev/stripe/api-key@2"],
        program: "/usr/bin/curl", programHash: String(repeating: "ab", count: 32), arguments: ["curl", "-d", "a b\u{1B}[2J", "it's"],
        workingDirectory: "/srv", variables: ["STRIPE_API_KEY"], notBound: ["scripts"], reportedModel: "claude 2",
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
        let parts = ["K7Q-M2F", "asked by", "program", "words", "in", "secrets", "as", "not bound", "rule", "until", "model", "purpose"]
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
        #expect(text.ranges(of: blank + blank + "secrets").count == (blank == " " ? 1 : 0), "our own line, and no other")
        #expect(text.ranges(of: blank + String(repeating: "\u{2423}", count: 59) + "secrets").count == 7, "the title has the program too")
    }

    @Test("a proposal says how it is given and closed, as long as it waits")
    func proposals() throws {
        var item = Self.run
        (item.kind, item.program, item.programHash, item.arguments) = ("proposal", nil, nil, [])
        item.secrets = ["shop/dev/mail/password", "shop/dev/-x"]
        let storing = try rig([item]).run("approvals").text
        #expect(
            storing.contains(
                "  to do     tacit set tacit://shop/dev/mail/password\n  to do     tacit set tacit://shop/dev/-x\n"
                    + "  to do     then tacit approvals done K7Q-M2F\n"), "\(storing)")
        item.capability = "file_inject"
        let granting = try rig([item]).run("approvals").text
        #expect(granting.contains("  to do     tacit policy edit\n  to do     then tacit approvals done K7Q-M2F\n"), "\(granting)")
        item.standing = .done
        #expect(try rig([item]).run("approvals", "list", "--all").text.contains("to do") == false)
        #expect(try rig().run("approvals").text.contains("to do") == false)
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
        rig.terminal = try FakeTerminal(("Password: ", "p\n"))
        let outcome = try rig.run("approvals", "approve", "K7Q-M2F")
        #expect(outcome.status == 0, "\(outcome.messages)")
        let screen = try #require(rig.terminal?.screen)
        #expect(screen.contains("A code of an authenticator is enough only in a terminal for which the vault is unlocked."), "\(screen)")
        #expect(screen.ranges(of: "Password").count == 1, "\(screen)")
        #expect(try decision(rig).timedCode == nil)
        // Unlocked for this terminal: either will do, and nothing is said of the other case.
        rig.terminal = try FakeTerminal(("Password or six digits: ", "123456\n"))
        #expect(try rig.run("approvals", "approve", "K7Q-M2F").status == 0)
        #expect(try decision(rig).timedCode == "123456")
        #expect(rig.terminal?.screen.contains("enough only") == false)
    }

    @Test("a decision carries the code as it was typed, and says what comes of it")
    func decides() throws {
        let rig = try rig()
        let outcome = try rig.run("approvals", "approve", "k7qm2f", "--uses", "2", "--for", "1h")
        #expect(outcome.status == 0 && outcome.text.hasPrefix("Approved K7Q-M2F 2 times"), "\(outcome.messages)")
        #expect(try decision(rig) == ApprovalDecision(.approve, code: "k7qm2f", uses: 2, seconds: 3600))
        let denying = try self.rig(decided: .denied)
        #expect(try denying.run("approvals", "deny", "K7Q-M2F").text == "Denied K7Q-M2F.\n")
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
