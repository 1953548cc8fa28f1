import Approvals
import Auditing
import Brokering
import Model
import Policies
import Storage
import TestKit
import Testing

@testable import Secrets

/// Requests through the broker: who gets one, what is authorized before what, and that nothing leaves that was not.
@Suite struct ErrandTests {
    static let rule =
        #""name":"stripe","agent_id":"coder","keys":["app/*"],"hosts":["api.stripe.com"],"methods":["GET","POST"],"paths":["/v1/**"]"#
    static let url = "https://api.stripe.com/v1/customers?limit=3"

    /// A vault with `app/key`, and a policy by which `coder` may have requests made with it.
    static func bench(
        _ more: String = "", capabilities: String = #""broker""#, tags: String? = nil, holdTime: Duration = .zero,
        wrapping: @escaping @Sendable (InMemoryStore) -> any VaultStore = { $0 }
    ) async throws -> VaultBench {
        let bench = VaultBench(holdTime: holdTime, wrapping: wrapping)
        try await bench.create()
        var write = VaultBench.write("app/key", bench.canary().secret)
        if tags != nil { write.tags = ["live"] }
        _ = try await bench.open.set(write, in: VaultBench.dev, by: bench.person())
        try await bench.set("db/key", bench.canary().secret)
        try await apply(bench, more, capabilities: capabilities, tags: tags)
        return bench
    }

