import Foundation
import Model
import Policies
import TestKit

/// A document as it is drawn, to be changed before it is decoded.
struct DrawnDocument {
    var policies: [[String: Any]]
    var tagRules: [[String: Any]] = []
    var commandRules: [[String: Any]] = []
    var requestRules: [[String: Any]] = []
    var tests: [[String: Any]] = []

    var sections: [String: [[String: Any]]] {
        ["policies": policies, "tag_rules": tagRules, "command_rules": commandRules, "request_rules": requestRules, "tests": tests]
    }

    func decoded() throws -> PolicyDocument { try PolicyDocument(json: Array(JSONSerialization.data(withJSONObject: sections))) }

    /// Why it does not decode; nil when it does.
    var refusal: PolicyError? {
        do {
            _ = try decoded()
            return nil
        } catch { return error as? PolicyError }
    }

    /// Says whether one more tag rule, which this document would refuse as shadowed, changes nothing in an answer: asked for itself it denies nothing
    /// more and obliges to nothing more.
    func isUnchanged(by rule: [String: Any]) throws -> (PolicyQuery) -> Bool {
        var alone = self
        alone.tagRules = [rule]
        let (rest, single) = (try decoded(), try alone.decoded())
        return { query in
            guard case .allow(let grant) = rest.decision(for: query) else { return true }
            guard case .allow(let other) = single.decision(for: query) else { return false }
            return other.obligations.isSubset(of: grant.obligations)
        }
    }
}

func decoded(_ sections: [String: [[String: Any]]]) throws -> PolicyDocument {
    try PolicyDocument(json: Array(JSONSerialization.data(withJSONObject: sections)))
}

func document(_ policies: [[String: Any]]) throws -> PolicyDocument { try decoded(["policies": policies]) }

