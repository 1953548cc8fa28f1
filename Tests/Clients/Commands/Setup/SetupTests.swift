import Glibc
import TacitWire
import TestKit
import Testing

@testable import Commands

@Suite("Setting hosts up")
struct SetupTests {
    private static let added: FakeKeeper.Answer = { _ in .json(AgentAdded(name: "x", badge: "tacit-badge-CANARY"), status: 201) }

    /// The keeper of a vault with a policy in force that says nothing of the agent.
    private func rig() throws -> Rig {
        try Rig([
            "POST /v1/agents": Self.added, "GET /v1/policy": { _ in .json(PolicyState(version: 3, document: "{\"policies\":[]}")) },
            "GET /v1/agents": { _ in .json(Page<AgentSummary>(items: [])) },
        ])
    }

    private func content(_ rig: Rig, _ name: String) -> String? {
        (try? Input.readFile(rig.directory.path(name), limit: 1 << 20, naming: "file")).map { String(decoding: $0, as: UTF8.self) }
    }

    private func mode(_ rig: Rig, _ name: String) -> mode_t {
        var facts = stat()
        return unsafe lstat(rig.directory.path(name), &facts) == 0 ? facts.st_mode & 0o777 : 0
    }

    @Test("every host gets its entry, a second run changes nothing, and removal gives back what was there", arguments: AgentHost.allCases)
    func everyHost(_ host: AgentHost) throws {
        let rig = try rig()
        let folders = AgentHost.Folders(rig.environment, home: rig.directory.path)
        let path = String(host.file(folders).dropFirst(rig.directory.path.utf8.count + 1))
        for part in path.split(separator: "/").dropLast().indices {
            unsafe mkdir(rig.directory.path(path.split(separator: "/")[...part].joined(separator: "/")), 0o700)
        }
        let original =
            switch host.format {
            case .json: "{\n  \"theme\": \"dark\",\n  \"numbers\": [1, 2.50]\n}\n"
            case .toml: "model = \"x\"\n\n[mcp_servers.other]\ncommand = \"y\"\n"
            case .yaml: "GOOSE_MODE: auto\nextensions:\n  other:\n    enabled: true\n"
            }
        try rig.write(original, to: path, mode: 0o640)
        let first = try rig.run("setup", host.rawValue)
        #expect(first.status == 0, "\(first.messages)")
        let changed = try #require(content(rig, path))
        #expect(changed.contains("tacit") && changed.contains("--agent") && changed.contains(host.rawValue))
        #expect(mode(rig, path) == 0o640)
        #expect(content(rig, "\(path).before-tacit") == original)
        #expect(mode(rig, "\(path).before-tacit") == 0o600)
        let second = try rig.run("setup", host.rawValue)
        #expect(second.status == 0, "\(second.messages)")
        #expect(content(rig, path) == changed)
        #expect(second.text.contains("nothing to change"))
        #expect(rig.keeper?.requests.filter { $0.method == "POST" && $0.path == "/v1/agents" }.count == 1, "the agent is registered once")
        #expect(try rig.run("setup", host.rawValue, "--remove").status == 0)
        #expect(content(rig, path) == original)
    }

    @Test("a badge that the vault at hand does not know makes room, and is kept", arguments: [["setup", "codex"], ["agent", "add", "codex"]])
    func otherVaultsBadge(_ words: [String]) throws {
        let rig = try Rig([
            "POST /v1/agents": Self.added, "GET /v1/policy": { _ in .json(PolicyState(version: 3, document: "{\"policies\":[]}")) },
            "GET /v1/agents": { _ in .json(Page<AgentSummary>(items: [])) },
            "GET /v1/status": {
                $0.headers["tacit-agent-badge"] == "tacit-badge-old"
                    ? .problem("badge.unknown", 403, "the agent's badge is unknown or revoked") : .json(VaultStatus.of(.unlocked))
            },
        ])
        try PrivateDirectory.make(rig.paths.agents)
        try rig.write("tacit-badge-old\n", to: "state/tacit/agents/codex")
        let outcome = try rig.run(words)
        #expect(outcome.status == 0, "\(outcome.messages)")
        #expect(content(rig, "state/tacit/agents/codex") == "tacit-badge-CANARY\n")
        #expect(content(rig, "state/tacit/agents-replaced/codex") == "tacit-badge-old\n")
        #expect(mode(rig, "state/tacit/agents-replaced") == 0o700 && mode(rig, "state/tacit/agents/codex") == 0o600)
        #expect((outcome.text + outcome.messages).contains("none of this vault's lies in"))
        #expect(try rig.run("agent", "add", "codex").messages.contains("there is a badge of that name already"), "one that it knows stays")
    }

