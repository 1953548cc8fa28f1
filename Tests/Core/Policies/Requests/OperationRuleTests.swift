import Model
import Policies
import Testing

/// What counts as a write whatever its method says, and rules that say what may be asked of GraphQL.
@Suite struct OperationRuleTests {
    private static let policy = #"{"name":"p","agent_id":"claude","allowed_keys":["**"],"capabilities":["broker"]}"#
    private static let broad =
        #""name":"r","agent_id":"claude","keys":["git/*"],"hosts":["api.github.com","slack.com","api.example.com"],"paths":["/**"]"#
    private static let asking =
        #""name":"g","agent_id":"claude","keys":["git/*"],"hosts":["api.github.com"],"paths":["/graphql"],"operations":["query *","mutation createIssue"]"#

    private func document(_ rules: String..., tests: String = "") throws -> PolicyDocument {
        let json = #"{"policies":[\#(Self.policy)],"request_rules":[\#(rules.map { "{\($0)}" }.joined(separator: ","))]\#(tests)}"#
        return try PolicyDocument(json: Array(json.utf8))
    }

    private func query(_ request: String, secret: String? = "git/token", place: TokenPlace? = .bearer, _ operations: [String]? = nil) throws
        -> PolicyQuery
    {
        PolicyQuery(
            agent: .agent(try SegmentName("claude", of: .agent)), scope: try Scope(parsing: "default/dev"),
            secret: try secret.map { try SecretName($0) }, capability: .broker,
            circumstances: PolicyCircumstances(
                request: try RequestQuestion(parsing: request, place: secret == nil ? nil : place, operations: operations)))
    }

    /// The rule that lists it; nil where it is denied.
    private func rule(_ document: PolicyDocument, _ query: PolicyQuery) -> String? {
        guard case .allow(let grant) = document.decision(for: query) else { return nil }
        return grant.request?.rule
    }

    private func denial(_ document: PolicyDocument, _ query: PolicyQuery) -> PolicyDenial? {
        guard case .deny(let denial) = document.decision(for: query) else { return nil }
        return denial
    }

    @Test(
        "a rule that lists reading alone lets nothing go to where any method can write; one that lists writing does",
        arguments: [
            "https://slack.com/api/chat.postMessage", "https://api.github.com/graphql", "https://api.github.com/GraphQL/",
            "https://api.example.com/graphql",
            "https://api.example.com/api/v2/GraphQL.json", "https://api.example.com/$batch", "https://api.example.com/x/jsonrpc",
        ])
    func counted(_ url: String) throws {
        for methods in ["", #","methods":["GET","HEAD","OPTIONS","QUERY","REPORT","SEARCH"]"#] {
            let reading = try document(Self.broad + methods)
            let denial = try #require(try denial(reading, query("GET \(url)")))
            #expect(denial.code == .destinationNotAllowed && denial.rule == "r" && denial.reason.contains("counts as a write"))
            #expect(denial.nextStep.contains("`GET \(url)`") && denial.nextStep.contains("`POST`"))
            let lines = try reading.explanation(for: query("GET \(url)")).lines
            #expect(lines.contains { $0.hasPrefix("request rule `r`: lists the request for reading, and it counts as a write") }, "\(lines)")
        }
        for method in ["POST", "PUT", "DELETE"] {
            #expect(try rule(document(Self.broad + #","methods":["GET","\#(method)"]"#), query("GET \(url)")) == "r")
        }
    }

