import Glibc
import Policies
import TacitWire
import TestKit
import Testing

@testable import Commands

@Suite("Writing and trying a policy")
struct PolicyCommandTests {
    static let yaml = """
        policies:
          - name: c
            agent_id: claude
            allowed_keys: ["a/*"]
            capabilities: [env_inject]
        tag_rules:
          - name: t
            kind: require_session
            tags: [live]
        tests:
          - name: a session is asked for
            agent: claude
            secret: a/b
            tags: [live]
            expect: session_required
          - name: nothing else is known
            agent: claude
            secret: b
            expect: not_found

        """

    static let failing = yaml.replacing("expect: not_found", with: "expect: allow")

    @Test("a file's tests are asked without keeper or vault")
    func passing() throws {
        let rig = try Rig(nil)
        let outcome = try rig.run("policy", "test", rig.write(Self.yaml, to: "policy.yaml"))
        #expect(outcome.status == 0, "\(outcome.messages)")
        #expect(outcome.text == "ok     a session is asked for\nok     nothing else is known\n2 passed, 0 failed\n")
        #expect(try rig.run(["policy", "test", "-"], input: Self.yaml).status == 0)
    }

    @Test("a test that fails is explained, and the exit code is 1")
    func failure() throws {
        let rig = try Rig(nil)
        let file = try rig.write(Self.failing, to: "policy.yaml")
        let outcome = try rig.run("policy", "test", file)
        #expect(outcome.status == 1)
        #expect(outcome.messages.isEmpty)
        let lines = outcome.text.split(separator: "\n")
        #expect(lines[1] == "FAILED nothing else is known")
        #expect(lines[2] == "         expected `allow`, got `not_found`")
        #expect(lines.contains("         policy `c`: decides, and none of its allowed keys matches"))
        #expect(lines.last == "1 passed, 1 failed")
        let json = try rig.run("policy", "test", file, "--json")
        #expect(json.status == 1)
        #expect(json.text.contains(#""failed":1"#) && json.text.contains(#""got":"`not_found`""#))
    }

    @Test("a mistake is shown at its line, and the exit code is 2")
    func mistake() throws {
        let rig = try Rig(nil)
        let cases = [
            ("kind: require_session", "kind: require_sessions", "8:11: tag_rules[0].kind: this is none of"),
            ("secret: a/b", "secret: /b", "13:13: tests[0].secret: this is not the name of a secret"),
            ("tags: [live]", "tags: [live, live]", "9:18: tag_rules[0].tags[1]: the pattern has no effect"),
            ("name: t\n", "name: c\n", "7:11: tag_rules[0].name: policies[0] has the same name"),
        ]
        for (old, new, message) in cases {
            let file = try rig.write(Self.yaml.replacing(old, with: new, maxReplacements: 1), to: "policy.yaml")
            let outcome = try rig.run("policy", "test", file)
            #expect(outcome.status == 2)
            #expect(outcome.messages.hasPrefix("tacit: error: \(file):\(message)"), "\(outcome.messages)")
        }
    }

    @Test("without a file the policy in force is tested")
    func inForce() throws {
        let json = #"{"policies":[],"tests":[{"name":"none","agent":"claude","secret":"a","expect":"not_found"}]}"#
        let rig = try Rig(["GET /v1/policy": { _ in .json(PolicyState(version: 3, document: json)) }])
        #expect(try rig.run("policy", "test").text == "ok     none\n1 passed, 0 failed\n")
        let empty = try Rig(["GET /v1/policy": { _ in .json(PolicyState(version: 0)) }])
        let outcome = try empty.run("policy", "test")
        #expect(outcome.status == 0)
        #expect(outcome.messages.contains("the policy has no tests"))
    }

