import TacitWire
import TestKit
import Testing

@testable import Commands

@Suite("What a person reads of a proposal, and what is refused before a password is asked for")
struct ProposalTests {
    private static let use = ApprovalItem(
        id: "0a", code: "K7Q-M2F", standing: .pending, kind: "mask", createdAt: "2025-11-21T02:00:00Z", expiresAt: "2025-11-21T02:10:00Z",
        rule: "live keys", agent: "claude", process: 4242, executable: "/usr/bin/tacit", secrets: [ApprovalSecret(name: "shop/dev/a@2")], purpose: "")

    private static func proposal(_ names: String..., capability: String? = nil) -> ApprovalItem {
        var item = use
        (item.kind, item.scope, item.capability) = ("proposal", "shop/dev", capability)
        item.secrets = names.map { ApprovalSecret(name: "shop/dev/\($0)") }
        return item
    }

    private func rig(_ item: ApprovalItem, explained: PolicyAnswer = PolicyAnswer(allowed: true, code: "allowed", steps: [])) throws -> Rig {
        try Rig([
            "GET /v1/approvals": { _ in .json(ApprovalList(items: [item], mark: 1)) },
            "POST /v1/approvals/0a": { request in
                var decided = item
                decided.standing = request.text.contains("\"deny\"") ? .denied : .done
                return .json(decided)
            },
            "POST /v1/policy/explain": { request in
                request.text.contains("argv") && request.text.contains("gone") ? .problem("run.program-not-found", 422) : .json(explained)
            },
        ])
    }

    private func shown(_ item: ApprovalItem) throws -> String { try rig(item).run("approvals", "list", "--all").text }

    @Test("a use says how it is decided, and a mask what is shown of the value")
    func use() throws {
        let text = try shown(Self.use)
        #expect(text.contains("\n  to do     tacit approvals approve K7Q-M2F   (or: deny K7Q-M2F)\n"), "\(text)")
        #expect(text.contains("claude wants to see the last 4 characters of a value\n") && text.contains("\n  shown     `********`, and "), "\(text)")
        for standing in [ApprovalItem.Standing.approved, .denied, .expired, .usedUp] {
            var item = Self.use
            item.standing = standing
            #expect(try !shown(item).contains("to do"))
        }
    }

