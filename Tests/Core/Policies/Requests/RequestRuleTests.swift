import Foundation
import Model
import Policies
import Testing

@Suite("Request rules")
struct RequestRuleTests {
    private static let policy = #"{"name":"p","agent_id":"claude","allowed_keys":["**"],"capabilities":["broker"]}"#
    private static let rule = #""name":"r","agent_id":"claude","keys":["stripe/*"],"hosts":["api.example.com"],"paths":["/v1/**"]"#

    /// A frame as JSON has it, and as it may be typed.
    private static let pem = #"-----BEGIN CERTIFICATE-----\n\#(body)\n-----END CERTIFICATE-----\n"#
    private static let typedPEM = #"\n -----BEGIN CERTIFICATE-----\r\n\t\#(body)  \r\n\r\n-----END CERTIFICATE-----"#
    private static let body = "MIIB" + String(repeating: "A", count: 60)

    private func document(_ rules: String..., rest: String = "") throws -> PolicyDocument {
        let json = #"{"policies":[\#(Self.policy)],"request_rules":[\#(rules.map { "{\($0)}" }.joined(separator: ","))]\#(rest)}"#
        return try PolicyDocument(json: Array(json.utf8))
    }

    private func query(_ request: String?, place: TokenPlace? = .bearer, secret: String? = "stripe/key") throws -> PolicyQuery {
        PolicyQuery(
            agent: .agent(try SegmentName("claude", of: .agent)), scope: try Scope(parsing: "default/dev"),
            secret: try secret.map { try SecretName($0) },
            capability: .broker, circumstances: PolicyCircumstances(request: try request.map { try RequestQuestion(parsing: $0, place: place) }))
    }

