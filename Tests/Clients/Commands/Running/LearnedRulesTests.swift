import Policies
import TacitWire
import Testing

@testable import Commands

@Suite("Rules from what a program wanted")
struct LearnedRulesTests {
    private func denied(
        _ method: String, _ authority: String, _ path: String, _ secrets: [String] = [], result: String = "destination_not_allowed",
        decision: String = "deny"
    ) -> TrafficEntry {
        TrafficEntry(
            number: 1, time: "2026-01-01T00:00:00Z", agent: "coder", method: method, authority: authority, path: path, secrets: secrets,
            decision: decision,
            result: result)
    }

    private func document(_ items: [TrafficEntry], _ more: String = "") throws -> PolicyDocument {
        let head = "policies:\n  - {name: p, agent_id: coder, allowed_keys: ['**'], capabilities: [broker]}\n"
        let yaml = head + LearnedRules(items).yaml(for: "coder", in: Scope(project: "default", environment: "dev")) + more
        return try PolicyText(yaml: Array(yaml.utf8), naming: "policy").document
    }

    @Test("each host, port and secret is a rule with the methods and paths that were wanted, and nothing wider") func rules() throws {
        let yaml = LearnedRules([
            denied("GET", "api.example.com", "/v1/a", ["app/key#token"]), denied("POST", "api.example.com", "/v1/b", ["app/key#token"]),
            denied("GET", "api.example.com", "/v1/a"), denied("GET", "127.0.0.1:8443", "/x"),
        ]).yaml(for: "coder", in: Scope(project: "default", environment: "dev"))
        #expect(yaml.contains("methods: [GET]\n    paths: [/v1/a]") && yaml.contains("methods: [POST]\n    paths: [/v1/b]"))
        #expect(yaml.contains("keys: [app/key]") && yaml.contains("ports: [8443]"))
        #expect(!yaml.contains("*"))
        let rules = try document([denied("GET", "api.example.com", "/v1/a", ["app/key"]), denied("GET", "127.0.0.1:8443", "/x")]).requestRules
        #expect(rules.count == 2)
    }

    @Test("what counts as a write whatever its method says is one that a rule lists, and what only reads beside it is none") func writes() throws {
        let items = [
            denied("GET", "slack.com", "/api/chat.postMessage", ["app/key"]), denied("GET", "git.example.com:8443", "/api/graphql", ["app/key"]),
            denied("GET", "git.example.com:8443", "/api/v1/user", ["app/key"]), denied("GET", "registry.example.com", "/graphql"),
            denied("POST", "git.example.com:8443", "/api/graphql", ["app/key"]), denied("POST", "git.example.com:8443", "/api/batch", ["app/key"]),
        ]
        let yaml = LearnedRules(items).yaml(for: "coder", in: Scope(project: "default", environment: "dev"))
        for path in ["/api/chat.postMessage", "/api/graphql"] { #expect(yaml.contains("methods: [GET, POST]\n    paths: [\(path)]"), "\(yaml)") }
        for path in ["/api/v1/user", "/graphql"] { #expect(yaml.contains("methods: [GET]\n    paths: [\(path)]"), "\(yaml)") }
        #expect(yaml.contains("methods: [POST]\n    paths: [/api/batch]") && yaml.matches(of: /# It can write there/).count == 2)
        // Each lets go what was wanted.
        let tests = items.map { item in
            let secret = item.secrets.isEmpty ? "" : ", secret: \(item.secrets[0]), place: bearer"
            return
                "  - {name: '\(item.method) \(item.path)', agent: coder, request: '\(item.method) https://\(item.authority)\(item.path)'\(secret), expect: allow}\n"
        }
        let results = try document(items, "tests:\n\(tests.joined())").testResults()
        #expect(results.count == 6 && results.allSatisfy(\.passed), "\(results.map(\.difference))")
    }

    @Test("a secret of another environment is listed there, and not the one of its name here") func environments() throws {
        let rules = try document([denied("GET", "a.example.com", "/x", ["tacit://shop/prod/app/key#token"])]).requestRules
        #expect(rules.count == 1)
        let yaml = LearnedRules([denied("GET", "a.example.com", "/x", ["tacit://shop/prod/app/key#token"])])
            .yaml(for: "coder", in: Scope(project: "default", environment: "dev"))
        #expect(yaml.contains("environments: [shop/prod]\n    keys: [app/key]\n"))
    }

    @Test("what was allowed, or refused for another reason, teaches nothing, and a path that would be a pattern is only counted") func others() throws
    {
        let none = LearnedRules([
            denied("GET", "a.example.com", "/", result: "done", decision: "allow"), denied("GET", "a.example.com", "/", result: "rate_limited"),
            denied("GET", "a.example.com:80", "/"), denied("GET", "a.example.com", "/a*b"), denied("GET", "a.example.com", "/…"),
        ])
        #expect(none.isEmpty)
        #expect(none.yaml(for: "coder", in: Scope(project: "default", environment: "dev")).contains("# 2 more had paths"))
    }

    @Test("names that YAML would read otherwise are quoted") func quoting() throws {
        let rules = try document([denied("GET", "a.example.com", "/it's:@1", ["a/b"]), denied("GET", "a.example.com", "/-x")]).requestRules
        #expect(rules.count == 2)
    }
}
