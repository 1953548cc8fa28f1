import Model
import Policies
import Testing

/// Rules whose `GET` stands for a WebSocket, too.
@Suite struct WebSocketRuleTests {
    private static let policy = #"{"name":"p","agent_id":"claude","allowed_keys":["**"],"capabilities":["broker"]}"#
    private static let broad = #""name":"r","agent_id":"claude","keys":["k8s/*"],"hosts":["api.example.com"],"paths":["/**"]"#
    private static let sockets =
        #""name":"s","agent_id":"claude","keys":["k8s/*"],"hosts":["api.example.com"],"paths":["/logs/*"],"websocket":"allow""#

    private func document(_ rules: String...) throws -> PolicyDocument {
        let json = #"{"policies":[\#(Self.policy)],"request_rules":[\#(rules.map { "{\($0)}" }.joined(separator: ","))]}"#
        return try PolicyDocument(json: Array(json.utf8))
    }

    private func query(_ request: String, secret: String? = "k8s/token") throws -> PolicyQuery {
        PolicyQuery(
            agent: .agent(try SegmentName("claude", of: .agent)), scope: try Scope(parsing: "default/dev"),
            secret: try secret.map { try SecretName($0) }, capability: .broker,
            circumstances: PolicyCircumstances(request: try RequestQuestion(parsing: request, place: secret == nil ? nil : .bearer)))
    }

    /// The rule that lists it; nil where it is denied.
    private func rule(_ document: PolicyDocument, _ request: String, secret: String? = "k8s/token") throws -> String? {
        guard case .allow(let grant) = document.decision(for: try query(request, secret: secret)) else { return nil }
        return grant.request?.rule
    }

    private func denial(_ document: PolicyDocument, _ request: String, secret: String? = "k8s/token") throws -> PolicyDenial? {
        guard case .deny(let denial) = document.decision(for: try query(request, secret: secret)) else { return nil }
        return denial
    }

    @Test("a broad rule opens no WebSocket, and the refusal names what is not written", arguments: ["k8s/token", nil])
    func broad(secret: String?) throws {
        let written = try document(Self.broad)
        #expect(try rule(written, "GET https://api.example.com/exec", secret: secret) == "r")
        let denial = try #require(try denial(written, "GET wss://api.example.com/exec", secret: secret))
        #expect(denial.code == .destinationNotAllowed && denial.rule == "r" && denial.reason.contains("`websocket: allow`"))
        #expect(denial.nextStep.contains("`GET wss://api.example.com/exec`") && denial.nextStep.contains("`websocket: allow`"))
        let lines = try written.explanation(for: query("GET wss://api.example.com/exec", secret: secret)).lines
        #expect(lines.contains("request rule `r`: lists the request, and no WebSocket: it has no `websocket: allow`"), "\(lines)")
    }

    @Test("a rule that says so opens them where it lists GET, and lets requests go as before")
    func listed() throws {
        let written = try document(Self.broad, Self.sockets)
        #expect(try rule(written, "GET wss://api.example.com/logs/a") == "s" && rule(written, "GET https://api.example.com/logs/a") == "r")
        #expect(try rule(written, "GET wss://api.example.com/logs/a", secret: nil) == "s")
        #expect(try denial(written, "GET wss://api.example.com/exec")?.rule == "r")
        #expect(try denial(written, "GET wss://api.example.com:8443/logs/a")?.reason.contains("on this port") == true)
        #expect(try denial(written, "GET wss://evil.example/logs/a")?.reason.contains("none of them") == true)
        let lines = try written.explanation(for: query("GET wss://api.example.com/logs/a")).lines
        #expect(lines.contains("request rule `s`: lets the request go"))
        #expect(lines.contains { $0.hasPrefix("request GET wss://api.example.com/logs/a") })
        #expect(written.ruleSummaries.map { $0.reason.contains("WebSocket") } == [false, true])
        let changes = PolicyComparison(from: try document(Self.sockets.replacing("allow", with: "deny")), to: try document(Self.sockets)).changes
        let change = try #require(changes.first { $0.circumstances.contains("GET wss://api.example.com/logs/example") }, "\(changes)")
        #expect(change.before == "destination_not_allowed" && change.after == "allow")
    }

    @Test("it stands in no rule without GET, nor in one that seals, renews or is about tunnels; it is written back, and shades what has it")
    func decoding() throws {
        for rest in [
            #","methods":["POST"]"#, #","seal":["/t"],"seal_into":"k""#, #","refresh":"oauth""#,
        ] {
            #expect(throws: PolicyError.self, "\(rest)") { try document(Self.sockets + rest) }
        }
        #expect(throws: PolicyError.self) {
            try document(#""name":"t","agent_id":"claude","hosts":["api.example.com"],"tunnel":"allow","websocket":"allow""#)
        }
        let named = Self.sockets.replacing(#""s""#, with: #""t""#)
        #expect(throws: PolicyError.self) { try document(Self.sockets, named) }
        #expect(throws: PolicyError.self) { try document(Self.sockets, named.replacing("allow", with: "deny")) }
        let written = try document(Self.sockets.replacing("allow", with: "deny"), named)
        #expect(String(decoding: written.json(), as: UTF8.self).contains(#""paths":["/logs/*"],"websocket":"allow"}"#))
        #expect(try PolicyDocument(json: written.json()) == written)
        #expect(throws: RequestProblem.badRequest(.scheme)) { try RequestQuestion(parsing: "POST wss://api.example.com/a") }
        #expect(RequestQuestion(scheme: "wss", host: "api.example.com", method: "POST", path: "/") == nil)
        #expect(try RequestQuestion(parsing: "GET wss://api.example.com:8443/a").line == "GET wss://api.example.com:8443/a")
        #expect(try RequestQuestion(parsing: "GET wss://api.example.com:443/a").line == "GET wss://api.example.com/a")
    }
}
