import Glibc
import TacitWire
import TestKit
import Testing

@testable import Commands

@Suite("Agents, policy and the log")
struct AdministrationTests {
    @Test("a badge lies in a file of its own, for its owner alone")
    func badge() throws {
        let rig = try Rig(["POST /v1/agents": { _ in .json(AgentAdded(name: "claude", badge: "tacit-badge-CANARY"), status: 201) }])
        let outcome = try rig.run("agent", "add", "claude")
        #expect(outcome.status == 0, "\(outcome.messages)")
        #expect(!outcome.text.contains("CANARY"))
        #expect(outcome.text.contains("tacit mcp --agent claude"))
        let path = "\(rig.paths.agents)/claude"
        var facts = stat()
        #expect(unsafe lstat(path, &facts) == 0 && facts.st_mode & 0o777 == 0o600)
        #expect(unsafe lstat(rig.paths.agents, &facts) == 0 && facts.st_mode & 0o777 == 0o700)
        #expect(try Input.readFile(path, limit: 100, naming: "x") == Array("tacit-badge-CANARY\n".utf8))
        let again = try rig.run("agent", "add", "claude")
        #expect(again.status == 1)
        #expect(again.messages.contains("there is a badge of that name already"))
        #expect(rig.keeper?.requests.count == 1, "nothing is registered whose badge cannot be kept")
        #expect(unsafe access(path, F_OK) == 0)
    }

    @Test("a registration that fails leaves no badge")
    func failedBadge() throws {
        let rig = try Rig(["POST /v1/agents": { _ in .problem("agent.exists", 409) }])
        #expect(try rig.run("agent", "add", "claude").status == 1)
        #expect(unsafe access("\(rig.paths.agents)/claude", F_OK) != 0)
    }

    @Test("where there is no vault nobody is asked for its password")
    func noVault() throws {
        let rig = try Rig([
            "GET /v1/status": { _ in .json(VaultStatus.of(.absent)) }, "POST /v1/agents": { _ in .problem("vault.absent", 404, "no vault") },
        ])
        rig.terminal = try FakeTerminal()
        let outcome = try rig.runAtTerminal("agent", "add", "claude")
        #expect(outcome.status == 3)
        #expect(outcome.messages.hasPrefix("tacit: error: no vault\n"))
        #expect(rig.keeper?.requests.contains { $0.path == "/v1/step-up" } == false)
    }

    @Test("a badge directory that others can enter is refused with the fix")
    func looseDirectory() throws {
        let rig = try Rig()
        unsafe mkdir(rig.paths.state, 0o700)
        unsafe mkdir(rig.paths.agents, 0o700)
        unsafe chmod(rig.paths.agents, 0o750)
        #expect(try rig.run("agent", "add", "claude").messages.contains("tacit: hint: chmod 700 \(rig.paths.agents)"))
    }

    static let yaml = "policies:\n  - name: c\n    agent_id: claude\n    allowed_keys: [\"a/*\"]\n    capabilities: [env_inject]\n"