    @Test("a badge that had to make room comes back where nobody was registered; while the vault is locked none is judged") func badgeStays() throws {
        let rig = try Rig([
            "POST /v1/agents": { _ in .problem("agent.exists", 409, "there is an agent of that name already") },
            "GET /v1/status": {
                $0.headers["tacit-agent-badge"] == nil ? .json(VaultStatus.of(.unlocked)) : .problem("badge.unknown", 403, "unknown")
            },
        ])
        try PrivateDirectory.make(rig.paths.agents)
        try rig.write("tacit-badge-old\n", to: "state/tacit/agents/codex")
        #expect(try rig.run("setup", "codex").status != 0)
        #expect(content(rig, "state/tacit/agents/codex") == "tacit-badge-old\n" && content(rig, "state/tacit/agents-replaced/codex") == nil)
        let locked = try Rig(["GET /v1/status": { _ in .json(VaultStatus.of(.locked)) }])
        try PrivateDirectory.make(locked.paths.agents)
        try locked.write("tacit-badge-old\n", to: "state/tacit/agents/codex")
        let outcome = try locked.run("setup", "codex")
        #expect(outcome.status == 0 && outcome.text.contains("whether this vault knows it, `tacit agent list` shows"), "\(outcome.messages)")
        #expect(locked.keeper?.routes == [])
    }

