/// A first policy for a kind of agent, with comments that teach the language.
struct StarterPolicy: Sendable {
    /// What it is asked for by: the name of an agent's host.
    let host: String
    /// How the host is called in the text.
    let title: String
    let kind: Kind

    /// What agents of a host mostly do.
    enum Kind: Sendable {
        /// Writes code and runs what a developer runs.
        case coder
        /// Answers in a chat; programs are the exception.
        case chat
        /// Runs what somebody wrote before, with nobody beside it.
        case job
    }

    static let all = [
        StarterPolicy(host: "claude-code", title: "Claude Code", kind: .coder), StarterPolicy(host: "codex", title: "Codex", kind: .coder),
        StarterPolicy(host: "gemini", title: "Gemini CLI", kind: .coder), StarterPolicy(host: "goose", title: "Goose", kind: .coder),
        StarterPolicy(host: "cursor", title: "Cursor", kind: .coder), StarterPolicy(host: "vscode", title: "VS Code", kind: .coder),
        StarterPolicy(host: "claude-desktop", title: "Claude Desktop", kind: .chat), StarterPolicy(host: "ci", title: "a CI job", kind: .job),
    ]

    /// The policy as YAML, for an agent with this badge in this environment.
    func text(agent: String, in scope: Scope) -> String {
        func filled(_ text: String) -> String {
            text.replacing("AGENT", with: PolicyFile.scalar(agent)).replacing("PLACE", with: PolicyFile.scalar(scope.text))
        }
        let parts = [
            filled(Self.head(title, agent)), filled("policies:\n" + policy), Self.tagRules, filled("command_rules:\n" + commandRules),
            Self.requestHead + (requestRules(agent: agent, in: scope, alone: true) + [""]).joined(separator: "\n"),
            filled("tests:\n" + Self.tests(kind)),
        ]
        return parts.joined(separator: "\n")
    }

    /// The request rules to start from, as items: with the usual names of secrets, whose values no program of the agent's has from the first day on.
    func requestRules(agent: String, in scope: Scope, alone isAlone: Bool = false) -> [String] {
        let open = kind == .chat ? [] : ["package-indexes", "code-hosts"]
        let keyed = [("read-only-github", "github/*"), ("openai", "openai/*"), ("anthropic", "anthropic/*")]
        return (open.map { ($0, []) } + keyed.map { ($0.0, [$0.1]) }).flatMap { name, keys in
            RequestPreset.named(name)?.items(agent: agent, in: scope, keys: keys, alone: isAlone) ?? []
        }
    }

    private static let requestHead = """
        # Requests that leave through the broker. A program has a fake token of these secrets; the value stands in a listed request alone, and
        # goes nowhere else. More of them: `tacit policy preset` lists rules, and `--add` puts them here.
        request_rules:

        """

    /// What somebody edits who has no policy yet.
    static func empty(in scope: Scope) -> String {
        """
        # What AI agents may use. Nothing is allowed that is not written here.
        # `tacit policy init claude-code` prints a policy to start from; others: \(all.dropFirst().map(\.host).joined(separator: ", ")).
        #
        # policies:
        #   - name: claude on the development keys
        #     agent_id: claude
        #     environments: [\(scope.text)]
        #     allowed_keys: ["stripe/*"]
        #     capabilities: [masked_return, broker]
        policies: []

        """
    }

    private static func head(_ title: String, _ agent: String) -> String {
        """
        # What \(title) may use. Nothing is allowed that is not written here.
        #
        #   tacit policy test FILE    asks the tests at the end of this file
        #   tacit policy diff FILE    shows what it would change
        #   tacit policy apply FILE   puts it in force
        #
        # The agent is known by its badge: `tacit agent add AGENT`.

        """
    }