    @Test("a policy goes to the keeper as JSON with its text, and replaces the version it was made from")
    func apply() throws {
        let rig = try Rig([
            "GET /v1/policy": { _ in .json(PolicyState(version: 4)) }, "PUT /v1/policy": { _ in .json(PolicyState(version: 5)) },
        ])
        let file = try rig.write(Self.yaml, to: "policy.yaml")
        #expect(try rig.run("policy", "apply", file).text == "Policy version 5 is in force.\n")
        #expect(rig.keeper?.requests.last?.headers["if-match"] == "\"4\"")
        let sent: PolicyApply = try VaultDoor.decode(try #require(rig.keeper?.requests.last).body)
        #expect(sent.text == Self.yaml)
        #expect(sent.document == #"{"policies":[{"name":"c","agent_id":"claude","allowed_keys":["a/*"],"capabilities":["env_inject"]}]}"#)
        #expect(try rig.run(["policy", "apply", "-"], input: Self.yaml).status == 0)
    }

    @Test("what the keeper finds wrong is shown with its line")
    func located() throws {
        let rig = try Rig([
            "GET /v1/policy": { _ in .json(PolicyState(version: 0)) },
            "PUT /v1/policy": { _ in
                .problem("policy.unknown-word", 400, "policies[0].capabilities[0]: this is none of `x`", hint: "did you mean `x`?")
            },
        ])
        let file = try rig.write(Self.yaml, to: "policy.yaml")
        let outcome = try rig.run("policy", "apply", file)
        #expect(outcome.status == 2)
        #expect(outcome.messages.hasPrefix("tacit: error: \(file):5:20: policies[0].capabilities[0]: this is none of `x`\n"))
    }

    @Test("the editor is given the policy in a private file, mistakes can be mended, and the file is gone afterwards")
    func edit() throws {
        let rig = try Rig([
            "GET /v1/policy": { _ in .json(PolicyState(version: 2, document: "{}", text: "policies: []\n")) },
            "PUT /v1/policy": { _ in .json(PolicyState(version: 3)) },
        ])
        let log = rig.directory.path("log")
        let good = try rig.write(Self.yaml, to: "good.yaml")
        let editor = try rig.write(
            "#!/bin/sh\nstat -c %a \"$1\" >> \(log); echo \"$1\" >> \(log)\nif grep -q oops \"$1\"; then cat \(good) > \"$1\"; else echo 'oops: 1' > \"$1\"; fi\n",
            to: "editor", mode: 0o700)
        rig.environment["EDITOR"] = editor
        rig.environment["PATH"] = "/usr/bin:/bin"
        rig.terminal = try FakeTerminal(("Edit again? [Y/n] ", "\n"), ("Password: ", "p\n"))
        let outcome = try rig.run("policy", "edit")
        #expect(outcome.status == 0, "\(outcome.messages)")
        #expect(outcome.text == "Policy version 3 is in force.\n")
        #expect(outcome.messages.contains("policy.yaml:1:1: "))
        let lines = String(decoding: try Input.readFile(log, limit: 10_000, naming: "log"), as: UTF8.self).split(separator: "\n")
        #expect(lines.first == "600")
        #expect(lines.count == 4)
        #expect(unsafe access(String(try #require(lines.last)), F_OK) != 0)
        let sent: PolicyApply = try VaultDoor.decode(try #require(rig.keeper?.requests.last).body)
        #expect(sent.text == Self.yaml)
    }

    @Test("an editor that fails, and a policy that was not changed, change nothing")
    func unedited() throws {
        let rig = try Rig(["GET /v1/policy": { _ in .json(PolicyState(version: 0)) }])
        rig.environment["PATH"] = "/usr/bin:/bin"
        rig.terminal = try FakeTerminal()
        rig.environment["EDITOR"] = "false"
        #expect(try rig.run("policy", "edit").messages.contains("the editor ended with an error"))
        rig.environment["EDITOR"] = "true"
        #expect(try rig.run("policy", "edit").messages.contains("nothing was changed"))
        #expect(rig.keeper?.routes == ["GET /v1/policy", "GET /v1/policy"])
    }

    @Test("a verification prints its counts, names a break and ends with 1, and takes kept checkpoints along")
    func verify() throws {
        let isBroken = Switch()
        let rig = try Rig([
            "POST /v1/audit/verification": { _ in
                .json(
                    isBroken.isOn
                        ? AuditVerification(intact: false, entries: 17, checkpoints: 1, message: "entry 17 was edited")
                        : AuditVerification(
                            intact: true, entries: 15_234, checkpoints: 2, message: "15,234 entries verified · chain intact · no gaps",
                            missingOutcomes: [3, 9]))
            }
        ])
        let note = try rig.write("note\n", to: "checkpoint")
        let good = try rig.run("audit", "verify", "--checkpoint", note)
        #expect(good.status == 0)
        #expect(good.text == "15,234 entries verified · chain intact · no gaps\n2 signed checkpoints agree\n")
        #expect(good.messages == "tacit: warning: 2 acts have no outcome (a crash may have cut in): 3, 9\n")
        #expect(rig.keeper?.requests.first?.text == #"{"trusted_notes":["note\n"]}"#)
        isBroken.turnOn()
        let bad = try rig.run("audit", "verify")
        #expect(bad.status == 1)
        #expect(bad.messages.hasPrefix("tacit: error: the audit log is broken: entry 17 was edited\n"))
        #expect(try rig.run("audit", "verify", "--json").status == 1)
    }

    @Test("a file that is no checkpoint is named, and is a mistake of the command line")
    func malformedCheckpoint() throws {
        let rig = try Rig([
            "POST /v1/audit/verification": { _ in
                .problem("audit.malformed-checkpoint", 422, "the kept checkpoint cannot be used: its size", hint: "a kept checkpoint is")
            }
        ])
        let note = try rig.write("note\n", to: "checkpoint")
        let outcome = try rig.run("audit", "verify", "--checkpoint", note)
        #expect(outcome.status == 2)
        #expect(outcome.messages == "tacit: error: \(note): the kept checkpoint cannot be used: its size\ntacit: hint: a kept checkpoint is\n")
        #expect(try rig.run("audit", "verify", "--checkpoint", note, "--checkpoint", note).messages.hasPrefix("tacit: error: the kept checkpoint"))
    }

    @Test("an intent and its outcome are one row; a person who asks for what is not there is denied nothing, and an agent is")
    func rows() throws {
        func item(_ index: Int64, _ phase: String?, _ decision: String = "allow", _ code: String = "step-up.required", by actor: String = "person me")
            -> AuditItem
        {
            AuditItem(
                index: index, time: "2025-11-21T04:00:00Z", actor: actor, source: "cli", action: "secret.reveal", mode: "reveal",
                decision: decision, phase: phase, details: decision == "deny" ? ["code": code] : [:])
        }
        let rows = AuditRow.rows([
            item(4, "outcome of 2: done"), item(5, "intent"), item(6, "intent"), item(7, "outcome of 5: done"), item(8, nil), item(9, nil, "deny"),
            item(10, nil, "deny", "secret.not-found"), item(11, nil, "deny", "secret.not-found", by: "agent coder"),
        ])
        #expect(
            rows.map { "\($0.item.index) \($0.result)" } == [
                "4 outcome of 2: done", "5 done", "6 intent", "8 done", "9 denied (step-up.required)", "10 not found", "11 denied (secret.not-found)",
            ])
    }

    @Test("an export of the log goes on page by page until a short one")
    func exportLog() throws {
        @Sendable func lines(_ indices: Range<Int>) -> String {
            indices.map { #"{"chain":"00","index":\#($0),"sealed":"00"}"# + "\n" }.joined()
        }
        let rig = try Rig(["GET /v1/audit/export": { .octets(lines($0.path.contains("from=0&") ? 0..<5000 : 5000..<5002)) }])
        #expect(try rig.run("audit", "export").text == lines(0..<5002))
        #expect(rig.keeper?.requests.map(\.path) == ["/v1/audit/export?from=0&limit=5000", "/v1/audit/export?from=5000&limit=5000"])
        // Of a pruned log it begins with the anchor, and goes on behind the last entry.
        let anchor = #"{"anchor":4096,"frontier":"00","note":"00"}"# + "\n"
        let pruned = try Rig([
            "GET /v1/audit/export": { .octets($0.path.contains("from=0&") ? anchor + lines(4096..<9096) : lines(9096..<9097)) }
        ])
        #expect(try pruned.run("audit", "export").text == anchor + lines(4096..<9097))
        #expect(pruned.keeper?.requests.last?.path == "/v1/audit/export?from=9096&limit=5000")
        let meanwhile = try Rig([
            "GET /v1/audit/export": { .octets($0.path.contains("from=0&") ? lines(0..<5000) : anchor + lines(8192..<8193)) }
        ])
        let outcome = try meanwhile.run("audit", "export")
        #expect(outcome.status == 1 && outcome.messages.contains("pruned while it was exported") && outcome.text == lines(0..<5000))
    }

    @Test("lists are asked for page by page only when all of it is wanted")
    func pages() throws {
        let rig = try Rig([
            "GET /v1/projects/default/environments/dev/secrets": { request in
                let isNext = request.path.contains("cursor=b%2Fb")
                let items = [
                    SecretSummary(name: isNext ? "c" : "b/b", version: 1, updatedAt: "2025-11-21T04:00:00Z", expiresAt: "2025-11-30T04:40:00Z")
                ]
                return .json(Page(items: items, nextCursor: isNext ? nil : "b/b"))
            }
        ])
        let first = try rig.run("list")
        #expect(first.messages == "tacit: note: these are the first 1; `--all-pages` shows all\n")
        let all = try rig.run("list", "--all-pages", "--tree")
        #expect(all.text == "b/\n└── b  v1 · expires in 9 days\nc  v1 · expires in 9 days\n")
        #expect(rig.keeper?.routes.count == 3)
    }
}