    @Test("a file that has nothing but what setup wrote goes with it, and one that was there stays") func ownFile() throws {
        let rig = try rig()
        #expect(try rig.run("setup", "claude-code").status == 0)
        #expect(content(rig, ".claude/CLAUDE.md")?.contains("secret_run") == true)
        let dry = try rig.run("setup", "claude-code", "--remove", "--dry-run")
        #expect(content(rig, ".claude/CLAUDE.md") != nil && !dry.text.contains("is gone"))
        let removed = try rig.run("setup", "claude-code", "--remove")
        #expect(removed.status == 0 && removed.text.contains("CLAUDE.md is gone"), "\(removed.text)")
        for name in ["CLAUDE.md", "CLAUDE.md.before-tacit"] { #expect(content(rig, ".claude/\(name)") == nil) }
        #expect(content(rig, ".claude.json") == nil && removed.text.contains(".claude.json is gone"), "an empty object is what was made of nothing")
        try rig.write("# Mine\n", to: ".claude/CLAUDE.md")
        #expect(try rig.run("setup", "claude-code").status == 0)
        #expect(try rig.run("setup", "claude-code", "--remove").status == 0)
        #expect(content(rig, ".claude/CLAUDE.md") == "# Mine\n" && content(rig, ".claude/CLAUDE.md.before-tacit") != nil)
    }

    @Test("root hears that a path alone lists no program, and nobody else does")
    func root() throws {
        let outcome = try rig().run("setup", "codex")
        #expect(outcome.status == 0 && outcome.messages.contains("as root you can write every program") == (getuid() == 0))
    }

    @Test("a host without a file gets one of its own, 0600, and the model its instructions")
    func freshFile() throws {
        let rig = try rig()
        #expect(try rig.run("setup", "codex").status == 0)
        #expect(mode(rig, ".codex/config.toml") == 0o600)
        #expect(content(rig, ".codex/config.toml")?.contains("[mcp_servers.tacit]") == true)
        #expect(content(rig, ".codex/AGENTS.md")?.contains("secret_run") == true)
    }

    @Test("an agent that is registered gets a policy to start from where none is in force, and only there", arguments: AgentHost.allCases)
    func policy(_ host: AgentHost) throws {
        let none: FakeKeeper.Answer = { _ in .json(PolicyState(version: 0)) }
        let applied: FakeKeeper.Answer = { _ in .json(PolicyState(version: 1)) }
        let rig = try Rig(["POST /v1/agents": Self.added, "GET /v1/policy": none, "PUT /v1/policy": applied])
        let outcome = try rig.run("setup", host.rawValue, "-p", "shop", "-e", "dev", "--agent", "mine")
        #expect(outcome.status == 0, "\(outcome.messages)")
        #expect(outcome.text.contains("in force for shop/dev: read it with `tacit policy show`"))
        let sent = try #require(rig.keeper?.requests.first { $0.method == "PUT" })
        let text = String(decoding: sent.body, as: UTF8.self)
        #expect(text.contains("mine") && text.contains("shop/dev"))
        let without = try Rig(["POST /v1/agents": Self.added, "GET /v1/policy": none])
        #expect(try without.run("setup", host.rawValue, "--no-policy").status == 0)
        #expect(try self.rig().run("setup", host.rawValue).text.contains("says nothing of \(host.rawValue)"))
    }

    @Test(
        "hosts without a file of the user's take the model's instructions from the project, and from no other place", arguments: ["cursor", "vscode"])
    func projectInstructions(_ host: String) throws {
        let rig = try rig()
        rig.currentDirectory = rig.directory.path("work/deep")
        for name in ["work/deep", "work/.git"] { unsafe mkdir(rig.directory.path(name), 0o700) }
        try rig.write("# Ours\n", to: "work/AGENTS.md")
        #expect(try rig.run("setup", host).status == 0)
        let text = try #require(content(rig, "work/AGENTS.md"))
        #expect(text.hasPrefix("# Ours\n") && text.contains("secret_run"))
        #expect(try rig.run("setup", host, "--remove").status == 0)
        #expect(content(rig, "work/AGENTS.md") == "# Ours\n")
        let bare = try self.rig()
        for words in [["setup", host], ["setup", host, "--dry-run"]] {
            let outcome = try bare.run(words)
            #expect(outcome.status == 0 && outcome.text.contains("you stand in none: repeat this in each repository"), "\(outcome.text)")
        }
        #expect(content(bare, "work/AGENTS.md") == nil)
        #expect(try bare.run("setup", host, "--remove").text.contains("stand in AGENTS.md of each project that you set up: repeat this there"))
        #expect(try !rig.run("setup", host).text.contains("repeat this"))
    }

    @Test(
        "a policy in force that says nothing of the agent is told what it lacks, and gets it when the person says so",
        arguments: ["", "y", "n", "flag", "later", "file"])
    func adds(_ way: String) throws {
        let document = #"{"policies":[{"name":"a","agent_id":"a","allowed_keys":["x"],"capabilities":["env_inject"]}]}"#
        let rig = try Rig([
            "POST /v1/agents": Self.added, "GET /v1/policy": { _ in .json(PolicyState(version: 3, document: document)) },
            "GET /v1/agents": { _ in .json(Page<AgentSummary>(items: [])) }, "PUT /v1/policy": { _ in .json(PolicyState(version: 4)) },
        ])
        // The password for the badge, and again for what was shown.
        if way == "y" { rig.terminal = try FakeTerminal(("Password: ", "p\n"), ("Put it in force? [y/N] ", "y\n"), ("Password: ", "p\n")) }
        if way == "n" { rig.terminal = try FakeTerminal(("Password: ", "p\n"), ("Put it in force? [y/N] ", "n\n")) }
        if way == "later" {
            // Registered before, by a run that added nothing.
            #expect(try rig.run("setup", "codex", "--no-policy").status == 0)
        }
        if way == "file" {
            rig.currentDirectory = rig.directory.path("work")
            try rig.write("environment: live\n", to: "work/.tacit.yaml", mode: 0o600)
        }
        let flags = ["flag", "later", "file"].contains(way) ? ["--add-policy"] : []
        let outcome = try rig.run(["setup", "codex"] + flags)
        #expect(outcome.status == 0, "\(outcome.messages)")
        let isAdded = ["y", "flag", "later"].contains(way)
        let sent = rig.keeper?.requests.first { $0.method == "PUT" }
        #expect((sent != nil) == isAdded)
        #expect(outcome.text.contains("added a rule for codex to the policy in force, for default/dev") == isAdded, "\(outcome.text)")
        #expect(outcome.text.contains("says nothing of codex") != isAdded)
        if let sent {
            #expect(sent.headers["if-match"]?.contains("3") == true)
            let applied = try VaultDoor.decode(sent.body, as: PolicyApply.self)
            #expect(applied.document.contains("codex") && applied.document.contains(#""agent_id":"a""#))
            let shown = way == "y" ? rig.terminal?.screen ?? "" : outcome.messages
            #expect(shown.contains("+") && shown.contains("agent_id: codex"), "the difference is shown before: \(shown)")
        } else {
            let place = way == "file" ? "-p default -e live" : "-p default -e dev"
            #expect(outcome.text.contains("      - name: what codex may use"), "\(outcome.text)")
            #expect(outcome.text.contains("`tacit setup codex --agent codex \(place) --add-policy`"))
        }
    }

    @Test("a rule is added by a run that changes things", arguments: ["--dry-run", "--remove", "--no-policy"])
    func addsAlone(_ option: String) throws {
        let rig = try rig()
        #expect(try rig.run("setup", "codex", "--add-policy", option).status == 2)
        #expect(rig.keeper?.requests.isEmpty == true)
    }

    @Test("a project's file gives an agent no right: where it names the place, no policy is started, and with an option one is")
    func unspokenPlace() throws {
        let none: FakeKeeper.Answer = { _ in .json(PolicyState(version: 0)) }
        let applied: FakeKeeper.Answer = { _ in .json(PolicyState(version: 1)) }
        let ways: [([String], Bool)] = [([], false), (["-e", "live"], true)]
        for (options, isStarted) in ways {
            let rig = try Rig(["POST /v1/agents": Self.added, "GET /v1/policy": none, "PUT /v1/policy": applied])
            rig.currentDirectory = rig.directory.path("work")
            try rig.write("environment: live\n", to: "work/.tacit.yaml", mode: 0o600)
            let outcome = try rig.run(["setup", "claude-code"] + options)
            #expect(outcome.status == 0, "\(outcome.messages)")
            #expect(rig.keeper?.requests.contains { $0.method == "PUT" } == isStarted)
            #expect(outcome.text.contains("put no policy in force") == !isStarted)
            #expect(content(rig, ".claude.json")?.contains("live") == true, "where names are looked up is the project's to say")
        }
    }

    @Test("a link in a project to a file of the user's outside it is refused, and a pipe keeps nobody waiting", arguments: ["cursor", "vscode"])
    func hostileProject(_ host: String) throws {
        let rig = try rig()
        rig.currentDirectory = rig.directory.path("work")
        unsafe mkdir(rig.directory.path("work/.git"), 0o700)
        try rig.write("export A=1\n", to: ".profile")
        #expect(unsafe symlink("../.profile", rig.directory.path("work/AGENTS.md")) == 0)
        let linked = try rig.run("setup", host)
        #expect(linked.status == 2 && linked.messages.contains("outside the project"))
        #expect(content(rig, ".profile") == "export A=1\n")
        unsafe unlink(rig.directory.path("work/AGENTS.md"))
        #expect(unsafe mkfifo(rig.directory.path("work/AGENTS.md"), 0o600) == 0)
        let piped = try rig.run("setup", host)
        #expect(piped.status == 2 && piped.messages.contains("is no file"))
        #expect(rig.keeper?.requests.contains { $0.method == "POST" } != true, "nothing is registered where nothing can be written")
    }

    @Test("a dry run shows what would change, asks the keeper nothing and changes nothing")
    func dryRun() throws {
        let rig = try rig()
        try rig.write("{\"a\": 1}\n", to: ".claude.json")
        let outcome = try rig.run("setup", "claude-code", "--dry-run")
        #expect(outcome.status == 0, "\(outcome.messages)")
        #expect(outcome.text.contains("+ ") && outcome.text.contains("nothing was changed"))
        #expect(content(rig, ".claude.json") == "{\"a\": 1}\n")
        #expect(content(rig, ".claude/CLAUDE.md") == nil)
        #expect(rig.keeper?.requests.isEmpty == true)
    }

    @Test("no file holds the badge, and none is written when the agent cannot be registered")
    func nothingSecret() throws {
        let rig = try rig()
        #expect(try rig.run("setup", "cursor").status == 0)
        #expect(content(rig, ".cursor/mcp.json")?.contains("CANARY") == false)
        let failing = try Rig(["POST /v1/agents": { _ in .problem("agent.exists", 409) }])
        #expect(try failing.run("setup", "cursor").status == 1)
        #expect(content(failing, ".cursor/mcp.json") == nil)
        #expect(unsafe access("\(failing.paths.agents)/cursor", F_OK) != 0)
    }

    @Test("a file that cannot be understood, or has another's entry, is refused and stays as it is")
    func refused() throws {
        for (host, path, text) in [
            ("vscode", ".config/Code/User/mcp.json", "{ // mine\n}\n"), ("codex", ".codex/config.toml", "[mcp_servers.tacit]\ncommand = \"mine\"\n"),
            ("goose", ".config/goose/config.yaml", "extensions: {a: {b: c}}\n"),
            ("goose", ".config/goose/config.yaml", "extensions:\n  tacit:\n    cmd: mine\n"),
        ] {
            let rig = try rig()
            var directory = rig.directory.path
            for part in path.split(separator: "/").dropLast() {
                directory += "/\(part)"
                unsafe mkdir(directory, 0o700)
            }
            try rig.write(text, to: path)
            let outcome = try rig.run("setup", host)
            #expect(outcome.status == 2, "\(host): \(outcome.messages)")
            #expect(outcome.messages.contains("nothing was changed"))
            #expect(content(rig, path) == text)
            #expect(rig.keeper?.requests.isEmpty == true, "nothing is registered either")
        }
    }

    @Test("a link inside the home directory is followed, and one that leads out of it is refused")
    func links() throws {
        let rig = try rig()
        try rig.write("{}\n", to: "dotfile.json")
        #expect(unsafe symlink("dotfile.json", rig.directory.path(".claude.json")) == 0)
        #expect(try rig.run("setup", "claude-code").status == 0)
        #expect(content(rig, "dotfile.json")?.contains("mcpServers") == true)
        var facts = stat()
        #expect(unsafe lstat(rig.directory.path(".claude.json"), &facts) == 0 && facts.st_mode & S_IFMT == S_IFLNK)
        let elsewhere = try TemporaryDirectory("tacit-elsewhere")
        #expect(unsafe symlink(elsewhere.path, rig.directory.path(".cursor")) == 0)
        let outcome = try rig.run("setup", "cursor")
        #expect(outcome.status == 2 && outcome.messages.contains("outside your home directory"))
        #expect(unsafe access(elsewhere.path("mcp.json"), F_OK) != 0)
    }

    @Test("an unknown host is refused with the nearest one, and without a terminal a host must be named")
    func unknown() throws {
        let rig = try rig()
        #expect(try rig.run("setup", "claud-code").messages.contains("did you mean `claude-code`?"))
        #expect(try rig.run("setup").status == 3)
        unsafe mkdir(rig.directory.path(".gemini"), 0o700)
        let outcome = try rig.run("setup")
        #expect(outcome.status == 2 && outcome.messages.contains("tacit setup gemini"))
        #expect(try rig.run("setup", "--dry-run").text.contains("Gemini CLI"))
        #expect(try rig.run("setup", "print").text.contains("\"mcpServers\""))
    }
}
