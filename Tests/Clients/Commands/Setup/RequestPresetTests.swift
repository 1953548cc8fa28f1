import Policies
import TacitWire
import TestKit
import Testing

@testable import Commands

@Suite("Presets of request rules")
struct RequestPresetTests {
    private static let place = Scope(project: "default", environment: "dev")
    private static let before = """
        policies:
          - name: a coder
            agent_id: coder
            allowed_keys: ["**"]
            capabilities: [broker]

        """

    private func policy(_ presets: [String]) throws -> PolicyText {
        var text = Self.before
        for name in presets {
            let preset = try #require(RequestPreset.all.first { $0.name == name })
            let items = preset.items(agent: "coder", in: Self.place, keys: preset.takesKeys ? ["\(name)/*"] : [], repository: "a/b")
            text = try #require(PolicyAddition(sections: [("request_rules", items)]).added(to: text)).yaml
        }
        return try PolicyText(yaml: Array(text.utf8), naming: "policy")
    }

    /// Whether a request of the agent's goes, with the token of this secret or without one: asked by a test of the policy's own.
    private func goes(_ policy: PolicyText, _ method: String, _ host: String, _ path: String, with secret: String?) throws -> Bool {
        let token = secret.map { "\n    secret: \($0)\n    place: bearer" } ?? ""
        let test = "tests:\n  - name: asked\n    agent: coder\n    request: \(method) https://\(host)\(path)\(token)\n    expect: allow\n"
        return (try? PolicyText(yaml: Array((policy.yaml + test).utf8), naming: "policy").checkTests()) != nil
    }

    @Test("all of them go into one policy behind each other, and none twice") func together() throws {
        let all = try policy(RequestPreset.all.map(\.name))
        #expect(all.document.requestRules.count > RequestPreset.all.count)
        #expect(Set(RequestPreset.all.map(\.name)).count == RequestPreset.all.count)
    }

