import TacitWire
import Testing

@testable import Commands

/// The vault is unlocked, and not for the terminal at hand.
@Suite("In a terminal that is not unlocked")
struct ElsewhereTests {
    private static let stranger: FakeKeeper.Answer = { _ in .json(VaultStatus.of(.unlocked, actor: Asker(kind: .unidentified))) }
    private static let session = SessionSummary(
        id: "s1", agent: "claude", scope: "default/dev", covers: ["a"], purpose: "why", wokenBy: .agent, wokenAt: "2025-11-21T04:00:00Z",
        expiresAt: "2025-11-21T05:00:00Z", sleepsAt: "2025-11-21T05:00:00Z")

    /// A keeper that takes who asks for an agent without a name, which has no sessions, until the password was given.
    private static func rig(_ status: @escaping FakeKeeper.Answer = stranger) throws -> Rig {
        try Rig([
            "GET /v1/status": status,
            "GET /v1/sessions": { .json(Page(items: $0.headers["tacit-step-up"] == nil ? [] : [session])) },
            "POST /v1/sessions/sleep": { .json(SessionsEnded(sessions: $0.headers["tacit-step-up"] == nil ? 0 : 1, files: 0)) },
            "GET /v1/audit": {
                guard $0.headers["tacit-step-up"] != nil else { return .problem("not_permitted", 403, "only a person may do this", hint: "ask them") }
                return .init(headers: [("transfer-encoding", "chunked")], body: Array("0\r\n\r\n".utf8))
            },
        ])
    }

    @Test(
        "what an agent would be answered about itself is no answer to a person: they are asked for the password first",
        arguments: [(["session", "list"], "claude"), (["session", "list", "--json"], "claude"), (["session", "sleep"], "Ended 1 session")])
    func sessions(_ words: [String], _ shown: String) throws {
        let rig = try Self.rig()
        let script = try rig.run(words)
        #expect(script.status == 4 && rig.keeper?.routes == [], "\(script.messages)")
        #expect(script.messages.hasPrefix("tacit: error: the vault is not unlocked for this terminal\ntacit: hint: unlock it with `tacit unlock`"))
        rig.terminal = try FakeTerminal(("Password: ", "p\n"))
        let asked = try rig.run(words)
        #expect(asked.status == 0 && asked.text.contains(shown), "\(asked.messages)")
        #expect(rig.terminal?.screen.hasPrefix("The vault is not unlocked for this terminal.") == true)
        let descriptor = try rig.descriptor("p\n")
        #expect(try rig.run(words + ["--password-fd", "\(descriptor)"]).text.contains(shown))
    }

    @Test("an agent sees and ends its own", arguments: [Asker.Kind.agent, .person]) func known(_ kind: Asker.Kind) throws {
        let rig = try Self.rig { _ in .json(VaultStatus.of(.unlocked, actor: Asker(kind: kind, name: "claude"))) }
        #expect(try rig.run("session", "list").text == "No session is awake.\n")
        #expect(try rig.run("session", "sleep").text == "Ended 0 sessions and removed 0 files.\n")
    }

    @Test("a log is followed after the password: nobody is sent to the person that they are") func follow() throws {
        let rig = try Self.rig()
        #expect(try rig.run("audit", "list", "--follow").messages.contains("the vault is not unlocked for this terminal"))
        rig.terminal = try FakeTerminal(("Password: ", "p\n"))
        let asked = try rig.run("audit", "list", "--follow")
        #expect(asked.status == 0 && asked.messages == "tacit: note: the vault was locked: nothing more comes\n", "\(asked.messages)")
        let descriptor = try rig.descriptor("p\n")
        #expect(try rig.run("audit", "list", "--follow", "--password-fd", "\(descriptor)").status == 0)
    }
}
