import Auditing
import Brokering
import Model
import Policies
import Storage
import TestKit
import Testing

@testable import Secrets

/// Session files with fake tokens: wherever the policy lists requests with a secret, no value is written.
@Suite struct InjectedTokenTests {
    private func bench(_ capabilities: [Capability] = [.broker, .fileInject], rules: String = TokenTests.rules) async throws -> VaultBench {
        let bench = try await TokenTests.bench()
        try await bench.allow(capabilities, agent: "*", rules: rules)
        return bench
    }

    private func agent(_ bench: VaultBench) async throws -> Asker {
        var agent = try await bench.open.agent(named: VaultBench.segment("coder"), for: bench.person())
        agent.source = .mcp
        return agent
    }

    @discardableResult private func inject(
        _ bench: VaultBench, _ names: [String] = ["app/key"], _ change: (inout InjectionWish) -> Void = { _ in }
    ) async throws -> InjectedFile {
        let secrets = try names.map { RunWish.Secret(reference: try SecretReference(parsing: $0)) }
        var wish = InjectionWish(scope: VaultBench.dev, secrets: secrets, purpose: "a test")
        wish.content = .values
        change(&wish)
        return try await bench.open.inject(wish, by: agent(bench))
    }

    private func lines(_ bench: VaultBench, of id: String) throws -> [String: String] {
        let draft = try #require(bench.files.drafts.first { $0.id == id })
        return draft.items.reduce(into: [:]) { lines, item in
            switch item.content {
            case .value(let value): lines[item.variable] = value.text
            case .reference(let text), .text(let text): lines[item.variable] = text
            }
        }
    }

    private func isAllowed(_ bench: VaultBench, _ grant: GrantID, host: String = "api.stripe.com") async throws -> Bool {
        let door = try #require(bench.brokers.doors.last)
        let asked = AskedRequest(
            scheme: "https", host: host, port: 443, method: "GET", path: "/v1/charges", uses: [.init(grant: grant, place: .bearer, occurrences: 1)])
        if case .allow = await door.judge.judge(asked) { return true } else { return false }
    }

    @Test("the agent gets a token and a proxy that knows it, and nowhere the value; each request is judged as any of its own") func proxied()
        async throws
    {
        let bench = try await bench()
        let file = try await inject(bench)
        let real = try await bench.reveal("app/key")
        let lines = try lines(bench, of: file.id)
        let door = try #require(bench.brokers.doors.last)
        let (grant, token) = try #require(door.setup.tokens.first)
        #expect(lines["APP_KEY"] == token.text && token.text != real && !lines.values.contains { $0.contains(real) })
        #expect(lines["HTTPS_PROXY"] == "http://tacit:\(door.setup.credential)@127.0.0.1:4711")
        let certificates = try #require(bench.files.drafts.first { $0.format == .certificates })
        #expect(lines["SSL_CERT_FILE"] == "/run/\(certificates.id)" && file.variables.sorted() == lines.keys.sorted())
        #expect(file.content == .tokens)
        #expect(try await isAllowed(bench, grant))
        #expect(try await !isAllowed(bench, grant, host: "evil.example"))
        let intent = try #require(try await bench.log().last { $0.action == .known(.secretInject) && $0.phase == .intent })
        #expect(intent.mode == .known(.resolve) && intent.detail.contains(AuditFact("content", "tokens")))
        #expect(try await bench.verify().missingOutcomes.isEmpty)
    }

    @Test("a service whose programs take an address has that in the place of a proxy") func addressed() async throws {
        let rules = #","request_rules":[{"name":"models","agent_id":"*","keys":["app/*"],"hosts":["api.openai.com"],"paths":["/v1/**"]}]"#
        let bench = try await bench(rules: rules)
        let file = try await inject(bench)
        let lines = try lines(bench, of: file.id)
        #expect(lines["OPENAI_BASE_URL"] == "http://127.0.0.1:4711/via/openai/v1" && lines["HTTPS_PROXY"] == nil)
        #expect(bench.files.drafts.count == 1)
        let own = try await inject(bench) { $0.secrets[0].variable = "OPENAI_BASE_URL" }
        #expect(try self.lines(bench, of: own.id)["OPENAI_BASE_URL"]?.hasPrefix("http") == false)
    }

