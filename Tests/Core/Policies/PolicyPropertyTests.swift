import Foundation
import Model
import Policies
import Testing

@Suite("Policy properties")
struct PolicyPropertyTests {
    @Test("adding a denial never allows more")
    func denialNarrows() throws {
        var draws = RandomDraws()
        var narrowed = 0
        for _ in 0..<400 {
            let policies = draws.policies()
            guard let before = try? document(policies) else { continue }
            var changed = policies
            changed.insert(
                ["name": "denial", "agent_id": draws.agentPattern(), "denied_keys": [draws.keyPattern()]],
                at: draws.chance(50) ? changed.count : Int.random(in: 0...changed.count, using: &draws))
            guard let after = try? document(changed) else { continue }
            for query in draws.queries(20) where after.decision(for: query).isAllowed {
                #expect(before.decision(for: query).isAllowed, "seed \(draws.seed)")
            }
            narrowed += draws.queries(20).count { before.decision(for: $0).isAllowed && !after.decision(for: $0).isAllowed }
        }
        #expect(narrowed > 0)
    }

    @Test("the order of policies about different agents never matters")
    func order() throws {
        var draws = RandomDraws()
        for _ in 0..<300 {
            let policies = ["claude", "codex", "ci-*", "unidentified"].enumerated().map { index, agent in
                draws.policy(named: "p\(index)", agent: agent)
            }
            guard let before = try? document(policies), let after = try? document(policies.shuffled(using: &draws)) else { continue }
            for query in draws.queries(20) {
                #expect(before.decision(for: query) == after.decision(for: query), "seed \(draws.seed)")
            }
        }
    }

    @Test("a document with an unknown key never passes")
    func unknownKey() throws {
        var draws = RandomDraws()
        for _ in 0..<300 {
            var policies = draws.policies()
            guard (try? document(policies)) != nil else { continue }
            let key = draws.text(of: ["a", "x", "_", "key", "allowed", "Q"], count: 1...5)
            guard !AgentPolicy.keys.contains(key) else { continue }
            policies[Int.random(in: policies.indices, using: &draws)][key] = "x"
            #expect(throws: PolicyError.self, "seed \(draws.seed)") { try document(policies) }
        }
    }

    @Test("the canonical form decodes to the same document and is stable")
    func canonical() throws {
        var draws = RandomDraws()
        var count = 0
        for _ in 0..<300 {
            guard let first = try? document(draws.policies()) else { continue }
            count += 1
            let second = try PolicyDocument(json: first.json())
            #expect(first == second, "seed \(draws.seed)")
            #expect(first.json() == second.json())
        }
        #expect(count > 100)
        #expect(try PolicyDocument(json: PolicyDocument.empty.json()) == .empty)
    }

    @Test("the explanation says what the decision is")
    func explanation() throws {
        var draws = RandomDraws()
        var allowed = 0
        for _ in 0..<400 {
            guard let document = try? document(draws.policies()) else { continue }
            for query in draws.queries(20) {
                let explanation = document.explanation(for: query)
                let verdicts = explanation.steps.map(\.verdict)
                let allows = verdicts.contains { if case .allows = $0 { true } else { false } }
                let denies = verdicts.contains { if case .deniesKey = $0 { true } else { false } }
                #expect((allows && !denies) == explanation.decision.isAllowed, "seed \(draws.seed)")
                #expect(verdicts.count { verdict in [.otherEnvironment, .noAllowedKey, .noCapability].contains(verdict) } <= 1)
                allowed += explanation.decision.isAllowed ? 1 : 0
                #expect(explanation.lines.count >= verdicts.count + 2)
            }
        }
        #expect(allowed > 50)
    }

    @Test("ten thousand names are filtered as the single questions say")
    func listing() throws {
        let document = try document([
            ["name": "a", "agent_id": "c*", "allowed_keys": ["team-1*/**", "shared/*"], "denied_keys": ["**/live-*"], "capabilities": ["broker"]]
        ])
        let agent = AgentIdentity.agent(try SegmentName("claude", of: .agent))
        let scope = try Scope(parsing: "default/dev")
        let view = document.compiled(for: agent).scoped(to: scope)
        let names = try (0..<10_000).map { try SecretName("team-\($0 % 40)/\($0 % 3 == 0 ? "live" : "test")-\($0)") }
        let listed = names.filter(view.mayList)
        #expect(
            listed.count
                == names.count { name in
                    document.decision(for: PolicyQuery(agent: agent, scope: scope, secret: name, capability: .referenceOnly)).isAllowed
                })
        #expect(listed.count > 1000 && listed.count < 5000)
    }
}

private func document(_ policies: [[String: Any]]) throws -> PolicyDocument {
    try PolicyDocument(json: Array(JSONSerialization.data(withJSONObject: ["policies": policies])))
}

extension RandomDraws {
    mutating func agentPattern() -> String { pick(["claude", "codex", "ci-*", "*", "unidentified", "ci-1"]) }
    mutating func keyPattern() -> String { pick(["a/*", "a/**", "**", "b", "*", "**/k", "a/b", "*/k", "a*"]) }

    mutating func policy(named name: String, agent: String) -> [String: Any] {
        var policy: [String: Any] = ["name": name, "agent_id": agent]
        if chance(80) {
            policy["allowed_keys"] = chance(50) ? [keyPattern()] : ["a/b", pick(["**", "a/*"])]
            policy["capabilities"] = Array(Set((0..<3).map { _ in pick(Capability.allCases).rawValue }))
        }
        if chance(40) || policy["allowed_keys"] == nil { policy["denied_keys"] = [keyPattern()] }
        if chance(40) { policy["environments"] = [pick(["default/*", "**", "shop/prod", "*/dev"])] }
        if chance(30) { policy["unsandboxed"] = pick(["allow", "deny"]) }
        if chance(30) { policy["home"] = pick(["real", "private"]) }
        return policy
    }

    mutating func policies() -> [[String: Any]] {
        (0..<Int.random(in: 1...4, using: &self)).map { policy(named: "p\($0)", agent: agentPattern()) }
    }

    mutating func queries(_ count: Int) -> [PolicyQuery] {
        (0..<count).compactMap { _ in
            let agent = pick(["claude", "codex", "ci-1", "ci-2", "unidentified"])
            guard let name = try? SegmentName(agent, of: .agent), let scope = try? Scope(parsing: pick(["default/dev", "default/prod", "shop/prod"]))
            else { return nil }
            let secret = try? SecretName(pick(["a/b", "a/k", "b", "k", "x/k", "a/b/c"]))
            let identity = chance(20) ? AgentIdentity.unidentified : .agent(name)
            return PolicyQuery(agent: identity, scope: scope, secret: chance(15) ? nil : secret, capability: pick(Capability.allCases))
        }
    }
}
