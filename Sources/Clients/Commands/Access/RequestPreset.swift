/// Request rules for what programs mostly need, by a name. A person reads them before they are put in force: they are where an agent's requests may go.
struct RequestPreset: Sendable {
    let name: String
    /// What it is for, in a few words.
    let purpose: String
    /// Whether its requests have a token in them; those of others have none.
    let takesKeys: Bool
    private let rules: [Rule]

    struct Rule: Sendable {
        let name: String
        let hosts: [String]
        var methods = ["GET", "HEAD"]
        let paths: [String]
        /// What may be asked of GraphQL.
        var operations: [String] = []
        /// Names of packages and projects have a slash in one segment there.
        var hasEncodedSlashes = false
    }

    init(_ name: String, _ purpose: String, takesKeys: Bool = true, _ rules: [Rule]) {
        (self.name, self.purpose, self.takesKeys, self.rules) = (name, purpose, takesKeys, rules)
    }

    /// Whether it is about one repository, OWNER/NAME.
    var takesRepository: Bool { rules.contains { $0.paths.contains { $0.contains(Self.repository) } } }
    private static let repository = "REPOSITORY"

    /// The rules as items of `request_rules`, line by line.
    ///
    /// - Parameter isAlone: whether they are about the only agent of a policy, so that their names need not say which.
    func items(agent: String, in scope: Scope, keys: [String], repository: String = "", alone isAlone: Bool = false) -> [String] {
        rules.flatMap { rule -> [String] in
            let name = PolicyFile.scalar(isAlone ? rule.name : "\(agent): \(rule.name)")
            var lines = ["  - name: \(name)", "    agent_id: \(PolicyFile.scalar(agent))"]
            lines += Self.list("environments", [scope.text])
            lines += Self.list("keys", takesKeys ? keys : [])
            lines += Self.list("hosts", rule.hosts)
            lines += Self.list("methods", rule.methods)
            lines += Self.list("paths", rule.paths.map { $0.replacing(Self.repository, with: repository) })
            lines += Self.list("operations", rule.operations)
            if rule.hasEncodedSlashes { lines.append("    encoded_slash: allow") }
            return lines
        }
    }

    private static let longestLine = 140

    /// A list in one line, or where that is long, one of its own for each element; nothing for none.
    private static func list(_ key: String, _ words: [String]) -> [String] {
        let elements = words.map(PolicyFile.scalar)
        let line = "    \(key): [\(elements.joined(separator: ", "))]"
        guard !elements.isEmpty, line.count > longestLine else { return elements.isEmpty ? [] : [line] }
        return ["    \(key):"] + elements.map { "      - \($0)" }
    }
}

extension RequestPreset {
    /// Facts are from the services' public documentation, as of November 2026.
    static let all = open + code + models + services + packages + clouds

    static func named(_ name: String) -> RequestPreset? { all.first { $0.name == name } }

    private static let gitHosts = ["github.com", "gitlab.com", "bitbucket.org", "codeberg.org"]

    private static let open = [
        RequestPreset(
            "package-indexes", "install packages: npm, PyPI, crates, gems, Maven", takesKeys: false,
            [
                Rule(
                    name: "package indexes",
                    hosts: [
                        "pypi.org", "files.pythonhosted.org", "crates.io", "index.crates.io", "static.crates.io", "rubygems.org",
                        "index.rubygems.org", "repo.maven.apache.org", "repo1.maven.org", "plugins.gradle.org",
                    ], paths: ["/**"]),
                Rule(name: "npm packages", hosts: ["registry.npmjs.org", "registry.yarnpkg.com"], paths: ["/**"], hasEncodedSlashes: true),
                Rule(
                    name: "npm audit", hosts: ["registry.npmjs.org"], methods: ["POST"],
                    paths: ["/-/npm/v1/security/advisories/bulk", "/-/npm/v1/security/audits/quick"]),
            ]),
        RequestPreset(
            "go-modules", "install Go modules; who asks this index can have it ask any host, so data can leave by it", takesKeys: false,
            [Rule(name: "Go modules", hosts: ["proxy.golang.org", "sum.golang.org"], paths: ["/**"])]),
        RequestPreset(
            "code-hosts", "read public code: GitHub, GitLab, Bitbucket, Codeberg", takesKeys: false,
            [
                Rule(
                    name: "public code",
                    hosts: gitHosts + [
                        "codeload.github.com", "raw.githubusercontent.com", "objects.githubusercontent.com", "release-assets.githubusercontent.com",
                    ], paths: ["/**"]),
                Rule(name: "fetching by git", hosts: gitHosts, methods: ["POST"], paths: ["/**/git-upload-pack"]),
            ]),
    ]