    @Test("a policy whose test fails is refused before anybody is asked for a password")
    func refusedApply() throws {
        let rig = try Rig([:])
        let file = try rig.write(Self.failing, to: "policy.yaml")
        let outcome = try rig.run("policy", "apply", file)
        #expect(outcome.status == 2)
        #expect(
            outcome.messages.hasPrefix(
                "tacit: error: \(file):16:5: tests[1]: the test fails: it expects `allow`, and the policy says `not_found`\n"))
        #expect(rig.keeper?.requests.isEmpty == true)
    }

    @Test("a text that says something else than the policy in force is not shown as it")
    func foreignText() throws {
        for (text, isShown) in [(Self.yaml, true), (Self.yaml.replacing("claude", with: "someone"), false)] {
            let rig = try Rig([
                "GET /v1/policy": { _ in
                    let file = try? PolicyFile(yaml: Array(Self.yaml.utf8))
                    return .json(PolicyState(version: 3, document: file.map { String(decoding: $0.json, as: UTF8.self) }, text: text))
                }
            ])
            let outcome = try rig.run("policy", "show")
            #expect((outcome.text == text) == isShown && outcome.text.contains("claude"), "\(outcome.text)")
        }
    }

    @Test("a difference shows the text and what agents gain and lose, of secrets that are there and of examples")
    func difference() throws {
        let before = Self.yaml.replacing("    allowed_keys: [\"a/*\"]", with: "    allowed_keys: [\"a/*\", b]")
        let rig = try Rig([
            "GET /v1/policy": { _ in
                let file = try? PolicyFile(yaml: Array(before.utf8))
                return .json(PolicyState(version: 3, document: file.map { String(decoding: $0.json, as: UTF8.self) }, text: before))
            },
            "GET /v1/agents": { _ in .json(Page(items: [AgentSummary(name: "claude", createdAt: "2026-01-01T00:00:00Z")])) },
            "GET /v1/projects": { _ in .json(Page(items: [NamedSummary(name: "default", createdAt: "2026-01-01T00:00:00Z", revision: 1)])) },
            "GET /v1/projects/default/environments": { _ in
                .json(Page(items: [NamedSummary(name: "dev", createdAt: "2026-01-01T00:00:00Z", revision: 1)]))
            },
            "GET /v1/projects/default/environments/dev/secrets": { _ in
                .json(Page(items: [SecretSummary(name: "b", version: 1, tags: ["x"], updatedAt: "2026-01-01T00:00:00Z")]))
            },
        ])
        let file = try rig.write(Self.yaml, to: "policy.yaml")
        let outcome = try rig.run("policy", "diff", file)
        #expect(outcome.status == 0, "\(outcome.messages)")
        let lines = outcome.text.split(separator: "\n").map(String.init)
        #expect(lines.contains("-    allowed_keys: [\"a/*\", b]") && lines.contains("+    allowed_keys: [\"a/*\"]"))
        #expect(lines.contains("claude in default/dev"))
        let change = try #require(lines.firstIndex(of: "  reference_only: allow → not_found"))
        #expect(lines[change + 1] == "    b [x], b (example), b [live] (example)", "\(outcome.text)")
        #expect(rig.keeper?.routes.allSatisfy { $0.hasPrefix("GET ") } == true, "nothing is put in force")
        let decisions = try rig.run("policy", "diff", file, "--decisions")
        #expect(!decisions.text.contains("allowed_keys"))
        let same = try rig.run("policy", "diff", rig.write(before, to: "same.yaml"))
        #expect(same.text.hasPrefix("No decision changes.\n"))
    }

    @Test("rules are listed in the order in which they are asked, with their strength")
    func rules() throws {
        let rig = try Rig(nil)
        let yaml = Self.yaml.replacing("tests:", with: "  - {name: b, kind: block_always, tags: [x]}\ntests:")
        let outcome = try rig.run("policy", "rules", rig.write(yaml, to: "policy.yaml"))
        let lines = outcome.text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(lines.map(\.first) == ["RULE", "b", "t"], "\(outcome.text)")
        #expect(lines[1].contains("enforced") && lines[2].contains("ceremony"))
    }

    @Test("a program that a rule lists in vain is told of, and is no mistake")
    func listings() throws {
        let rig = try Rig([
            "GET /v1/policy": { _ in .json(PolicyState(version: 3)) }, "PUT /v1/policy": { _ in .json(PolicyState(version: 4)) },
        ])
        let rule = "command_rules:\n  - name: mine\n    agent_id: claude\n    keys: [\"a/*\"]\n    programs: [/usr/bin/curl, /usr/bin/python3]\n"
        let file = try rig.write(Self.yaml.replacing("tests:", with: rule + "tests:"), to: "policy.yaml")
        let outcome = try rig.run("policy", "apply", file)
        #expect(outcome.status == 0 && outcome.text == "Policy version 4 is in force.\n", "\(outcome.messages)")
        #expect(
            outcome.messages
                == "tacit: note: rule \u{201C}mine\u{201D} lists /usr/bin/python3, which runs any code, without `any_code: allow`: it gets nothing by it\n"
        )
    }

    @Test("a question about a command is sent with its words and conditions")
    func explain() throws {
        let rig = try Rig([
            "POST /v1/policy/explain": { _ in
                .json(PolicyAnswer(allowed: false, code: "session_required", rule: "t", nextStep: "session_wake", steps: ["first", "second"]))
            }
        ])
        let outcome = try rig.run(
            "policy", "explain", "claude", "a/b", "--tag", "live", "--tag", "x", "--model", "m", "--given", "approval", "--", "curl", "-s", "--tag")
        #expect(outcome.status == 0, "\(outcome.messages)")
        #expect(outcome.text == "denied (session_required)\n  first\n  second\ndecided by t\n")
        let sent: PolicyQuestion = try VaultDoor.decode(try #require(rig.keeper?.requests.last).body)
        #expect(
            sent
                == PolicyQuestion(
                    agent: "claude", scope: "default/dev", name: "a/b", capability: "env_inject", tags: ["live", "x"], model: "m",
                    given: ["approval"], argv: ["curl", "-s", "--tag"]))
    }

    @Test("a question about a request is one about the broker")
    func explainRequest() throws {
        let rig = try Rig(["POST /v1/policy/explain": { _ in .json(PolicyAnswer(allowed: true, code: "allowed", rule: "p", steps: [])) }])
        let request = "GET https://api.example.com/v1/x"
        for (name, place) in [("a/b", "header: X-Api-Key"), (nil, nil)] as [(String?, String?)] {
            let asked = place == nil ? nil : ["query viewer", "query node"]
            let words =
                ["policy", "explain", "claude"] + (name.map { [$0] } ?? []) + ["--request", request] + (place.map { ["--place", $0] } ?? [])
                + (asked ?? []).flatMap { ["--operation", $0] }
            let outcome = try rig.run(words)
            #expect(outcome.status == 0, "\(outcome.messages)")
            let sent: PolicyQuestion = try VaultDoor.decode(try #require(rig.keeper?.requests.last).body)
            #expect(
                sent
                    == PolicyQuestion(
                        agent: "claude", scope: "default/dev", name: name, capability: "broker", request: request, place: place, operations: asked))
        }
    }
}

