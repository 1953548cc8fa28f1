import Auditing
import Brokering
import Model
import Policies
import Storage
import Synchronization
import TestKit
import Testing

@testable import Secrets

/// Replies with new credentials: where they go, who decided that, and what the agent has of it.
@Suite struct SealTests {
    private static let path = "/app/installations/7/access_tokens"
    private static let seals = #""seal":["token: /token"],"seal_into":"app/installation","seal_expiry":"/expires_at""#

    /// A vault with `app/key` and a rule that lists the path which gives out credentials.
    private static func bench(
        _ seals: String = SealTests.seals, allowed: String = #""app/*""#, tags: Bool = false,
        wrapping: @escaping @Sendable (InMemoryStore) -> any VaultStore = { $0 }
    ) async throws -> VaultBench {
        let bench = try await ErrandTests.bench(tags: tags ? #""require_session""# : nil, wrapping: wrapping)
        _ = try await bench.open.addAgent(SegmentName("coder", of: .agent), by: bench.person())
        try await apply(seals, allowed: allowed, to: bench)
        return bench
    }

    private static func apply(_ seals: String, allowed: String = #""app/*""#, to bench: VaultBench) async throws {
        let policy = #"{"name":"p","agent_id":"coder","allowed_keys":[\#(allowed)],"capabilities":["broker"]}"#
        let head = #""agent_id":"coder","keys":["app/key"],"hosts":["api.github.com"]"#
        let rules = #"{"name":"mint",\#(head),"methods":["POST"],"paths":["\#(path)"]\#(seals.isEmpty ? "" : ",\(seals)")}"#
        let more = #"{"name":"use","agent_id":"coder","keys":["app/*"],"hosts":["api.github.com"],"paths":["/repos/**"]}"#
        let json = #"{"policies":[\#(policy)],"request_rules":[\#(rules),\#(more)]}"#
        _ = try await bench.open.applyPolicy(json: Array(json.utf8), text: nil, expectedVersion: nil, by: bench.person())
    }

    private struct Scene {
        let bench: VaultBench
        let run: PreparedRun
        let door: FakeBrokers.Door

        init(_ bench: VaultBench) async throws {
            self.bench = bench
            (run, door) = try await bench.coderRun()
        }

        var grant: GrantID { get throws { try #require(door.setup.tokens.keys.first) } }

        func ask(_ path: String = SealTests.path, method: String = "POST", _ grants: [GrantID]? = nil) async throws -> RequestJudgement {
            let uses = try (grants ?? [grant]).map { RequestWish.TokenUse(grant: $0, place: .bearer, occurrences: 1) }
            return await door.judge.judge(
                AskedRequest(scheme: "https", host: "api.github.com", port: 443, method: method, path: path, uses: uses))
        }

        func allowed() async throws -> RequestLeave {
            guard case .allow(let leave) = try await ask() else { throw TestFailure("it was refused") }
            return leave
        }

        /// Has a reply of its own request sealed.
        func seal(_ values: [Canary], _ expiry: CredentialExpiry? = .after(.seconds(3600))) async throws -> [SealedCredential]? {
            let leave = try await allowed()
            defer { Task { await door.judge.conclude(RequestOutcome(result: "done", status: 201, duration: .zero), of: leave.entry) } }
            return await door.judge.seal(NewCredentials(values: values.map(\.secret), expiry: expiry), of: leave.entry)
        }
    }

    private func code(_ judgement: RequestJudgement) -> String? {
        guard case .refuse(let denial) = judgement else { return nil }
        return denial?.code
    }

    @Test("a request that says of itself that its answer holds credentials goes only where a rule seals that")
    func said() async throws {
        let scene = try await Scene(try await Self.bench())
        for (method, path, isSealed) in [("POST", Self.path, true), ("GET", "/repos/a/b", false)] {
            let use = RequestWish.TokenUse(grant: try scene.grant, place: .bearer, occurrences: 1)
            var asked = AskedRequest(scheme: "https", host: "api.github.com", port: 443, method: method, path: path, uses: [use])
            guard case .allow = await scene.door.judge.judge(asked) else { throw TestFailure("it was refused") }
            asked.givesCredentials = true
            let judgement = await scene.door.judge.judge(asked)
            if isSealed { #expect(code(judgement) == nil) } else { #expect(code(judgement) == "destination_not_allowed") }
        }
    }

    @Test("a new credential becomes the first version of the secret that the rule names, and the agent gets a token that works for it")
    func first() async throws {
        let bench = try await Self.bench()
        let scene = try await Scene(bench)
        let leave = try await scene.allowed()
        #expect(leave.seal == SealOrder(pointers: ["/token"], expiry: "/expires_at") && leave.releases.count == 1)
        let value = bench.canary()
        let answer = await scene.door.judge.seal(NewCredentials(values: [value.secret], expiry: .after(.seconds(60))), of: leave.entry)
        let sealed = try #require(answer?.first)
        #expect(sealed.text != value.text && sealed.name == "app/installation" && sealed.grant != nil)
        #expect(try await bench.reveal("app/installation") == value.text)
        // Its own rules list where it goes.
        let id = try #require(sealed.grant)
        guard case .allow(let use) = try await scene.ask("/repos/a/b", method: "GET", [id]) else {
            Issue.record("the token does not work")
            return
        }
        #expect(use.releases.map(\.value) == [value.secret] && use.seal == nil)
        #expect(code(try await scene.ask(Self.path, [id])) == "destination_not_allowed")
        bench.machine.advance(.seconds(61))
        #expect(code(try await scene.ask("/repos/a/b", method: "GET", [id])) == "secret.expired")
        let log = try await bench.log()
        let entry = try #require(log.first { $0.action == .known(.secretSet) && $0.source == .known(.broker) })
        #expect(entry.mode == .known(.write) && entry.decision == .allow() && entry.detail.contains(AuditFact("request-rule", "mint")))
        #expect(entry.detail.contains(AuditFact("sealed-reply-of", leave.entry)))
        #expect(log.contains { $0.action == .known(.tokenIssue) && $0.detail.contains(AuditFact("sealed-by", "mint")) })
        #expect(try await bench.verify().verdict.isIntact)
    }

    @Test("the next one is a new version, the token stays the same; fields that the reply does not bring stay as they are") func next() async throws {
        let bench = try await Self.bench()
        var write = VaultBench.write("app/installation", bench.canary().secret, field: "token")
        let kept = bench.canary()
        write.fields.append(.init(name: VaultBench.segment("webhook"), kind: .secret, value: kept.secret))
        _ = try await bench.open.set(write, in: VaultBench.dev, by: bench.person())
        let scene = try await Scene(bench)
        let (one, two) = (bench.canary(), bench.canary())
        let first = try #require(try await scene.seal([one])?.first)
        #expect(try await bench.reveal("app/installation", field: "token") == one.text && first.name == "app/installation#token")
        let second = try #require(try await scene.seal([two])?.first)
        #expect(second == first)
        #expect(try await bench.reveal("app/installation", field: "token") == two.text)
        #expect(try await bench.reveal("app/installation", field: "webhook") == kept.text)
        #expect(try await bench.reveal("app/installation", version: 2, field: "token") == one.text, "earlier ones stay, as of every secret")
        #expect(try await bench.verify().missingOutcomes.isEmpty)
    }

    @Test("a reply is sealed once, of a request that was allowed, ends sealed or not, and with as many values as the rule has") func once()
        async throws
    {
        let bench = try await Self.bench()
        let scene = try await Scene(bench)
        let leave = try await scene.allowed()
        let judge = scene.door.judge
        func seal(_ count: Int, of entry: Int64) async -> [SealedCredential]? {
            await judge.seal(NewCredentials(values: (0..<count).map { _ in bench.canary().secret }, expiry: nil), of: entry)
        }
        #expect(await seal(1, of: leave.entry + 1) == nil)
        #expect(await seal(1, of: leave.entry) != nil)
        #expect(await seal(1, of: leave.entry) == nil)
        let (more, ended, plain) = (try await scene.allowed(), try await scene.allowed(), try await scene.ask("/repos/a/b", method: "GET"))
        #expect(await seal(2, of: more.entry) == nil)
        await judge.conclude(RequestOutcome(result: "done", duration: .zero), of: ended.entry)
        #expect(await seal(1, of: ended.entry) == nil)
        guard case .allow(let unsealed) = plain else { throw TestFailure("it was refused") }
        #expect(await seal(1, of: unsealed.entry) == nil, "no rule seals that one")
        #expect(try await bench.open.list(VaultBench.dev, ListFilter(), by: bench.person()).total == 3)
    }

    @Test("where no rule seals, such a path stays closed; a rule that seals lists nothing without the secret") func closed() async throws {
        let bench = try await Self.bench("")
        #expect(code(try await Scene(bench).ask()) == "destination_not_allowed")
        let url = "https://api.github.com\(Self.path)"
        #expect(await ErrandTests.code { try await ErrandTests.request(bench, "app/key", url) { $0.method = "POST" } } == "destination_not_allowed")
        try await Self.apply(Self.seals, to: bench)
        #expect(code(try await Scene(bench).ask(Self.path, [])) == "destination_not_allowed")
        _ = try await Scene(bench).allowed()
    }

    @Test("a secret that the agent may not use, or that was deleted, takes nothing; the request does not leave") func others() async throws {
        let bench = try await Self.bench(allowed: #""app/key""#)
        #expect(code(try await Scene(bench).ask()) == "destination_not_allowed")
        try await Self.apply(#""seal":["/token"],"seal_into":"db/key""#, to: bench)
        #expect(code(try await Scene(bench).ask()) == "destination_not_allowed")
        let bare = try await Self.bench()
        try await bare.set("app/installation", bare.canary().secret)
        _ = try await bare.open.delete(VaultBench.name("app/installation"), in: VaultBench.dev, by: bare.person())
        #expect(code(try await Scene(bare).ask()) == "unavailable")
        #expect(try await !bare.log().contains { $0.action == .known(.request) && $0.phase == .outcome(of: 0, result: "done") })
    }

    @Test("what changed between the request and its reply is judged anew: frozen agents, a revoked one, a lock") func meanwhile() async throws {
        let bench = try await Self.bench()
        let scene = try await Scene(bench)
        let (first, second) = (try await scene.allowed(), try await scene.allowed())
        func seal(_ entry: Int64) async -> [SealedCredential]? {
            await scene.door.judge.seal(NewCredentials(values: [bench.canary().secret], expiry: nil), of: entry)
        }
        try await bench.open.revokeAgent(SegmentName("coder", of: .agent), by: bench.person())
        #expect(await seal(first.entry) == nil)
        try await bench.lock()
        #expect(await seal(second.entry) == nil)
        let frozen = try await Self.bench()
        let other = try await Scene(frozen)
        let leave = try await other.allowed()
        _ = try await frozen.vault.panic(by: frozen.person())
        #expect(await other.door.judge.seal(NewCredentials(values: [frozen.canary().secret], expiry: nil), of: leave.entry) == nil)
        #expect(try await frozen.open.list(VaultBench.dev, ListFilter(), by: frozen.person()).total == 2)
    }

    @Test("the secret that a rule makes has the tags of the one that brought it") func tags() async throws {
        let bench = try await Self.bench()
        var patch = MetadataPatch()
        patch.addTags = ["live"]
        _ = try await bench.open.patch(VaultBench.name("app/key"), in: VaultBench.dev, patch, expectedRevision: nil, by: bench.person())
        _ = try #require(try await Scene(bench).seal([bench.canary()]))
        #expect(try await bench.open.show(VaultBench.name("app/installation"), in: VaultBench.dev, by: bench.person()).tags == ["live"])
    }

    @Test("its tokens end with the run") func ends() async throws {
        let bench = try await Self.bench()
        let scene = try await Scene(bench)
        let id = try #require(try await scene.seal([bench.canary()])?.first?.grant)
        let started = try await bench.vault.start(scene.run) {}
        await bench.vault.finish(started, result: "exit 0", detail: [])
        #expect(try await bench.open.grant(id)?.state(at: bench.machine.wall) == .revoked)
    }

    @Test("without a secret that is named, it goes into the one that the request was made with") func itself() async throws {
        let bench = try await Self.bench(#""seal":["/token"]"#)
        let scene = try await Scene(bench)
        let value = bench.canary()
        let sealed = try #require(try await scene.seal([value], nil)?.first)
        #expect(try sealed.grant == scene.grant && sealed.text == scene.door.setup.tokens[scene.grant]?.text)
        #expect(try await bench.reveal("app/key") == value.text)
    }

    @Test("several at once are versions of their own, none is lost") func atOnce() async throws {
        let bench = try await Self.bench()
        let scene = try await Scene(bench)
        let values = (0..<8).map { _ in bench.canary() }
        let sealed = try await withThrowingTaskGroup(of: [SealedCredential]?.self) { group in
            for value in values { group.addTask { try await scene.seal([value]) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(sealed.allSatisfy { $0?.count == 1 })
        var stored: Set<String> = []
        for version in Int64(1)...8 { stored.insert(try await bench.reveal("app/installation", version: version)) }
        #expect(stored == Set(values.map(\.text)))
        #expect(try await bench.verify().verdict.isIntact)
    }

    @Test("an agent's one request tells the reference of what was sealed") func errand() async throws {
        let bench = try await Self.bench()
        let value = bench.canary()
        let sealed = Mutex([SealedCredential]?.none)
        bench.brokers.play { script in
            script.seals = { judge, entry in
                let answer = await judge.seal(NewCredentials(values: [value.secret], expiry: nil), of: entry)
                sealed.withLock { $0 = answer }
            }
        }
        try await ErrandTests.request(bench, "app/key", "https://api.github.com\(Self.path)") { $0.method = "POST" }
        #expect(sealed.withLock { $0 } == [SealedCredential(text: "tacit://default/dev/app/installation", name: "app/installation", grant: nil)])
        #expect(try await bench.reveal("app/installation") == value.text && bench.brokers.leaves.last?.seal?.pointers == ["/token"])
    }
}
