import Model
import Policies
import Testing

/// Rules about tunnels that nobody looks into.
@Suite struct TunnelRuleTests {
    private static let tunnel = #""name":"t","agent_id":"claude","hosts":["cdn.example.com","*.files.example.com"],"tunnel":"allow""#
    private static let requests = #""name":"r","agent_id":"claude","hosts":["api.example.com"],"paths":["/**"]"#

    private func document(_ rules: String..., capabilities: String = #""broker""#) throws -> PolicyDocument {
        let policy = #"{"name":"p","agent_id":"claude","allowed_keys":["**"],"capabilities":[\#(capabilities)]}"#
        let json = #"{"policies":[\#(policy)],"request_rules":[\#(rules.map { "{\($0)}" }.joined(separator: ","))]}"#
        return try PolicyDocument(json: Array(json.utf8))
    }

    private func query(_ request: String, secret: String? = nil) throws -> PolicyQuery {
        PolicyQuery(
            agent: .agent(try SegmentName("claude", of: .agent)), scope: try Scope(parsing: "default/dev"),
            secret: try secret.map { try SecretName($0) }, capability: .broker,
            circumstances: PolicyCircumstances(request: try RequestQuestion(parsing: request, place: secret == nil ? nil : .bearer)))
    }

    private func isAllowed(_ document: PolicyDocument, _ request: String, secret: String? = nil) throws -> Bool {
        if case .allow = document.decision(for: try query(request, secret: secret)) { true } else { false }
    }

    private func view(_ document: PolicyDocument, in scope: String = "default/dev") throws -> ScopeView {
        document.compiled(for: .agent(try SegmentName("claude", of: .agent))).scoped(to: try Scope(parsing: scope))
    }

    @Test("a tunnel goes to its hosts and ports, and lets no request and no token go anywhere") func decides() throws {
        let written = try document(Self.tunnel + #","ports":["443","8443"],"rate":"5/hour""#)
        #expect(try isAllowed(written, "CONNECT https://cdn.example.com/") && isAllowed(written, "CONNECT https://a.files.example.com:8443/"))
        for request in [
            "CONNECT https://files.example.com/", "CONNECT https://cdn.example.com:444/", "CONNECT https://evil.example/",
            "GET https://cdn.example.com/",
        ] {
            #expect(try !isAllowed(written, request), "\(request)")
        }
        #expect(try !isAllowed(written, "CONNECT https://cdn.example.com/", secret: "any/key"))
        #expect(try !isAllowed(written, "GET https://cdn.example.com/x", secret: "any/key"))
        guard case .allow(let grant) = written.decision(for: try query("CONNECT https://cdn.example.com/")) else {
            Issue.record("it was denied")
            return
        }
        #expect(grant.request?.rate?.count == 5 && grant.request?.places == [])
    }

    @Test("a rule about requests makes no tunnel, and where one is about the host, its tunnels are looked into") func intercepted() throws {
        let both = try document(Self.requests, Self.tunnel, #""name":"o","agent_id":"claude","hosts":["cdn.example.com"],"paths":["/x"]"#)
        #expect(try !isAllowed(both, "CONNECT https://api.example.com/") && !isAllowed(both, "CONNECT https://cdn.example.com/"))
        #expect(try isAllowed(both, "CONNECT https://a.files.example.com/") && isAllowed(both, "GET https://cdn.example.com/x"))
        let question = try #require(RequestQuestion(scheme: "tls", host: "a.files.example.com", method: "CONNECT", path: "/"))
        #expect(try view(both).lists(tunnel: question) && view(both).tunnelHosts == ["cdn.example.com", "*.files.example.com"])
        #expect(try !view(both, in: "default/prod").lists(tunnel: question) && view(both, in: "default/prod").tunnelHosts.isEmpty)
        let plain = try #require(RequestQuestion(host: "a.files.example.com", method: "CONNECT", path: "/"))
        #expect(try !view(both).lists(tunnel: plain))
        let without = try document(Self.tunnel, capabilities: #""env_inject""#)
        #expect(try !view(without).lists(tunnel: question) && view(without).tunnelHosts.isEmpty)
    }

    @Test("what looks at requests has no place in such a rule; it is written back as it is, and a rule of requests needs paths")
    func decoding() throws {
        for key in [
            #""keys":["a"]"#, #""methods":["GET"]"#, #""paths":["/**"]"#, #""places":["bearer"]"#, #""occurrences":"2""#, #""encoded_slash":"allow""#,
            #""authorities":"x""#, #""approval":"person""#, #""seal":["/t"]"#,
        ] {
            #expect(throws: PolicyError.self, "\(key)") { try document(Self.tunnel + "," + key) }
        }
        #expect(throws: PolicyError.self) { try document(#""name":"r","agent_id":"claude","hosts":["api.example.com"],"tunnel":"deny""#) }
        #expect(throws: PolicyError.self) { try document(Self.tunnel, Self.tunnel.replacing(#""t""#, with: #""u""#)) }
        #expect(throws: PolicyError.self) { try document(Self.tunnel + #","own_network":"allow""#) }
        let written = try document(Self.tunnel)
        #expect(String(decoding: written.json(), as: UTF8.self).contains(#""hosts":["cdn.example.com","*.files.example.com"],"tunnel":"allow"}"#))
        #expect(try PolicyDocument(json: written.json()) == written)
        #expect(throws: RequestProblem.badRequest(.path)) { try RequestQuestion(parsing: "CONNECT https://cdn.example.com/x") }
        #expect(try RequestQuestion(parsing: "CONNECT https://cdn.example.com:8443/").line == "CONNECT https://cdn.example.com:8443/")
    }
}