@Suite("Policies to start from")
struct StarterPolicyTests {
    @Test("each is a policy whose tests pass, for whatever agent and place", arguments: StarterPolicy.all.map(\.host))
    func each(host: String) throws {
        let rig = try Rig(nil)
        for options in [
            [], ["--agent", "12"], ["--agent", "null", "-p", "1", "-e", "-"],
            ["--agent", String(repeating: "a", count: 64), "-p", String(repeating: "p", count: 52), "-e", "prod.1"],
        ] {
            let outcome = try rig.run(["policy", "init", host] + options)
            #expect(outcome.status == 0, "\(outcome.messages)")
            let policy = try PolicyText(yaml: outcome.output, naming: host)
            let results = policy.document.testResults()
            #expect(results.count >= 5)
            #expect(results.filter { !$0.passed } == [])
            #expect(policy.document.policies.allSatisfy { $0.capabilities.contains(.broker) })
            let rules = policy.document.requestRules.map(\.name)
            #expect(rules.contains("GitHub's API, read") && rules.contains("package indexes") == (host != "claude-desktop"))
            #expect(!outcome.text.contains("AGENT") && !outcome.text.contains("PLACE") && !outcome.text.contains("\\"))
            #expect(outcome.text.split(separator: "\n").allSatisfy { $0.count <= 150 })
        }
    }

    @Test("what an editor starts with is an empty policy that says how to go on")
    func empty() throws {
        let text = StarterPolicy.empty(in: .usual)
        #expect(try PolicyText(yaml: Array(text.utf8), naming: "x").document == .empty)
        #expect(text.contains("tacit policy init claude-code"))
        let shown = text.split(separator: "\n").filter { $0.hasPrefix("# ") && !$0.hasPrefix("# `") && !$0.hasPrefix("# What") }.map {
            $0.dropFirst(2)
        }
        #expect(try PolicyText(yaml: Array(shown.joined(separator: "\n").utf8), naming: "x").document.policies.count == 1)
    }

    @Test("a host that is not known is refused with those that are; a file that is there is not overwritten")
    func refused() throws {
        let rig = try Rig(nil)
        let outcome = try rig.run("policy", "init", "emacs")
        #expect(outcome.status == 2)
        #expect(outcome.messages.contains("claude-code, codex"))
        let path = rig.directory.path("policy.yaml")
        #expect(try rig.run("policy", "init", "codex", "--output", path).status == 0)
        var facts = stat()
        #expect(unsafe lstat(path, &facts) == 0 && facts.st_mode & 0o777 == 0o600)
        #expect(try rig.run("policy", "init", "codex", "--output", path).status == 1)
        #expect(try rig.run("policy", "init", "codex", "--agent", "a/b").status == 2)
    }
}

@Suite("Differences of texts")
struct LineDifferenceTests {
    @Test("kept, removed and added lines stand in order, with three lines around a change")
    func lines() {
        #expect(LineDifference(from: "a\nb\nc\n", to: "a\nx\nc\n").lines == [" a", "-b", "+x", " c"])
        #expect(LineDifference(from: "", to: "a\n").lines == ["+a"])
        #expect(LineDifference(from: "a\n", to: "").lines == ["-a"])
        #expect(LineDifference(from: "a\n", to: "a\n").lines.isEmpty)
        let many = (0..<20).map { "\($0)\n" }.joined()
        #expect(LineDifference(from: many, to: many + "x\n").lines == ["…", " 17", " 18", " 19", "+x"])
        #expect(LineDifference(from: many, to: "x\n" + many).lines == ["+x", " 0", " 1", " 2", "…"])
    }

    @Test("what is kept and removed is the one text, what is kept and added the other")
    func whole() {
        var draws = RandomDraws()
        for _ in 0..<200 {
            let (old, new) = (draws.text(of: ["a\n", "b\n", "c\n"], count: 1...6), draws.text(of: ["a\n", "b\n", "c\n"], count: 1...6))
            let lines = LineDifference(from: old, to: new).lines
            guard !lines.contains("…"), !lines.isEmpty else { continue }
            func side(_ sign: Character) -> String { lines.filter { $0.first == sign || $0.first == " " }.map { $0.dropFirst() + "\n" }.joined() }
            #expect(side("-") == old, "seed \(draws.seed)")
            #expect(side("+") == new, "seed \(draws.seed)")
        }
    }
}