    @Test("of hosts that nobody knows, a word in the path counts where something is asked, with a token; of others the list alone does")
    func uncounted() throws {
        let reading = try document(Self.broad)
        for url in [
            "https://slack.com/team", "https://api.github.com/repos/a/graphql", "https://api.github.com/batch",
            "https://api.example.com/graphql/docs",
            "https://api.example.com/graphql-http", "https://api.example.com/",
        ] { #expect(try rule(reading, query("GET \(url)")) == "r", "\(url)") }
        #expect(try rule(reading, query("GET https://api.example.com/graphql", secret: nil)) == "r")
        #expect(try rule(reading, query("GET https://api.github.com/graphql", secret: nil)) == nil)
        var bare = try query("GET https://api.example.com/graphql")
        bare.circumstances.request = RequestQuestion(
            host: "api.example.com", method: "GET", path: "/graphql", place: .bearer, occurrences: 1, isBare: true)
        #expect(rule(reading, bare) == "r", "a package may be called so")
        let sockets = try document(Self.broad + #","websocket":"allow""#)
        bare.circumstances.request = RequestQuestion(
            scheme: "wss", host: "api.example.com", method: "GET", path: "/graphql", place: .bearer, occurrences: 1, isBare: true)
        #expect(rule(sockets, bare) == nil, "what is asked by a WebSocket stands behind its head")
    }

    @Test("a rule says what may be asked, for all that a request asks; where nobody looked, it is asked again")
    func operations() throws {
        let written = try document(Self.asking)
        let url = "POST https://api.github.com/graphql"
        for asked in [["query viewer"], ["query viewer", "query node"], ["mutation createIssue"], ["mutation createIssue", "query viewer"]] {
            #expect(try rule(written, query(url, asked)) == "g", "\(asked)")
        }
        for asked in [["mutation deleteIssue"], ["query viewer", "mutation deleteIssue"], ["subscription x"], ["mutation createIssues"]] {
            let denial = try #require(try denial(written, query(url, asked)))
            #expect(
                denial.rule == "g" && denial.reason.contains("not all that this request asks") && denial.nextStep.contains("`\(asked.sorted()[0])`"))
        }
        let unclear = try #require(try denial(written, query(url, [])))
        #expect(unclear.reason.contains("nobody can make out") && unclear.nextStep.contains("send one request as JSON"))
        guard case .allow(let open) = written.decision(for: try query(url)),
            case .allow(let known) = written.decision(for: try query(url, ["query a"]))
        else {
            Issue.record("it was denied")
            return
        }
        #expect(open.obligations.contains(.request) && open.request?.awaitsOperations == true)
        #expect(!known.obligations.contains(.request) && known.request?.awaitsOperations == false)
        #expect(try denial(written, query("GET https://api.github.com/graphql", ["query a"]))?.reason.contains("not for this method") == true)
        let byGet = try document(Self.asking + #","methods":["GET"]"#)
        #expect(try rule(byGet, query("GET https://api.github.com/graphql", ["query a"])) == "g", "what is named is no write")
        #expect(try denial(written, query(url, place: .cookie("a"), ["query a"]))?.reason.contains("in this place") == true)
        #expect(try rule(written, query(url, secret: nil, ["query a"])) == "g" && rule(written, query(url, secret: nil, ["mutation b"])) == nil)
        let view = written.compiled(for: try query(url).agent).scoped(to: try query(url).scope)
        let (question, name) = (try #require(try query(url).circumstances.request), try SecretName("git/token"))
        #expect(view.awaitsOperations(of: question, with: name) && view.awaitsOperations(of: question, with: nil))
        let answered = try #require(try query(url, []).circumstances.request)
        #expect(!view.awaitsOperations(of: answered, with: name))
    }

    @Test("it is explained, compared and tested")
    func told() throws {
        let written = try document(
            Self.asking,
            tests: #","tests":[{"name":"a","agent":"claude","secret":"git/token","request":"POST https://api.github.com/graphql","place":"bearer","#
                + #""operations":["mutation deleteIssue"],"expect":"destination_not_allowed"},{"name":"b","agent":"claude","secret":"git/token","#
                + #""request":"POST https://api.github.com/graphql","operations":["query viewer"],"place":"bearer","expect":"allow","rule":"g"}]"#)
        #expect(written.testResults().allSatisfy { $0.passed })
        #expect(try PolicyDocument(json: written.json()) == written)
        let url = "POST https://api.github.com/graphql"
        let lines = try written.explanation(for: query(url, ["query b", "query a"])).lines
        #expect(lines.contains("request \(url), with the token in `bearer`, asking for `query a`, `query b`"), "\(lines)")
        #expect(lines.last == "of GraphQL it may ask for `query *`, `mutation createIssue`")
        #expect(
            try written.explanation(for: query(url)).lines.contains("request rule `g`: lists the request; what it asks of GraphQL is still judged"))
        #expect(
            try written.explanation(for: query(url, ["mutation b"])).lines
                .contains("request rule `g`: lists the request, for other things that may be asked of GraphQL"))
        let wider = try document(Self.asking.replacing(#""query *""#, with: #""query *","mutation closeIssue""#))
        let changes = PolicyComparison(from: written, to: wider).changes
        let change = try #require(changes.first { $0.circumstances.contains("asking for `mutation closeIssue`") }, "\(changes)")
        #expect(change.before == "destination_not_allowed" && change.after.contains("asking for mutation closeIssue"))
    }

    @Test("it stands where GraphQL is asked, each once, and shades what asks for no more")
    func decoding() throws {
        let written = try document(Self.asking)
        #expect(String(decoding: written.json(), as: UTF8.self).contains(#""paths":["/graphql"],"operations":["query *","mutation createIssue"]}"#))
        for rest in [
            #","methods":["PUT"]"#, #","methods":["GET","DELETE"]"#, #","websocket":"allow","methods":["GET"]"#, #","refresh":"oauth""#,
            #","tunnel":"allow""#,
        ] { #expect(throws: PolicyError.self, "\(rest)") { try document(Self.asking + rest) } }
        for words in [
            #""query""#, #""query a b""#, #""Query a""#, #""query  a""#, #""query a-b""#, #""query 1a""#, #""query a*""#, #""query *","query a""#,
            #""query a","query a""#,
            #""query """#,
        ] {
            #expect(throws: PolicyError.self, "\(words)") {
                try document(Self.asking.replacing(#""query *","mutation createIssue""#, with: words))
            }
        }
        let second = Self.asking.replacing(#""g""#, with: #""h""#)
        #expect(throws: PolicyError.self) { try document(Self.asking, second.replacing("query *", with: "query viewer")) }
        #expect(try document(Self.asking, second.replacing("createIssue", with: "closeIssue")).ruleSummaries.count == 2)
        #expect(
            try document(Self.asking, second.replacing(#","operations":["query *","mutation createIssue"]"#, with: #","methods":["POST"]"#))
                .ruleSummaries.count == 2)
        #expect(throws: PolicyError.self, "all is let go before") {
            try document(second.replacing(#","operations":["query *","mutation createIssue"]"#, with: #","methods":["POST"]"#), Self.asking)
        }
        let reading = Self.broad.replacing("/**", with: "/graphql").replacing(#""r""#, with: #""s""#)
        #expect(try document(reading, Self.asking + #","methods":["GET"]"#).ruleSummaries.count == 2, "the first lets no request go there")
        #expect(throws: RequestProblem.badOperation) { try RequestQuestion(parsing: "POST https://a.example/x", operations: ["query *"]) }
    }
}