    @Test("no value is written by accident: beside a token, or where no request is listed and no capability is there") func refused() async throws {
        let bench = try await bench()
        let rules = #","request_rules":[{"name":"one","agent_id":"*","keys":["app/key"],"hosts":["api.stripe.com"],"paths":["/**"]}]"#
        try await bench.set("app/other", bench.canary().secret)
        try await bench.allow([.broker, .fileInject], agent: "*", rules: rules)
        #expect(await AgentSessionTests.code { try await inject(bench, ["app/key", "app/other"]) } == "request.invalid")
        #expect(await AgentSessionTests.code { try await inject(bench, ["app/key?version=1"]) } == "request.invalid")
        #expect(await AgentSessionTests.code { try await inject(bench, ["app/key", "app/none"]) } == "secret.not-found")
        try await bench.allow([.broker], agent: "*", rules: rules)
        #expect(await AgentSessionTests.code { try await inject(bench, ["app/other"]) } == "not_permitted")
        #expect(bench.files.drafts.isEmpty && bench.brokers.started == 0)
        #expect(try await bench.open.book.records(.grant).isEmpty)
        // The broker is enough for a token, and a person is asked for each request, not for it.
        try await inject(bench)
        #expect(try await bench.open.requests(by: bench.person()).isEmpty)
    }

    @Test("tokens outlive the file that is read, and another policy; they end with their time, with sleep, and where no file could be written")
    func ends() async throws {
        let bench = try await bench()
        let file = try await inject(bench) { $0.reads = 1 }
        let grant = try #require(bench.brokers.doors.last?.setup.tokens.keys.first)
        bench.files.exhaust(file.id)
        try await bench.allow([.broker], agent: "*", rules: TokenTests.rules)
        #expect(try await isAllowed(bench, grant) && bench.files.drafts.map(\.format) == [.certificates])
        let slumber = try await bench.open.sleep(SleepWish(), by: agent(bench))
        #expect(slumber == Slumber(files: 1, tokens: 1) && bench.brokers.running == 0)
        #expect(try await !isAllowed(bench, grant))
        bench.files.fail(with: .invalid("no room", hint: nil))
        #expect(await AgentSessionTests.code { try await inject(bench) } == "request.invalid")
        #expect(try await bench.open.grants { $0.revokedAt == nil }.isEmpty && bench.brokers.running == 0)
        bench.files.fail(with: nil)
        try await inject(bench) { $0.life = .seconds(60) }
        let short = try #require(bench.brokers.doors.last?.setup.tokens.keys.first)
        bench.machine.advance(.seconds(61))
        #expect(try await !isAllowed(bench, short))
        try await bench.open.sleepExpired()
        #expect(bench.files.drafts.isEmpty)
        #expect(try await bench.verify().missingOutcomes.isEmpty)
    }

    @Test("an AWS key is a pair that signs, of its plain fields the name of the key alone is told") func signing() async throws {
        let bench = try await bench()
        let fields = [
            ("id", FieldKind.plain, "AKIAZ7Q4XK2MV5TB3WHD"), ("secret", .secret, "CANARY/real+secret/0123456789abcdefghijk"),
            ("user", .plain, "somebody"),
        ]
        var write = SecretWrite(
            name: VaultBench.name("app/aws"),
            fields: fields.map {
                .init(name: VaultBench.segment($0.0), kind: $0.1, value: SecretValue(copying: unsafe Array($0.2.utf8).span.bytes))
            })
        write.bindings = fields.map { ("AWS_\($0.0.uppercased())", VaultBench.segment($0.0)) }
        _ = try await bench.open.set(write, in: VaultBench.dev, by: bench.person())
        let file = try await inject(bench, ["app/aws"])
        let door = try #require(bench.brokers.doors.last)
        let lines = try lines(bench, of: file.id)
        #expect(door.setup.signing.count == 1 && door.setup.tokens.count == 1)
        #expect(lines["AWS_ID"] == "AKIAZ7Q4XK2MV5TB3WHD" && lines["AWS_SECRET"] == door.setup.tokens.values.first?.text)
        #expect(lines["AWS_USER"] == nil && lines["AWS_CA_BUNDLE"] != nil)
    }
}