    @Test(
        "each lets through what it is for, and nothing that writes unless it says so",
        arguments: [
            ("package-indexes", "GET", "files.pythonhosted.org", "/packages/a/b.whl", true),
            ("package-indexes", "GET", "registry.npmjs.org", "/@types%2Fnode", true),
            ("package-indexes", "PUT", "registry.npmjs.org", "/left-pad", false), ("package-indexes", "POST", "pypi.org", "/legacy/", false),
            ("code-hosts", "POST", "github.com", "/a/b.git/git-upload-pack", true),
            ("code-hosts", "POST", "github.com", "/a/b.git/git-receive-pack", false),
            ("read-only-github", "GET", "api.github.com", "/repos/a/b", true), ("read-only-github", "DELETE", "api.github.com", "/repos/a/b", false),
            ("read-only-github", "POST", "api.github.com", "/graphql", false), ("read-only-github", "GET", "github.com", "/a/b/info/refs", true),
            ("github-pull-requests", "POST", "api.github.com", "/repos/a/b/pulls", true),
            ("github-pull-requests", "PUT", "api.github.com", "/repos/a/b/pulls/1/merge", false),
            ("github-pull-requests", "POST", "api.github.com", "/repos/x/y/issues", false),
            ("package-indexes", "GET", "proxy.golang.org", "/a/@v/list", false),
            ("openai", "POST", "api.openai.com", "/v1/responses", true), ("openai", "POST", "api.openai.com", "/v1/files", false),
            ("anthropic", "POST", "api.anthropic.com", "/v1/messages", true),
            ("anthropic", "POST", "api.anthropic.com", "/v1/messages/batches", false),
            ("gemini", "POST", "generativelanguage.googleapis.com", "/v1beta/models/g:generateContent", true),
            ("slack-messages", "POST", "slack.com", "/api/chat.delete", false),
            ("read-only-stripe", "GET", "api.stripe.com", "/v1/customers", true),
            ("read-only-stripe", "POST", "api.stripe.com", "/v1/refunds", false),
            ("github-graphql", "POST", "api.github.com", "/graphql", true), ("github-graphql", "GET", "api.github.com", "/graphql", false),
            ("read-only-linear", "POST", "api.linear.app", "/graphql", true),
            ("read-only-slack", "GET", "slack.com", "/api/conversations.history", true),
            ("read-only-slack", "GET", "slack.com", "/api/chat.postMessage", false),
            ("read-only-notion", "POST", "api.notion.com", "/v1/search", true),
            ("read-only-notion", "POST", "api.notion.com", "/v1/pages", false),
            ("npm-private", "GET", "registry.npmjs.org", "/@acme%2Fthing", true), ("npm-private", "PUT", "registry.npmjs.org", "/thing", false),
            ("mistral", "POST", "api.mistral.ai", "/v1/chat/completions", true), ("mistral", "POST", "api.mistral.ai", "/v1/files", false),
            ("sendgrid-mail", "POST", "api.sendgrid.com", "/v3/mail/send", true),
            ("sendgrid-mail", "GET", "api.sendgrid.com", "/v3/mail/send", false),
            ("read-only-discord", "GET", "discord.com", "/api/v10/users/@me", true),
            ("read-only-twilio", "GET", "api.twilio.com", "/2010-04-01/Accounts/AC1/Messages.json", true),
            ("read-only-twilio", "GET", "api.twilio.com", "/2010-04-01/Accounts/AC1.json", false),
        ])
    func requests(_ name: String, _ method: String, _ host: String, _ path: String, _ isAllowed: Bool) throws {
        let preset = try #require(RequestPreset.all.first { $0.name == name })
        let document = try policy([name])
        #expect(try goes(document, method, host, path, with: preset.takesKeys ? "\(name)/key" : nil) == isAllowed)
        #expect(try !goes(document, method, host + ".evil.com", path, with: preset.takesKeys ? "\(name)/key" : nil))
        if preset.takesKeys { #expect(try !goes(document, method, host, path, with: "another/key")) }
    }

    @Test("every rule lets go what it lists, also where it counts as a write") func examples() throws {
        for preset in RequestPreset.all {
            let document = try policy([preset.name])
            for rule in document.document.requestRules {
                for (host, path) in rule.hosts.flatMap({ host in rule.paths.map { (host.description, $0.description) } }) {
                    let example = path.replacing("**/", with: "a/").replacing("**", with: "a").replacing("*", with: "a")
                    for method in rule.methods {
                        let secret = preset.takesKeys ? "\(preset.name)/key" : nil
                        #expect(try goes(document, method.rawValue, host, example, with: secret), "\(preset.name): \(method) \(host)\(example)")
                    }
                }
            }
        }
    }

    /// Of AWS each service and region has a host of its own, which a person names.
    @Test("each provider that is asked for most has one")
    func providers() {
        let names = [
            "openai", "anthropic", "read-only-github", "read-only-gitlab", "gemini", "mistral", "cohere", "huggingface-downloads", "read-only-notion",
            "slack-messages", "read-only-slack", "read-only-stripe", "read-only-cloudflare", "brave-search", "read-only-linear", "read-only-jira",
            "read-only-sentry", "read-only-datadog", "read-only-twilio", "sendgrid-mail", "npm-private", "pypi-upload", "read-only-docker-hub",
            "read-only-vercel", "read-only-netlify", "read-only-supabase", "read-only-pinecone", "read-only-airtable", "read-only-figma",
            "read-only-discord",
        ]
        for name in names { #expect(RequestPreset.named(name)?.takesKeys == true, "\(name)") }
    }

    @Test("a long list has a line for each element, and says the same") func long() throws {
        let items = try #require(RequestPreset.named("package-indexes")).items(agent: "coder", in: Self.place, keys: [])
        #expect(items.allSatisfy { $0.count <= 140 } && items.contains("      - pypi.org") && items.contains("    methods: [GET, HEAD]"))
        #expect(try policy(["package-indexes"]).document.requestRules.first?.hosts.count == 10)
    }
}
