import Policies
import TacitWire
import TestKit
import Testing

@testable import Commands

@Suite("A rule for one more agent in a policy that is in force")
struct PolicyAdditionTests {
    private static let place = Scope(project: "shop", environment: "dev")

    private func addition(_ host: String, agent: String) throws -> PolicyAddition {
        try #require(StarterPolicy.all.first { $0.host == host }).addition(agent: agent, in: Self.place)
    }

    private func document(_ yaml: String) throws -> PolicyDocument { try PolicyText(yaml: Array(yaml.utf8), naming: "policy").document }

    @Test(
        "what one agent's policy to start from lacks for each other is added, and every line of before stays",
        arguments: StarterPolicy.all.map(\.host))
    func starters(_ host: String) throws {
        let before = try #require(StarterPolicy.all.first { $0.host == "claude-code" }).text(agent: "claude-code", in: Self.place)
        let after = try #require(addition(host, agent: "second").added(to: before))
        let lines = after.yaml.split(separator: "\n", omittingEmptySubsequences: false)
        let difference = lines.difference(from: before.split(separator: "\n", omittingEmptySubsequences: false))
        #expect(difference.removals.isEmpty)
        #expect(after.document.policies.map(\.agentID.description) == ["claude-code", "second"])
        #expect(after.document.tagRules == (try document(before)).tagRules)
        // A third agent finds its place, too, and the same agent no second one.
        #expect(try addition(host, agent: "third").added(to: after.yaml)?.document.policies.count == 3)
        #expect(try addition(host, agent: "second").added(to: after.yaml) == nil)
    }

    @Test(
        "the text may be indented as it likes, and lack sections",
        arguments: [
            "policies: []\n", "policies:   []  # none yet\n", "command_rules: []\npolicies: []",
            "policies:\n- name: a\n  agent_id: a\n  allowed_keys: [x]\n  capabilities: [env_inject]\n\n# about tags\ntag_rules:\n- {name: t, kind: notify, tags: [x]}\n",
            "policies:\n    - name: a\n      agent_id: a\n      allowed_keys: [x]\n      capabilities: [env_inject]\n# the end\n",
        ])
    func forms(_ text: String) throws {
        let after = try #require(addition("codex", agent: "mine").added(to: text))
        #expect(after.document.policies.count == (try document(text)).policies.count + 1)
        #expect(after.document.commandRules.map(\.name) == ["programs that mine may use", "code of the project for mine"])
        if text.contains("# about tags") { #expect(after.yaml.contains("\n\n# about tags\ntag_rules:"), "a comment stays with what it is about") }
    }

    @Test("where a policy has such request rules for every agent, the rest can be added without them") func shaded() throws {
        let starter = try #require(StarterPolicy.all.first { $0.host == "codex" })
        let own =
            "  - {name: r, agent_id: '*', environments: ['**'], hosts: [registry.npmjs.org, registry.yarnpkg.com], paths: ['/**'], encoded_slash: allow}\n"
        let text = "policies:\n  - {name: a, agent_id: a, allowed_keys: [x], capabilities: [broker]}\nrequest_rules:\n" + own
        #expect(starter.addition(agent: "mine", in: Self.place).added(to: text) == nil)
        let after = try #require(starter.addition(agent: "mine", in: Self.place, withRequests: false).added(to: text))
        #expect(after.document.policies.count == 2 && after.document.requestRules.count == 1)
    }

    @Test(
        "what cannot be put in line by line, or is no policy, is left to the person",
        arguments: [
            #"{"policies":[]}"#, "policies: [{name: a, agent_id: a, allowed_keys: [x], capabilities: [env_inject]}]\n", "policies: &a []\n",
            "policies:\n  - name: a\n    agent_id: mine\n    allowed_keys: [x]\n    capabilities: [env_inject]\npolicies: []\n", "", "- x\n",
            "policies:\r\n  - name: a\r\n    agent_id: a\r\n    allowed_keys: [x]\r\n    capabilities: [env_inject]\r\n",
            "policies: []\n...\n",
            "policies:\n  - {name: a, agent_id: '*', allowed_keys: ['**'], environments: ['**'], capabilities: [env_inject, masked_return]}\n",
        ])
    func refused(_ text: String) throws { #expect(try addition("codex", agent: "mine").added(to: text) == nil) }
}