    static func apply(_ bench: VaultBench, _ more: String = "", capabilities: String = #""broker""#, tags: String? = nil) async throws {
        let policy = #"{"name":"p","agent_id":"coder","allowed_keys":["app/*"],"capabilities":[\#(capabilities)]}"#
        let rules = tags.map { #","tag_rules":[{"name":"tagged","kind":\#($0),"tags":["live"]}]"# } ?? ""
        let json = #"{"policies":[\#(policy)]\#(rules),"request_rules":[{\#(rule)\#(more)}]}"#
        _ = try await bench.open.applyPolicy(json: Array(json.utf8), text: nil, expectedVersion: nil, by: bench.person())
    }

    @discardableResult static func request(
        _ bench: VaultBench, _ name: String = "app/key", _ url: String = ErrandTests.url, by asker: Asker? = nil,
        _ change: (inout ErrandWish) -> Void = { _ in }
    ) async throws -> ErrandResult {
        var wish = ErrandWish(scope: VaultBench.dev, reference: try SecretReference(parsing: name), url: url, purpose: "a test")
        change(&wish)
        return try await bench.open.request(wish, by: try asker ?? bench.agent())
    }

    static func code(_ body: () async throws -> some Any) async -> String? {
        do { _ = try await body() } catch { return (error as? any Diagnosable)?.code ?? "\(error)" }
        return nil
    }

    @Test("a request goes by the rule that lists it: the token where the rule or the provider has it, the value to the broker alone")
    func goes() async throws {
        let bench = try await Self.bench()
        let result = try await Self.request(bench)
        #expect(result.reply.status == 200 && result.reply.body == Array("hello".utf8))
        let errand = try #require(bench.brokers.errands.first)
        let token = try #require(errand.tokens.values.first)
        #expect(errand.tokens.count == 1 && token.text.hasPrefix("sk_live_") || token.text.hasPrefix("rk_") || token.text.hasPrefix("sk_test_"))
        let authorization = errand.head.fields.first { $0.name == "Authorization" }
        #expect(authorization?.value == Array("Bearer \(token.text)".utf8))
        #expect(String(decoding: errand.head.target, as: UTF8.self) == "/v1/customers?limit=3" && errand.origin.authority == "api.stripe.com")
        let leave = try #require(bench.brokers.leaves.first)
        #expect(leave.releases.map(\.value.text) == [try await bench.reveal("app/key")] && leave.releases.map(\.name) == ["app/key"])
        #expect(!leave.reachesOwnNetwork && leave.authorities == nil && leave.releases.first?.answersLeft == 3)
        let log = try await bench.log()
        let intent = try #require(log.first { $0.action == .known(.request) && $0.phase == .intent })
        #expect(intent.mode == .known(.resolve) && intent.decision == .allow(rule: "p"))
        for fact in [("method", "GET"), ("authority", "api.stripe.com"), ("path", "/v1/customers"), ("place", "bearer"), ("purpose", "a test")] {
            #expect(intent.detail.contains(AuditFact(fact.0, fact.1)), "\(fact)")
        }
        #expect(intent.detail.contains(AuditFact("provider", "stripe")) && intent.detail.contains(AuditFact("request-rule", "stripe")))
        #expect(!intent.detail.contains { $0.value.contains("limit") }, "the query is nobody's but the service's")
        let outcome = try #require(log.first { $0.phase == .outcome(of: result.entry, result: "done") })
        #expect(outcome.detail.contains(AuditFact("status", 200)) && outcome.detail.contains(AuditFact("bytes-received", 5)))
        #expect(try await bench.verify().missingOutcomes.isEmpty)
    }

    @Test("the intent is durable before the value is looked for, and without it nothing is released") func intentFirst() async throws {
        let (fails, log) = (Flag(false), CallLog())
        let bench = try await Self.bench(wrapping: { store in
            HookedStore(store, log, before: { call in if fails.isSet, call == "commit" { throw StoreError.full } })
        })
        fails.set()
        bench.brokers.play { $0.before = { log.clear() } }
        #expect(await Self.code { try await Self.request(bench) } == "audit.unwritten")
        #expect(bench.brokers.leaves.isEmpty && log.calls.contains("commit") && !log.calls.contains("field"))
        fails.set(false)
        try await Self.request(bench)
        let (written, opened) = (try #require(log.calls.firstIndex(of: "commit")), try #require(log.calls.firstIndex(of: "field")))
        #expect(written < opened && bench.brokers.leaves.count == 1)
    }

    @Test("what no rule lists, or not so, goes nowhere and reaches no broker") func outside() async throws {
        let bench = try await Self.bench()
        let denied = "destination_not_allowed"
        #expect(await Self.code { try await Self.request(bench, "app/key", "https://evil.example/v1/x") } == denied)
        #expect(await Self.code { try await Self.request(bench, "app/key", "https://api.stripe.com.evil.example/v1/x") } == denied)
        #expect(await Self.code { try await Self.request(bench, "app/key", "http://api.stripe.com/v1/x") } == denied)
        #expect(await Self.code { try await Self.request(bench, "app/key", "https://api.stripe.com:8443/v1/x") } == denied)
        #expect(await Self.code { try await Self.request(bench, "app/key", "https://api.stripe.com/v2/x") } == denied)
        #expect(await Self.code { try await Self.request(bench) { $0.method = "DELETE" } } == denied)
        #expect(bench.brokers.started == 0)
        let refusal = try #require(try await bench.log().last { $0.action == .known(.request) })
        #expect(refusal.decision == .deny(code: denied, rule: "stripe"))
        try await Self.apply(bench, capabilities: #""env_inject""#)
        #expect(await Self.code { try await Self.request(bench) } == "not_permitted")
        #expect(await Self.code { try await Self.request(bench, by: bench.person()) } == "request.invalid")
        #expect(await Self.code { try await Self.request(bench) { $0.purpose = " " } } == "request.invalid")
    }

    @Test(
        "where a provider gives out credentials nothing goes, whatever the rule lists",
        arguments: ["ephemeral_keys", "webhook_endpoints", "EPHEMERAL_KEYS"])
    func credentials(path: String) async throws {
        let bench = try await Self.bench()
        let answer = await Self.code { try await Self.request(bench, "app/key", "https://api.stripe.com/v1/\(path)") { $0.method = "POST" } }
        #expect(answer == "destination_not_allowed" && bench.brokers.started == 0)
        #expect(try await bench.log().last { $0.action == .known(.request) }?.decision == .deny(code: "destination_not_allowed"))
    }

    @Test("a name that may not be listed is answered as one that is not there") func hidden() async throws {
        let bench = try await Self.bench()
        for url in [Self.url, "https://evil.example/", "http://api.stripe.com/v1/x"] {
            var answers: [EngineError?] = []
            for name in ["db/key", "db/none"] {
                do { try await Self.request(bench, name, url) } catch { answers.append(error as? EngineError) }
            }
            #expect(answers == [.notFound(.secret), .notFound(.secret)])
        }
        #expect(await Self.code { try await Self.request(bench, "app/none") } == "secret.not-found")
        #expect(bench.brokers.started == 0)
    }

    @Test(
        "an agent writes nothing that carries, routes or lets in",
        arguments: [
            "Authorization", "authorization", "Cookie", "Host", "Connection", "Proxy-Authorization", "proxy-x", "Content-Length",
            "Transfer-Encoding", "Accept-Encoding", "X-Forwarded-Host", "X_Forwarded_Host", "X-HTTP-Method-Override", "Expect", "Upgrade", "Range",
            "Content-Encoding", "Sec-WebSocket-Key", "Trailer", "TE",
        ])
    func fields(name: String) async throws {
        let bench = try await Self.bench()
        var message = ""
        do { try await Self.request(bench) { $0.fields = [(name, "x")] } } catch { message = (error as? EngineError)?.message ?? "" }
        #expect(message.contains("`\(name)`"))
        #expect(bench.brokers.started == 0)
    }

    @Test("the credential is written where rule or provider have it, and never where the agent says") func places() async throws {
        for (place, field) in [("header: X-Api-Key", "x-api-key"), ("basic", "Authorization"), ("cookie: sid", "Cookie")] {
            let bench = try await Self.bench(#","places":["\#(place)"]"#)
            try await Self.request(bench)
            let errand = try #require(bench.brokers.errands.first)
            #expect(errand.head.fields.count(where: { $0.name == field }) == 1, "\(place)")
        }
        let bench = try await Self.bench(#","places":["query: key"]"#)
        try await Self.request(bench)
        let target = String(decoding: try #require(bench.brokers.errands.first).head.target, as: UTF8.self)
        #expect(target.hasPrefix("/v1/customers?limit=3&key="))
        for url in ["?key=mine", "?KEY=1", "?%6bey=1", "?a=1;key=2", "?key[]=1"] {
            #expect(await Self.code { try await Self.request(bench, "app/key", "https://api.stripe.com/v1/x\(url)") } == "request.invalid", "\(url)")
        }
        let header = try await Self.bench(#","places":["header: X-Api-Key"]"#)
        #expect(await Self.code { try await Self.request(header) { $0.fields = [("x-api-key", "mine")] } } == "request.invalid")
        let body = try await Self.bench(#","places":["form: key"]"#)
        #expect(await Self.code { try await Self.request(body) } == "unavailable")
        #expect(body.brokers.started == 0)
        let several = try await Self.bench(#","places":["json: /key","bearer"]"#)
        try await Self.request(several)
        #expect(several.brokers.errands.first?.head.fields.contains { $0.name == "Authorization" } == true)
    }

    @Test("a broker that asks for something else, for another token or twice gets nothing, and is written down") func takenOver() async throws {
        let stranger = GrantID(random: RandomBytes { [UInt8](repeating: 3, count: $0) })
        let changes: [(String, @Sendable (AskedRequest) -> AskedRequest)] = [
            ("token.elsewhere", { AskedRequest(scheme: $0.scheme, host: $0.host, port: $0.port, method: "POST", path: $0.path, uses: $0.uses) }),
            (
                "token.elsewhere",
                { AskedRequest(scheme: $0.scheme, host: $0.host, port: $0.port, method: $0.method, path: "/v1/other", uses: $0.uses) }
            ),
            (
                "token.elsewhere",
                { AskedRequest(scheme: $0.scheme, host: "evil.example", port: $0.port, method: $0.method, path: $0.path, uses: $0.uses) }
            ),
            ("token.elsewhere", { AskedRequest(scheme: $0.scheme, host: $0.host, port: $0.port, method: $0.method, path: $0.path, uses: []) }),
            (
                "token.unknown",
                { asked in
                    let uses = asked.uses.map { RequestWish.TokenUse(grant: stranger, place: $0.place, occurrences: 1) }
                    return AskedRequest(scheme: asked.scheme, host: asked.host, port: asked.port, method: asked.method, path: asked.path, uses: uses)
                }
            ),
        ]
        for (code, change) in changes {
            let bench = try await Self.bench()
            bench.brokers.play { $0.asks = change }
            #expect(await Self.code { try await Self.request(bench) } == "broker.refused")
            #expect(bench.brokers.leaves.isEmpty)
            let entry = try #require(try await bench.log().last { $0.action == .known(.tokenMisuse) })
            #expect(entry.decision == .deny(code: code))
        }
        let bench = try await Self.bench()
        bench.brokers.play { $0.times = 2 }
        #expect(await Self.code { try await Self.request(bench) } == "broker.refused")
        #expect(bench.brokers.leaves.count == 1)
        #expect(try await bench.log().last { $0.action == .known(.tokenMisuse) }?.decision == .deny(code: "token.again"))
        #expect(try await bench.verify().missingOutcomes.isEmpty)
    }

    @Test("a broker that answers what nobody allowed is not believed") func unbelieved() async throws {
        let bench = try await Self.bench()
        bench.brokers.play { $0.times = 0 }
        #expect(await Self.code { try await Self.request(bench) } == "broker.unavailable")
        #expect(bench.brokers.leaves.isEmpty)
    }

    @Test("an own network and authorities are the rule's") func terms() async throws {
        let pem = #"-----BEGIN CERTIFICATE-----\nMIIB\#(String(repeating: "A", count: 60))\n-----END CERTIFICATE-----\n"#
        let bench = try await Self.bench(#","own_network":"allow","authorities":"\#(pem)""#)
        try await Self.request(bench)
        let leave = try #require(bench.brokers.leaves.first)
        #expect(leave.reachesOwnNetwork && leave.authorities?.hasPrefix("-----BEGIN CERTIFICATE-----\nMIIB") == true)
    }
}
