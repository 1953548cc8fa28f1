import Foundation
import Model
import Policies
import TestKit
import Testing

extension PolicyExplanation {
    /// Whether something else than a policy denies: a value that is revealed takes a person.
    fileprivate var isStopped: Bool {
        if case .deny(let denial) = decision { denial.code != .notFound && denial.code != .notPermitted } else { false }
    }
}

extension PolicyDocument {
    /// What a request goes by, whatever tag rules say.
    fileprivate func view(of query: PolicyQuery) -> RequestTerms? {
        var query = query
        query.circumstances.tags = []
        if case .allow(let grant) = decision(for: query) { return grant.request } else { return nil }
    }
}

@Suite("Policy properties")
struct PolicyPropertyTests {
    @Test("adding a denial never allows more")
    func denialNarrows() throws {
        var draws = RandomDraws()
        var narrowed = 0
        for round in 0..<10_000 where round < 400 || narrowed == 0 {
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

    @Test("adding a tag rule or a denied program never allows more, a command rule only the program it lists, and a request rule only the request")
    func ruleNarrows() throws {
        var draws = RandomDraws()
        var narrowed = 0
        for round in 0..<10_000 where round < 400 || narrowed == 0 {
            let before = draws.document()
            var after = before
            let kind = Int.random(in: 0..<4, using: &draws)
            switch kind {
            case 0: after.tagRules.insert(draws.tagRule(named: "new"), at: draws.place(in: after.tagRules))
            case 1: after.commandRules.insert(draws.denial(named: "new"), at: draws.place(in: after.commandRules))
            case 2: after.commandRules.append(draws.commandRule(named: "new"))
            default: after.requestRules.append(draws.requestRule(named: "new"))
            }
            guard let old = try? before.decoded(), let new = try? after.decoded() else { continue }
            for query in draws.queries(30) {
                let answers = (old.decision(for: query), new.decision(for: query))
                narrowed += answers.0.isAllowed && !answers.1.isAllowed ? 1 : 0
                guard case .allow(let grant) = answers.1, !answers.0.isAllowed else { continue }
                #expect(kind == 2 && grant.commandRule == "new" || kind == 3 && grant.request?.rule == "new", "seed \(draws.seed)")
            }
        }
        #expect(narrowed > 0)
    }

    @Test("the order of tag rules never matters, but for which of two equal ones is named")
    func tagRuleOrder() throws {
        var draws = RandomDraws()
        var count = 0
        for _ in 0..<150 {
            let before = draws.document()
            var after = before
            after.tagRules.shuffle(using: &draws)
            guard let old = try? before.decoded() else { continue }
            let new = try after.decoded()
            for query in draws.queries(20) {
                count += 1
                #expect(old.decision(for: query).isSame(as: new.decision(for: query)), "seed \(draws.seed)")
            }
        }
        #expect(count > 500)
    }

    @Test("the order of command rules that list different programs never matters")
    func commandRuleOrder() throws {
        var draws = RandomDraws()
        for _ in 0..<100 {
            var before = draws.document()
            before.commandRules = ["/usr/bin/curl", "/usr/bin/psql", "/opt/*", "/usr/lib/**"].enumerated().map { index, program in
                draws.commandRule(named: "c\(index)", program: program)
            }
            before.commandRules.append(draws.denial(named: "d"))
            var after = before
            after.commandRules.shuffle(using: &draws)
            guard let old = try? before.decoded(), let new = try? after.decoded() else { continue }
            for query in draws.queries(20) {
                #expect(old.decision(for: query).isSame(as: new.decision(for: query)), "seed \(draws.seed)")
            }
        }
    }

    @Test("a document with an unknown key in any section never passes")
    func unknownKeys() throws {
        var draws = RandomDraws()
        var tried = 0
        for _ in 0..<150 {
            let document = draws.document()
            guard (try? document.decoded()) != nil else { continue }
            let key = draws.text(of: ["a", "x", "_", "key", "tag", "Q", "name", "s"], count: 1...5)
            for section in PolicySection.allCases where !section.keys.map(\.name).contains(key) {
                var changed = document.sections
                guard var elements = changed[section.rawValue], !elements.isEmpty else { continue }
                elements[Int.random(in: elements.indices, using: &draws)][key] = draws.chance(50) ? "x" : ["x"]
                changed[section.rawValue] = elements
                tried += 1
                #expect(throws: PolicyError.self, "\(section) \(key), seed \(draws.seed)") { try decoded(changed) }
            }
            var changed = document.sections
            changed[key] = []
            #expect(throws: PolicyError.self, "seed \(draws.seed)") { try decoded(changed) }
        }
        #expect(tried > 100)
    }

    @Test("a pattern that an earlier one of its list covers is an error, wherever patterns are written")
    func shadowedPatterns() throws {
        var draws = RandomDraws()
        var refused = 0
        for _ in 0..<200 {
            let patterns = [draws.keyPattern(), draws.keyPattern()]
            guard let first = try? Glob(patterns[0], over: .secret), let second = try? Glob(patterns[1], over: .secret) else { continue }
            let isShadowed = first.covers(second)
            let policy: [String: Any] = ["name": "p", "agent_id": "claude", "allowed_keys": patterns, "capabilities": ["env_inject"]]
            let rule: [String: Any] = ["name": "c", "agent_id": "claude", "keys": patterns, "programs": ["/usr/bin/curl"]]
            for sections in [["policies": [policy]], ["policies": [], "command_rules": [rule]]] {
                #expect(((try? decoded(sections)) == nil) == isShadowed, "\(patterns), seed \(draws.seed)")
            }
            refused += isShadowed ? 1 : 0
        }
        #expect(refused > 10)
    }

    @Test("a tag rule that is refused as shadowed would have changed no answer")
    func shadowedRules() throws {
        var draws = RandomDraws()
        var removed = 0
        for _ in 0..<400 {
            var document = draws.document()
            document.tagRules = [draws.tagRule(named: "one"), draws.tagRule(named: "two")]
            guard case let error? = document.refusal, case .shadowedRule = error.reason else { continue }
            // What was called shadowed has indeed no effect: without it every answer is the same.
            let index = error.path.contains("[0]") ? 0 : 1
            var without = document
            without.tagRules.remove(at: index)
            guard (try? without.decoded()) != nil else { continue }
            removed += 1
            let isUnchanged = try without.isUnchanged(by: document.tagRules[index])
            for query in draws.queries(20) { #expect(isUnchanged(query), "seed \(draws.seed)") }
        }
        #expect(removed > 3)
    }

    @Test("a request rule that is refused as shadowed would have changed no answer")
    func shadowedRequestRules() throws {
        var draws = RandomDraws()
        var removed = 0
        for _ in 0..<200 {
            var document = draws.document()
            let first = draws.requestRule(named: "one")
            document.requestRules = [first, draws.chance(50) ? draws.requestRule(named: "two") : draws.changed(first, named: "two")]
            guard let error = document.refusal, case .shadowedRule = error.reason, error.path.hasPrefix("request_rules") else { continue }
            let shadowed = try DrawnDocument(policies: document.policies, requestRules: [document.requestRules[1]]).decoded()
            document.requestRules.removeLast()
            guard let before = try? document.decoded() else { continue }
            removed += 1
            // Whatever the second rule would let go, the first lets go: so the second is never asked.
            for query in draws.queries(40) where query.capability == .broker && query.circumstances.request != nil {
                var plain = query
                plain.circumstances.hasApproval = true
                guard case .allow(let grant) = shadowed.decision(for: plain), grant.request != nil else { continue }
                #expect(before.view(of: plain)?.rule == "one", "seed \(draws.seed)")
            }
        }
        #expect(removed > 3)
    }

    @Test("hidden and absent names are answered alike, whatever else is asked")
    func hidden() throws {
        var draws = RandomDraws()
        var seen = 0
        for _ in 0..<150 {
            guard let document = try? draws.document().decoded() else { continue }
            for query in draws.queries(20) {
                guard let secret = query.secret else { continue }
                let view = document.compiled(for: query.agent).scoped(to: query.scope)
                guard !view.mayList(secret) else { continue }
                seen += 1
                #expect(document.decision(for: query) == .deny(.notFound), "seed \(draws.seed)")
                let prospect = view.prospect(of: secret, query.circumstances, meeting: Set(PolicyObligation.allCases))
                #expect(prospect.capabilities.isEmpty && prospect.requires.isEmpty)
            }
        }
        #expect(seen > 200)
    }

    @Test("doing what a denial asks for leads on: the same is not asked again")
    func requirementsAreMet() throws {
        var draws = RandomDraws()
        var opened = 0
        for _ in 0..<400 {
            guard let document = try? draws.document().decoded() else { continue }
            for query in draws.queries(20) {
                guard case .deny(let denial) = document.decision(for: query) else { continue }
                var met = query
                switch denial.code {
                case .sessionRequired: met.circumstances.hasSession = true
                case .acknowledgementRequired: met.circumstances.acknowledgements[denial.rule ?? ""] = met.circumstances.now
                case .approvalRequired: met.circumstances.hasApproval = true
                default: continue
                }
                if case .deny(let next) = document.decision(for: met) {
                    #expect(next.code != denial.code || next.rule != denial.rule, "\(draws.seed)")
                }
                opened += document.decision(for: met).isAllowed ? 1 : 0
            }
        }
        #expect(opened > 0)
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
            guard !AgentPolicy.keys.map(\.name).contains(key) else { continue }
            policies[Int.random(in: policies.indices, using: &draws)][key] = "x"
            #expect(throws: PolicyError.self, "seed \(draws.seed)") { try document(policies) }
        }
    }

    @Test("the canonical form decodes to the same document and is stable")
    func canonical() throws {
        var draws = RandomDraws()
        var count = 0
        for _ in 0..<300 {
            guard let first = try? draws.document().decoded() else { continue }
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
                let allows = verdicts.contains { if case .allows = $0 { true } else { false } } && !explanation.isStopped
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