extension PolicyDecision {
    /// Whether two decisions come to the same: they may name different rules.
    func isSame(as other: PolicyDecision) -> Bool {
        switch (self, other) {
        case (.allow(let grant), .allow(let other)):
            grant.obligations == other.obligations && grant.home == other.home && grant.path == other.path && grant.rule == other.rule
                && grant.request == other.request
        case (.deny(let denial), .deny(let other)): denial.code == other.code
        default: false
        }
    }
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
        if chance(30) { policy["unsandboxed"] = pick(["allow", "deny", "fallback"]) }
        if chance(20) { policy["reads"] = [pick(["/opt/a", "/opt/b"]), "/srv/data"] }
        if chance(30) { policy["home"] = pick(["real", "private"]) }
        return policy
    }

    mutating func policies() -> [[String: Any]] {
        (0..<Int.random(in: 1...4, using: &self)).map { policy(named: "p\($0)", agent: agentPattern()) }
    }

    mutating func tagPattern() -> String { pick(["a", "b", "a*", "*", "c"]) }
    mutating func place(in list: [[String: Any]]) -> Int { Int.random(in: 0...list.count, using: &self) }

    mutating func tagRule(named name: String) -> [String: Any] {
        let kind = pick(TagRule.Kind.allCases)
        var rule: [String: Any] = ["name": name, "kind": kind.rawValue, "tags": [tagPattern()]]
        if kind == .blockModels { rule["models"] = [pick(["small*", "**", "large"])] }
        if kind == .requireConfirmation { rule["by"] = pick(["agent", "person"]) }
        if chance(30) { rule["agent_id"] = agentPattern() }
        if chance(30) { rule["environments"] = [pick(["default/*", "**", "shop/prod"])] }
        return rule
    }

    mutating func commandRule(named name: String, program: String? = nil) -> [String: Any] {
        var rule: [String: Any] = [
            "name": name, "agent_id": agentPattern(), "keys": [keyPattern()],
            "programs": [program ?? pick(["/usr/bin/curl", "/usr/bin/*", "/**", "/opt/*"])],
        ]
        if chance(30) { rule["any_code"] = "allow" }
        if chance(20) { rule["sha256"] = [String(repeating: pick(["a", "b"]), count: 64)] }
        if chance(40) { rule["environments"] = [pick(["default/*", "**"])] }
        if chance(20) { rule["home"] = pick(["real", "private"]) }
        return rule
    }

    mutating func denial(named name: String) -> [String: Any] {
        var rule: [String: Any] = ["name": name, "agent_id": agentPattern(), "denied_programs": [pick(["curl", "ps*", "/opt/**", "*"])]]
        if chance(40) { rule["keys"] = [keyPattern()] }
        if chance(30) { rule["environments"] = [pick(["default/*", "shop/prod"])] }
        return rule
    }

    mutating func requestRule(named name: String) -> [String: Any] {
        var rule: [String: Any] = [
            "name": name, "agent_id": agentPattern(), "hosts": [pick(["api.example.com", "*.example.com", "*.api.example.com"])],
            "paths": [pick(["/**", "/v1/*", "/v1/x", "/v1/**", "/*"])],
        ]
        if chance(85) { rule["keys"] = [keyPattern()] }
        if chance(40) { rule["environments"] = [pick(["default/*", "**"])] }
        if chance(30) { rule["methods"] = [pick(["POST", "GET"])] }
        if chance(20) { rule["ports"] = ["443", "8443"] }
        if chance(20) { rule["encoded_slash"] = "allow" }
        if chance(20), (rule["methods"] as? [String]) != ["POST"] { rule["websocket"] = "allow" }
        if chance(20), (rule["hosts"] as? [String]) == ["api.example.com"] { rule["own_network"] = "allow" }
        if chance(20) { rule["rate"] = "5/minute" }
        if chance(20) { rule["approval"] = "person" }
        guard rule["keys"] != nil else { return rule }
        if chance(30) { rule["places"] = [pick(["bearer", "header: X-Key", "query: key"])] }
        if chance(20) { rule["occurrences"] = "2" }
        if chance(10), rule["websocket"] == nil { (rule["seal"], rule["seal_into"]) = (["/token"], "app/session") }
        return rule
    }

    /// The rule with another's value under one key, so that often one of the two does all that the other does.
    mutating func changed(_ rule: [String: Any], named name: String) -> [String: Any] {
        var changed = rule
        let other = requestRule(named: name)
        changed["name"] = name
        if let key = other.keys.sorted().first(where: { _ in chance(20) }) { changed[key] = other[key] }
        return changed
    }

    mutating func request() -> RequestQuestion? {
        let place = pick(["bearer", "basic", "header: x-key", "query: key", ""])
        return RequestQuestion(
            scheme: chance(5) ? "http" : chance(20) ? "wss" : "https",
            host: pick(["api.example.com", "a.api.example.com", "example.com", "evil.net"]),
            port: chance(80) ? 443 : 8443, method: pick(["GET", "POST"]), path: pick(["/", "/v1/x", "/v1/", "/v1/a/b", "/v1/a%2Fb", "/w"]),
            place: place.isEmpty ? nil : try? TokenPlace(place), occurrences: chance(80) ? 1 : 2)
    }

    mutating func document() -> DrawnDocument {
        var document = DrawnDocument(policies: policies())
        document.tagRules = (0..<Int.random(in: 0...3, using: &self)).map { tagRule(named: "t\($0)") }
        document.commandRules = (0..<Int.random(in: 0...2, using: &self)).map { chance(70) ? commandRule(named: "c\($0)") : denial(named: "c\($0)") }
        document.requestRules = (0..<Int.random(in: 0...2, using: &self)).map { requestRule(named: "r\($0)") }
        document.tests = (0..<Int.random(in: 0...2, using: &self)).map { index in
            ["name": "test \(index)", "agent": "claude", "secret": "a/b", "tags": ["a"], "given": ["session"], "expect": pick(["allow", "deny"])]
        }
        return document
    }

    mutating func circumstances() -> PolicyCircumstances {
        let now = Timestamp(nanoseconds: 1 << 50)
        let tags = ["a", "b", "ab", "c"].filter { _ in chance(40) }
        let acknowledged = ["t0", "t1", "new"].filter { _ in chance(30) }.map { ($0, now) }
        let program = OpenedProgram(
            path: pick(["/usr/bin/curl", "/usr/bin/psql", "/opt/x", "/home/me/x"]),
            fingerprint: chance(50) ? ProgramFingerprint(parsing: String(repeating: pick(["a", "b"]), count: 64)) : nil, runsAnyCode: chance(30),
            isWritableByCaller: chance(30), isBound: chance(80))
        return PolicyCircumstances(
            tags: tags, model: chance(60) ? pick(["small-1", "large", ""]) : nil, program: chance(70) ? program : nil,
            request: chance(70) ? request() : nil, hasSession: chance(60),
            acknowledgements: Dictionary(acknowledged) { first, _ in first }, hasApproval: chance(50), now: now)
    }

    mutating func queries(_ count: Int) -> [PolicyQuery] {
        (0..<count).compactMap { _ in
            let agent = pick(["claude", "codex", "ci-1", "ci-2", "unidentified"])
            guard let name = try? SegmentName(agent, of: .agent), let scope = try? Scope(parsing: pick(["default/dev", "default/prod", "shop/prod"]))
            else { return nil }
            let secret = try? SecretName(pick(["a/b", "a/k", "b", "k", "x/k", "a/b/c"]))
            let identity = chance(20) ? AgentIdentity.unidentified : .agent(name)
            return PolicyQuery(
                agent: identity, scope: scope, secret: chance(15) ? nil : secret, capability: pick(Capability.allCases),
                circumstances: circumstances())
        }
    }
}