    @Test("the canonical form has the keys in their order, header names in lower case, and nothing that is meant anyway")
    func canonical() throws {
        let full =
            #"{"name":"r","agent_id":"a","environments":["**"],"keys":["k"],"hosts":["*.example.com","[::1]"],"ports":["8443","443"],"#
            + #""methods":["GET","POST"],"paths":["/a%2Fb"],"places":["header: x-key","json: /a~1b","query: q \"\\"],"provider":"gitlab","occurrences":"2","#
            + #""encoded_slash":"allow","authorities":"\#(Self.pem)","rate":"5/hour","approval":"person","seal":["/t"]}"#
        let typed =
            #"{"provider":"gitlab","seal":["/t"],"approval":"person","rate":"5/hour","authorities":"\#(Self.typedPEM)","encoded_slash":"allow","occurrences":"2","#
            + #""places":["header: X-Key","json: /a~1b","query: q \"\\"],"paths":["/a%2Fb"],"methods":["POST","GET"],"ports":["8443","443"],"#
            + #""hosts":["*.example.com","[::1]"],"keys":["k"],"environments":["**"],"agent_id":"a","name":"r"}"#
        let written = try PolicyDocument(json: Array(#"{"request_rules":[\#(typed)],"policies":[]}"#.utf8))
        #expect(String(decoding: written.json(), as: UTF8.self) == #"{"policies":[],"request_rules":[\#(full)]}"#)
        let usual = try document(
            Self.rule + #","ports":["443"],"methods":["HEAD","GET"],"occurrences":"1","encoded_slash":"deny","own_network":"deny""#)
        #expect(String(decoding: usual.json(), as: UTF8.self) == #"{"policies":[\#(Self.policy)],"request_rules":[{\#(Self.rule)}]}"#)
        let rule = try document(Self.rule)
        #expect(usual == rule)
    }

    @Test("a request without TLS is denied for that, whatever the rules list", arguments: ["stripe/key", nil])
    func plain(secret: String?) throws {
        for document in [try document(Self.rule), try document()] {
            var query = try query(nil, secret: secret)
            query.circumstances.request = RequestQuestion(
                scheme: "http", host: "api.example.com", port: 80, method: "GET", path: "/v1/x", place: secret == nil ? nil : .bearer)
            guard case .deny(let denial) = document.decision(for: query) else {
                Issue.record("it was allowed")
                return
            }
            #expect(denial.code == .destinationNotAllowed && denial.reason.hasSuffix("goes over https alone"), "\(denial.reason)")
            #expect(denial.nextStep == "make the request over https")
        }
    }

    @Test("the grant says what holds for the request")
    func terms() throws {
        let document = try document(
            Self.rule
                + #","places":["basic","bearer"],"occurrences":"2","rate":"5/hour","seal":["token: /a","/b"],"seal_into":"stripe/session","seal_expiry":"/c""#
        )
        guard case .allow(let grant) = document.decision(for: try query("GET https://api.example.com/v1/x")), let terms = grant.request else {
            Issue.record("it was denied")
            return
        }
        #expect(terms.rule == "r" && terms.places == [.basic, .bearer] && terms.occurrences == 2)
        #expect(
            terms.seal?.parts.map(\.description) == ["token: /a", "/b"] && terms.seal?.secret.description == "stripe/session"
                && terms.seal?.expiry == "/c")
        #expect(terms.rate?.count == 5 && terms.rate?.period.duration == .seconds(3600) && terms.encodedSlash == .deny)
        #expect(grant.obligations == [.redact, .rate, .seal])
        #expect(terms.ownNetwork == .deny && terms.authorities == nil)
    }

    @Test("a rule says whether its hosts lead into one's own network, and who vouches for them; both are told, compared and explained")
    func network() throws {
        let own = try document(Self.rule + #","own_network":"allow","authorities":"\#(Self.pem)""#)
        guard case .allow(let grant) = own.decision(for: try query("GET https://api.example.com/v1/x")), let terms = grant.request else {
            Issue.record("it was denied")
            return
        }
        let text = "-----BEGIN CERTIFICATE-----\n\(Self.body)\n-----END CERTIFICATE-----\n"
        #expect(terms.ownNetwork == .allow && terms.authorities?.pem == text && terms.authorities?.count == 1)
        let lines = try own.explanation(for: query("GET https://api.example.com/v1/x")).lines
        let words = try #require(terms.authorities?.words)
        #expect(words.hasPrefix("1 certificate of its own, "))
        #expect(lines.suffix(2) == ["the host may lead into your own network", "the host is verified against \(words), in place of the system's"])
        let changes = PolicyComparison(from: try document(Self.rule), to: own).changes
        #expect(changes.contains { $0.after.contains("into your own network") && $0.after.contains("verified by \(words)") })
        let other = try document(Self.rule + #","own_network":"allow","authorities":"\#(Self.pem.replacing("MIIB", with: "MIIC"))""#)
        #expect(!PolicyComparison(from: own, to: other).changes.isEmpty, "another certificate is a change")
        let many = String(repeating: text, count: 500)
        #expect(try RequestAuthorities(many).count == 500)
        #expect(throws: RequestAuthorities.Problem.tooLong) { try RequestAuthorities(many + many) }
    }

    @Test("whoever cannot meet an obligation of a request says so")
    func unmet() throws {
        guard case .allow(let grant) = try document(Self.rule).decision(for: query(nil)) else {
            Issue.record("it was denied")
            return
        }
        for obligation in [PolicyObligation.request, .rate, .seal] {
            let denial = PolicyDenial(unmet: obligation, of: grant)
            #expect(denial.code == .unavailable && denial.rule == "p" && denial.nextStep == PolicyDenial.tellPerson)
        }
    }

    @Test("nobody is told that the broker can be used where nobody judges a request")
    func prospect() throws {
        let view = try document(Self.rule).compiled(for: query(nil).agent).scoped(to: query(nil).scope)
        let name = try SecretName("stripe/key")
        #expect(view.prospect(of: name, PolicyCircumstances(), meeting: [.redact, .approval, .notify]).capabilities == [.referenceOnly])
        #expect(view.prospect(of: name, PolicyCircumstances(), meeting: [.redact, .request]).capabilities == [.referenceOnly, .broker])
    }

    @Test("an explanation tells what each rule says of the request, and what the agent is told")
    func explanation() throws {
        let other =
            #""name":"s","agent_id":"claude","keys":["**"],"hosts":["*.example.org"],"paths":["/"],"rate":"5/hour","seal":["/t"],"seal_into":"k","places":["query: k"]"#
        let document = try document(Self.rule, other)
        func lines(_ request: String?, _ place: TokenPlace? = .bearer, secret: String? = "stripe/key") throws -> [String] {
            try document.explanation(for: query(request, place: place, secret: secret)).lines
        }
        let head = ["allow: broker of default/dev/stripe/key by claude", "policy `p`: decides, and allows by `**`"]
        #expect(
            try lines("GET https://api.example.com/v1/x")
                == head + [
                    "request GET https://api.example.com/v1/x, with the token in `bearer`", "request rule `r`: lets the request go",
                    "request rule `s`: lists other hosts", "allowed by `p`; obliges to: redact",
                    "the token may stand in `bearer`, `basic`, `header: authorization`, once",
                ])
        #expect(
            try lines("POST https://api.example.com/v1/x")
                == ["deny: broker of default/dev/stripe/key by claude", head[1]] + [
                    "request POST https://api.example.com/v1/x, with the token in `bearer`",
                    "request rule `r`: lists the host, for other methods", "request rule `s`: lists other hosts",
                    "the policy lists this host, and not for this method",
                    "the agent is told: destination_not_allowed, next step: access_request, with `POST https://api.example.com/v1/x` in its reason: "
                        + "a person decides whether a rule lists it",
                ])
        #expect(
            try lines("GET https://a.example.org:443/", nil)
                == head + [
                    "request GET https://a.example.org/, and nobody says where the token stands", "request rule `r`: lists other hosts",
                    "request rule `s`: lists the request; where the token stands is still judged",
                    "allowed by `p`; obliges to: redact, request, rate, seal",
                    "the token may stand in `query: k`, once", "at most 5/hour", "sealed in the reply, into `k`: /t",
                ])
        #expect(try lines(nil).contains("no request is named: it is judged before it leaves"))
        #expect(try lines("HEAD https://a.example.org/", nil, secret: nil).contains("request HEAD https://a.example.org/, without a token"))
        let barrier = try document.explanation(for: query("GET https://api.example.com/v2")).barrier
        #expect(barrier == "the policy lists this host for this method, and not this path (\u{201C}r\u{201D})")
        #expect(try self.document().explanation(for: query("GET https://a.example/")).lines.contains("no request rule is about it"))
    }

    @Test("the rules are listed with what they are about and how much they can be relied on")
    func summaries() throws {
        let anonymous = #""name":"s","agent_id":"*","hosts":["*.example.org","a.example"],"paths":["/**"]"#
        let listed = try document(Self.rule, anonymous, rest: #","tag_rules":[{"name":"t","kind":"notify","tags":["x"]}]"#).ruleSummaries
        #expect(
            listed.map { "\($0.name) \($0.kind) \($0.subject) \($0.agents) \($0.strength)" } == [
                "t notify tags x every agent enforced", "r requests keys stripe/* to api.example.com claude enforced",
                "s requests requests without a token to *.example.org, a.example * enforced",
            ])
        #expect(listed[1].reason != listed[2].reason)
    }
}

@Suite("Requests in tests and comparisons of a policy")
struct RequestTestTests {
    private static let policy = #"{"name":"p","agent_id":"claude","allowed_keys":["k"],"capabilities":["broker","env_inject"],"unsandboxed":"allow"}"#

