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
        ])
    func requests(_ name: String, _ method: String, _ host: String, _ path: String, _ isAllowed: Bool) throws {
        let preset = try #require(RequestPreset.all.first { $0.name == name })
        let document = try policy([name])
        #expect(try goes(document, method, host, path, with: preset.takesKeys ? "\(name)/key" : nil) == isAllowed)
        #expect(try !goes(document, method, host + ".evil.com", path, with: preset.takesKeys ? "\(name)/key" : nil))
        if preset.takesKeys { #expect(try !goes(document, method, host, path, with: "another/key")) }
    }
}