    var policy: String {
        let capabilities =
            switch kind {
            case .coder: "[masked_return, broker, env_inject]"
            case .chat: "[masked_return, broker, env_inject]"
            case .job: "[broker, env_inject]"
            }
        return """
              # The first policy whose agent_id matches decides, so the narrower ones come first.
              - name: what the agent may use
                agent_id: AGENT
                environments: [PLACE]
                # `*` stands for any characters of one segment of a name, `**` for any characters at all.
                allowed_keys: ["**"]
                # What is denied looks to the agent like what is not there, and stays denied whatever else allows it.
                denied_keys: ["personal/**"]
                # broker: with a fake token, where the request rules below list the request; such a secret no program has as a value.
                # env_inject: the value in a program, of secrets that no request rule is about.
                # Others: file_inject, propose, and reveal, where a person approves each value.
                capabilities: \(capabilities)
                # Programs run outside of the sandbox: they reach the network, and can send a value away. Take this line out where they need none.
                unsandboxed: allow

            """
    }

    private static let tagRules = """
        # Rules about tags (`tacit tag NAME --add live`). The strictest is asked first; they hold for every agent and no person.
        # `tacit policy rules` tells which are enforced, and which are ceremony that the agent can satisfy itself.
        tag_rules:
          - name: for people only
            kind: block_always
            tags: [people-only]
          - name: a person approves live keys
            kind: require_confirmation
            by: person
            tags: [live, production]
          - name: tell me
            kind: notify
            tags: [watched]

        """

    /// The command rules that list programs.
    var allowingRules: String {
        let native = """
              # Only these programs may have a value: name each one, as a pattern would list programs that start others. A program counts where its
              # caller can write neither the file nor a directory above it; to use one elsewhere, pin its content: `sha256: ["…"]` as sha256sum
              # prints it.
              - name: programs that may have a key
                agent_id: AGENT
                environments: [PLACE]
                keys: ["**"]
                programs: [/usr/bin/curl, /usr/bin/redis-cli, /usr/local/bin/stripe]

            """
        let any = """
              # Interpreters, shells, package managers and scripts execute what the agent tells them: treat what they get as known to the agent.
              - name: code of the project, with test keys
                agent_id: AGENT
                environments: [PLACE]
                keys: ["test/**", "**/test-*"]
                programs: [/usr/bin/*, /usr/local/bin/*]
                any_code: allow

            """
        return native + (kind == .coder ? any : "")
    }

    private var commandRules: String {
        let guardian = """
              # An accident guard: these are refused by name, wherever they lie. A copy of another name is not.
              - name: no debuggers
                agent_id: AGENT
                denied_programs: [gdb, lldb, strace, ltrace]

            """
        return allowingRules + guardian
    }

    private static func tests(_ kind: Kind) -> String {
        let common = """
              # What you mean by all this. A policy whose tests fail is not put in force.
              - name: the agent does not learn of personal keys
                agent: AGENT
                environment: PLACE
                secret: personal/bank
                expect: not_found
              - name: another agent gets nothing
                agent: unidentified
                environment: PLACE
                secret: stripe/api-key
                expect: not_found
              - name: curl may have a key
                agent: AGENT
                environment: PLACE
                secret: stripe/api-key
                program: /usr/bin/curl
                expect: allow
              - name: a program that the agent can write may not
                agent: AGENT
                environment: PLACE
                secret: stripe/api-key
                program: /usr/bin/curl
                given: [writable]
                expect: command_blocked
              - name: GitHub is read with a fake token
                agent: AGENT
                environment: PLACE
                secret: github/token
                request: GET https://api.github.com/user
                place: bearer
                expect: allow
              - name: and nothing is deleted there
                agent: AGENT
                environment: PLACE
                secret: github/token
                request: DELETE https://api.github.com/repos/a/b
                place: bearer
                expect: destination_not_allowed
              - name: a live key takes a person
                agent: AGENT
                environment: PLACE
                secret: stripe/api-key
                tags: [live]
                program: /usr/bin/curl
                expect: approval_required

            """
        let coder = """
              - name: a script may not have a real key
                agent: AGENT
                environment: PLACE
                secret: stripe/api-key
                program: /usr/bin/python3
                expect: command_blocked
              - name: a script may have a test key
                agent: AGENT
                environment: PLACE
                secret: stripe/test-key
                program: /usr/bin/python3
                expect: allow

            """
        return common + (kind == .coder ? coder : "")
    }
}