    private func document(_ rule: String, tests: String = "") throws -> PolicyDocument {
        let head = #""name":"r","agent_id":"claude","keys":["k"],"hosts":["api.example.com"]"#
        let json = #"{"policies":[\#(Self.policy)],"request_rules":[{\#(head),\#(rule)}],"tests":[\#(tests)]}"#
        return try PolicyDocument(json: Array(json.utf8))
    }

    @Test(
        "a test asks about a request, which is made through the broker",
        arguments: [
            (#""request":"GET https://api.example.com/a","expect":"allow","rule":"r""#, true),
            (#""request":"GET https://api.example.com/a","expect":"allow","obligations":["request"]"#, true),
            (#""request":"GET https://api.example.com/a","place":"bearer","expect":"allow","obligations":["request"]"#, false),
            (#""request":"GET https://api.example.com/a","place":"query: k","expect":"destination_not_allowed","rule":"r""#, true),
            (#""request":"POST https://api.example.com/a","expect":"destination_not_allowed","rule":"r""#, true),
            (#""request":"GET https://api.example.com/b","expect":"deny""#, true),
            (#""request":"GET https://api.example.com/b","expect":"allow""#, false),
            (#""request":"GET https://api.example.com:8443/a","expect":"deny""#, true), (#""expect":"allow""#, true),
        ] as [(String, Bool)])
    func asking(test: String, passes: Bool) throws {
        let document = try document(#""paths":["/a"]"#, tests: #"{"name":"t","agent":"claude","secret":"k",\#(test)}"#)
        #expect(document.testResults().map(\.passed) == [passes])
        #expect(try PolicyDocument(json: document.json()) == document)
    }

    @Test("a comparison asks about a request of each host, port, method, path and place")
    func comparing() throws {
        let old = try document(#""paths":["/a"]"#)
        func changes(_ rule: String) throws -> Set<String> {
            let comparison = PolicyComparison(from: old, to: try document(rule))
            #expect(comparison.changes.allSatisfy { $0.capabilities == ["broker"] && $0.secrets == ["k (example)"] })
            return Set(comparison.changes.map { "\($0.circumstances.dropFirst(4)): \($0.before) → \($0.after)" })
        }
        #expect(try changes(#""paths":["/a"]"#).isEmpty)
        #expect(
            try changes(#""paths":["/a"],"methods":["GET","HEAD","POST"]"#) == [
                "POST https://api.example.com/a with the token in bearer: destination_not_allowed → allow"
            ])
        #expect(
            try changes(#""paths":["/a","/b/*"]"#) == [
                "GET https://api.example.com/b/example with the token in bearer: destination_not_allowed → allow"
            ])
        #expect(
            try changes(#""paths":["/a"],"ports":["443","8443"]"#) == [
                "GET https://api.example.com:8443/a with the token in bearer: destination_not_allowed → allow"
            ])
        #expect(
            try changes(#""paths":["/a"],"places":["bearer","basic","header: authorization","query: k"]"#) == [
                "GET https://api.example.com/a with the token in query: k: destination_not_allowed → allow"
            ])
        #expect(
            try changes(#""paths":["/a"],"rate":"5/hour","approval":"person""#).contains(
                "GET https://api.example.com/a with the token in bearer: allow → allow (approval, rate, at most 5/hour)"))
    }
}