    private static let code = [
        RequestPreset(
            "read-only-github", "read GitHub's API and fetch by git",
            [
                Rule(name: "GitHub's API, read", hosts: ["api.github.com"], paths: ["/**"]),
                Rule(name: "GitHub, git's refs", hosts: ["github.com"], paths: ["/**/info/refs"]),
                Rule(name: "GitHub, git's fetch", hosts: ["github.com"], methods: ["POST"], paths: ["/**/git-upload-pack"]),
            ]),
        RequestPreset(
            "github-pull-requests", "push by git, and write pull requests and issues, in one repository; beside read-only-github",
            [
                Rule(
                    name: "GitHub, git's push", hosts: ["github.com"], methods: ["POST"],
                    paths: ["/REPOSITORY/git-receive-pack", "/REPOSITORY.git/git-receive-pack"]),
                Rule(
                    name: "GitHub, pull requests and issues", hosts: ["api.github.com"], methods: ["POST", "PATCH"],
                    paths: ["/repos/REPOSITORY/pulls", "/repos/REPOSITORY/pulls/**", "/repos/REPOSITORY/issues", "/repos/REPOSITORY/issues/**"]),
            ]),
        RequestPreset(
            "github-graphql", "ask GitHub's GraphQL what it reads; beside read-only-github",
            [
                Rule(
                    name: "GitHub's GraphQL, read", hosts: ["api.github.com"], methods: ["POST"], paths: ["/graphql"], operations: ["query *"])
            ]),
        RequestPreset(
            "read-only-gitlab", "read GitLab's API and fetch by git",
            [
                Rule(name: "GitLab's API, read", hosts: ["gitlab.com"], paths: ["/api/v4/**"], hasEncodedSlashes: true),
                Rule(name: "GitLab, git's refs", hosts: ["gitlab.com"], paths: ["/**/info/refs"]),
                Rule(name: "GitLab, git's fetch", hosts: ["gitlab.com"], methods: ["POST"], paths: ["/**/git-upload-pack"]),
            ]),
    ]

    private static let models = [
        RequestPreset(
            "openai", "ask OpenAI's models",
            [
                Rule(
                    name: "OpenAI's models", hosts: ["api.openai.com"], methods: ["POST"],
                    paths: [
                        "/v1/chat/completions", "/v1/responses", "/v1/embeddings", "/v1/moderations", "/v1/images/generations", "/v1/audio/speech",
                        "/v1/audio/transcriptions",
                    ]),
                Rule(name: "OpenAI's list of models", hosts: ["api.openai.com"], paths: ["/v1/models", "/v1/models/*", "/v1/responses/*"]),
            ]),
        RequestPreset(
            "anthropic", "ask Anthropic's models",
            [
                Rule(
                    name: "Anthropic's models", hosts: ["api.anthropic.com"], methods: ["POST"],
                    paths: ["/v1/messages", "/v1/messages/count_tokens"]),
                Rule(name: "Anthropic's list of models", hosts: ["api.anthropic.com"], paths: ["/v1/models", "/v1/models/*"]),
            ]),
        RequestPreset(
            "gemini", "ask Gemini's models",
            [
                Rule(
                    name: "Gemini's models", hosts: ["generativelanguage.googleapis.com"], methods: ["POST"],
                    paths: ["/v1beta/models/*", "/v1/models/*", "/v1beta/openai/chat/completions"]),
                Rule(
                    name: "Gemini's list of models", hosts: ["generativelanguage.googleapis.com"],
                    paths: ["/v1beta/models", "/v1beta/models/*", "/v1/models", "/v1/models/*"]),
            ]),
        RequestPreset(
            "mistral", "ask Mistral's models",
            [
                Rule(
                    name: "Mistral's models", hosts: ["api.mistral.ai"], methods: ["POST"],
                    paths: ["/v1/chat/completions", "/v1/fim/completions", "/v1/embeddings", "/v1/moderations", "/v1/ocr"]),
                Rule(name: "Mistral's list of models", hosts: ["api.mistral.ai"], paths: ["/v1/models", "/v1/models/*"]),
            ]),
        RequestPreset(
            "cohere", "ask Cohere's models",
            [
                Rule(
                    name: "Cohere's models", hosts: ["api.cohere.com"], methods: ["POST"],
                    paths: ["/v2/chat", "/v2/embed", "/v2/rerank", "/v1/chat", "/v1/embed", "/v1/rerank", "/v1/classify", "/v1/tokenize"]),
                Rule(name: "Cohere's list of models", hosts: ["api.cohere.com"], paths: ["/v1/models", "/v1/models/*"]),
            ]),
        RequestPreset(
            "huggingface-downloads", "download models and data sets from Hugging Face",
            [Rule(name: "Hugging Face, downloads", hosts: ["huggingface.co"], paths: ["/**"])]),
    ]
}