    @Test("a proposal says how it is given and closed, as long as it waits")
    func steps() throws {
        let storing = try shown(Self.proposal("mail/password", "-x"))
        #expect(
            storing.contains(
                "  to do     tacit set tacit://shop/dev/mail/password\n  to do     tacit set tacit://shop/dev/-x\n"
                    + "  to do     then tacit approvals done K7Q-M2F, unless that has closed it\n"), "\(storing)")
        var item = Self.proposal("a", capability: "file_inject")
        let granting = try shown(item)
        #expect(granting.contains("  to do     tacit policy edit\n  to do     then tacit approvals done K7Q-M2F\n"), "\(granting)")
        #expect(!granting.contains("  with "))
        item.proposedProgram = "/usr/bin/wc  sha256 0123"
        #expect(
            try shown(item).contains(
                "  with      \u{201C}/usr/bin/wc \u{2423}sha256 0123\u{201D}, as it says: give it to a rule's `programs` by the path that you know\n")
        )
        item.standing = .done
        #expect(try shown(item).contains("to do") == false)
        var file = Self.proposal()
        file.proposedFile = "/srv/it's  here/.env"
        #expect(
            try shown(file).contains(
                "  place     shop/dev\n"), "where it would lie")
        #expect(
            try shown(file).contains(
                "  to do     tacit import '/srv/it'\\''s \u{2423}here/.env' -p shop -e dev\n  to do     then tacit approvals done K7Q-M2F\n"))
    }

    @Test("a program that runs any code needs a leave of its own, and is told by its name or by how the file begins")
    func anyCode() throws {
        let rig = try Rig(nil)
        let script = try rig.write("#!/bin/sh\n", to: "deploy", mode: 0o700)
        let native = try rig.write("\u{7F}ELF", to: "native", mode: 0o700)
        for (program, needs) in [
            ("python3", true), ("/bin/sh", true), ("/usr/bin/npm", true), (script, true), (native, false), ("/usr/bin/curl", false),
            ("/nowhere/at/all", false),
            ("/dev/zero", false),
        ] {
            var item = Self.proposal("a", capability: "env_inject")
            item.proposedProgram = program
            #expect(try shown(item).contains("a rule that lists it needs `any_code: allow`") == needs, "\(program)")
        }
    }

    @Test("a right is explained in words, with what keeps the agent out and the command that says why")
    func barrier() throws {
        var item = Self.proposal("personal/x", "b", capability: "env_inject")
        item.secrets[0].barrier = "denied by `denied_keys: personal/**` of \u{201C}p\u{201D}"
        item.secrets[0].version = 1
        let text = try shown(item)
        #expect(text.contains("\n  asks      to run programs with it (env_inject)\n"), "\(text)")
        #expect(
            text.contains(
                "shop/dev/personal/x\n  now       denied by `denied_keys: personal/**` of \u{201C}p\u{201D}\n"
                    + "  why       tacit policy explain claude tacit://shop/dev/personal/x --capability env_inject\n"), "\(text)")
        #expect(text.contains("  now       the policy allows it; and nothing has this name\n"), "\(text)")
        item.proposedProgram = "/usr/bin/sort"
        let named = try shown(item)
        #expect(named.contains("  now       the policy allows it, if it lists the program; and nothing has this name\n"), "\(named)")
        #expect(named.contains("tacit://shop/dev/b --capability env_inject -- /usr/bin/sort\n"), "\(named)")
        for (capability, words) in [
            ("reference_only", "to know that it exists"), ("masked_return", "to see the last 4 characters of its value"),
            ("file_inject", "to have it written into a file that programs read"), ("reveal", "to see its value, each time with your approval"),
            ("later", "for a capability that this version does not know"),
        ] { #expect(try shown(Self.proposal("a", capability: capability)).contains("  asks      \(words) (\(capability))\n")) }
    }

    @Test("of a name to store it is said whether it is there, since when, and whether the agent may know of it")
    func presence() throws {
        var item = Self.proposal("a", "b", "c", "d")
        (item.secrets[0].version, item.secrets[0].isListed, item.secrets[0].isNew) = (1, true, false)
        (item.secrets[1].version, item.secrets[1].isListed, item.secrets[1].isNew) = (3, false, false)
        (item.secrets[2].version, item.secrets[2].isListed, item.secrets[2].isNew) = (1, true, true)
        let text = try shown(item)
        for line in [
            "shop/dev/a: exists (version 1), a new value is asked for\n", "shop/dev/b: exists already (version 3); the agent may not know of it\n",
            "shop/dev/c: stored since (version 1)\n", "shop/dev/d\n",
        ] { #expect(text.contains(line), "\(text)") }
        #expect(
            text.contains(
                "  to do     tacit approvals deny K7Q-M2F, and tell it that shop/dev/b exists: it then asks for the right\n  to do     tacit set tacit://shop/dev/a\n"
            ), "\(text)")
        #expect(try rig(item).run("approvals", "deny", "K7Q-M2F").text == "Denied K7Q-M2F. What you stored stays: shop/dev/c.\n")
    }

    @Test("what cannot be decided so is refused before the password, with what can be done")
    func refused() throws {
        func refused(_ verb: String, _ item: ApprovalItem, _ code: String) throws -> String {
            let rig = try rig(item)
            rig.terminal = try FakeTerminal(("Password: ", "p\n"))
            let outcome = try rig.run("approvals", verb, "K7Q-M2F")
            #expect(outcome.status == 1 && rig.terminal?.screen.contains("assword") == false, "\(outcome.messages)")
            #expect(rig.keeper?.routes == ["GET /v1/approvals"])
            #expect(try rig.run("approvals", verb, "K7Q-M2F", "--json").messages.contains(code) || !outcome.messages.isEmpty)
            return outcome.messages
        }
        func over(_ standing: ApprovalItem.Standing, until end: Int64? = nil) -> ApprovalItem {
            var item = Self.use
            (item.standing, item.deniedUntil) = (standing, end.map(RelativeTime.moment))
            return item
        }
        #expect(
            try refused("approve", Self.proposal("a"), "approval.other-kind").contains(
                "hint: tacit set tacit://shop/dev/a; then tacit approvals done"))
        #expect(try refused("done", Self.use, "approval.other-kind").contains("hint: tacit approvals approve K7Q-M2F   (or: deny K7Q-M2F)"))
        let end = Rig.now + 300
        for verb in ["approve", "deny", "done"] {
            let denied = try refused(verb, over(.denied, until: end), "approval.not-pending")
            #expect(
                denied.contains("you denied it; until \(RelativeTime.clock(end)) the agent's same call is denied without asking you"), "\(denied)")
            #expect(denied.contains("hint: tell it to ask again after that"))
        }
        #expect(try refused("approve", over(.denied, until: Rig.now), "approval.not-pending").contains("hint: tell the agent to ask again: "))
        #expect(try refused("approve", over(.expired), "approval.not-pending").contains("its time is over"))
        #expect(try refused("approve", over(.usedUp), "approval.not-pending").contains("its approval is used up"))
        #expect(try refused("approve", over(.approved), "approval.not-pending").contains("it is approved already"))
        #expect(try refused("deny", over(.done), "approval.not-pending").contains("it is closed already"))
    }

    @Test("a right is not closed while the policy refuses it, unless the person says so; then nothing more is claimed")
    func given() throws {
        var item = Self.proposal("a", capability: "env_inject")
        item.proposedProgram = "/usr/bin/sort"
        let no = PolicyAnswer(allowed: false, code: "not_found", steps: [])
        let rig = try rig(item, explained: no)
        rig.terminal = try FakeTerminal(("Password: ", "p\n"))
        let outcome = try rig.run("approvals", "done", "K7Q-M2F")
        #expect(outcome.status == 1 && rig.terminal?.screen.contains("assword") == false)
        #expect(
            outcome.messages.contains(
                "the policy still refuses it: `tacit policy explain claude tacit://shop/dev/a --capability env_inject -- /usr/bin/sort` says why; nothing was closed"
            ), "\(outcome.messages)")
        let asked: PolicyQuestion = try VaultDoor.decode(try #require(rig.keeper?.requests.last).body)
        #expect(
            asked
                == PolicyQuestion(
                    agent: "claude", scope: "shop/dev", name: "a", capability: "env_inject", given: ["session", "acknowledgement", "approval"],
                    argv: ["/usr/bin/sort"]))
        #expect(rig.keeper?.routes.contains("POST /v1/approvals/0a") == false)
        let anyway = try self.rig(item, explained: no)
        #expect(try anyway.run("approvals", "done", "K7Q-M2F", "--anyway").text == "Closed K7Q-M2F: the agent is told that you gave it.\n")
        #expect(anyway.keeper?.routes == ["GET /v1/approvals", "POST /v1/approvals/0a"])
        #expect(try self.rig(item).run("approvals", "done", "K7Q-M2F").text == "Closed K7Q-M2F: the agent is told that you gave it.\n")
        item.proposedProgram = "gone"
        let open = try self.rig(item)
        #expect(try open.run("approvals", "done", "K7Q-M2F").status == 0)
        #expect(open.keeper?.routes.filter { $0 == "POST /v1/policy/explain" }.count == 2, "a program that is not here is left out")
    }

    @Test("a store is not closed while nothing was stored, unless the person says so")
    func stored() throws {
        var item = Self.proposal("a", "b")
        (item.secrets[0].version, item.secrets[0].isNew) = (2, true)
        (item.secrets[1].version, item.secrets[1].isNew) = (1, false)
        let rig = try rig(item)
        rig.terminal = try FakeTerminal(("Password: ", "p\n"))
        let outcome = try rig.run("approvals", "done", "K7Q-M2F")
        #expect(outcome.status == 1 && rig.terminal?.screen.contains("assword") == false && rig.keeper?.routes == ["GET /v1/approvals"])
        #expect(outcome.messages.contains("nothing was stored since it was asked for: shop/dev/b; nothing was closed"), "\(outcome.messages)")
        #expect(outcome.messages.contains("`tacit approvals done K7Q-M2F --anyway`"))
        let closed = "Closed K7Q-M2F: the agent is told that it is there.\n"
        #expect(try self.rig(item).run("approvals", "done", "K7Q-M2F", "--anyway").text == closed)
        (item.secrets[1].version, item.secrets[1].isNew) = (2, true)
        #expect(try self.rig(item).run("approvals", "done", "K7Q-M2F").text == closed)
        var file = Self.proposal()
        file.proposedFile = "/srv/.env"
        #expect(try self.rig(file).run("approvals", "done", "K7Q-M2F").text == closed, "what a file holds is not known")
    }
}
