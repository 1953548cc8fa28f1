import Auditing
import Brokering
import Model
import Policies
import Storage
import TestKit
import Testing

@testable import Secrets

/// Fake tokens that a person issues: what is stored of them, how long they are good, and how they end.
@Suite struct TokenTests {
    static let rules = #","request_rules":[{"name":"stripe","agent_id":"*","keys":["app/*"],"hosts":["api.stripe.com"],"paths":["/v1/**"]}]"#

    static func wish(_ name: String = "app/key", agent: String = "coder", life: Duration? = nil) throws -> TokenWish {
        TokenWish(
            agent: try SegmentName(agent, of: .agent), reference: try SecretReference(parsing: name), scope: VaultBench.dev, life: life)
    }

    static func bench(wrapping: @escaping @Sendable (InMemoryStore) -> any VaultStore = { $0 }) async throws -> VaultBench {
        let bench = VaultBench(wrapping: wrapping)
        try await bench.create()
        try await bench.set("app/key", bench.canary().secret)
        try await bench.allow([.broker, .maskedReturn], agent: "*", rules: rules)
        for name in ["coder", "other"] { _ = try await bench.open.addAgent(VaultBench.segment(name), by: bench.person()) }
        return bench
    }

    private func row(_ bench: VaultBench, _ number: Int = 0) async throws -> Record {
        let rows = try await bench.open.book.records(.grant)
        return try #require(rows.indices.contains(number) ? rows[number] : nil)
    }

    private func states(_ bench: VaultBench) async throws -> [TokenState] {
        try await bench.open.tokens(by: bench.person()).map(\.state)
    }

    @Test("a token looks like the service's own that the rules name, is told once, and is stored nowhere") func issued() async throws {
        let bench = try await Self.bench()
        let (view, text) = try await bench.open.issueToken(Self.wish(), by: bench.person())
        #expect(text.hasPrefix("sk_live_") || text.hasPrefix("sk_test_") || text.hasPrefix("rk_"))
        #expect(view.masked == "********\(text.suffix(4))" && view.secret == "default/dev/app/key#value" && view.agent == "coder")
        #expect(view.state == .live && view.expiresAt.duration(since: view.issuedAt) == TokenWish.usualLife)
        let listed = try #require(try await bench.open.tokens(by: bench.person()).first)
        #expect([listed.secret, listed.masked, listed.agent, "\(listed.id)"] == [view.secret, view.masked, view.agent, "\(view.id)"])
        let found = try await bench.open.grant(recognising: Array(text.utf8))
        #expect(found?.id == view.id && found?.record.run == nil)
        #expect(try await bench.open.grant(recognising: Array(text.dropLast().utf8)) == nil)
        let dump = try await StoreDump(of: bench.store)
        let token = Array(text.utf8)
        for bytes in dump.records.flatMap({ [$0.content, $0.lookup ?? [], $0.mac] }) + dump.entries.map(\.sealed) {
            #expect(bytes.firstRange(of: token) == nil && bytes.firstRange(of: Array("stripe".utf8)) == nil)
        }
        #expect(try await !bench.log().contains { entry in entry.detail.contains { $0.value.contains(text) } })
        try await bench.relock()
        let again = try bench.open.token(of: try await row(bench)).token
        #expect(again.text == text)
    }

    @Test("on request a token says what it is, and for which service") func neutral() async throws {
        let bench = try await Self.bench()
        var wish = try Self.wish()
        wish.isNeutral = true
        let (view, text) = try await bench.open.issueToken(wish, by: bench.person())
        #expect(text.hasPrefix("tacit_stripe_") && text.utf8.count == "tacit_stripe_".utf8.count + 32 && view.shape == "tacit-stripe")
        #expect(try await bench.open.grant(recognising: Array(text.utf8))?.id == view.id)
        try await bench.relock()
        #expect(try await bench.open.tokens(by: bench.person()).map(\.masked) == ["********\(text.suffix(4))"], "it is made again as it was")
    }

    @Test("only a person who was asked again issues one, for an agent that may use the secret, of a field that is secret, for a while that is one")
    func notIssued() async throws {
        let bench = try await Self.bench()
        for asker in [try bench.agent(), bench.nobody(), bench.person(steppedUp: false)] {
            await #expect(throws: EngineError.self) { try await bench.open.issueToken(Self.wish(), by: asker) }
        }
        try await bench.set("db/key", bench.canary().secret)
        _ = try await bench.open.set(VaultBench.write("app/user", "ada".secret, kind: .plain), in: VaultBench.dev, by: bench.person())
        let wishes = [
            try Self.wish("db/key"), try Self.wish("app/none"), try Self.wish(agent: "nobody"), try Self.wish("app/user"),
            try Self.wish("app/key#none"), try Self.wish(life: .seconds(59)), try Self.wish(life: .seconds(367 * 86_400)),
            try Self.wish("app/key?version=1"),
        ]
        for wish in wishes { await #expect(throws: EngineError.self) { try await bench.open.issueToken(wish, by: bench.person()) } }
        try await bench.allow([.maskedReturn], agent: "*", rules: Self.rules)
        await #expect(throws: EngineError.self) { try await bench.open.issueToken(Self.wish(), by: bench.person()) }
        #expect(try await bench.open.book.records(.grant).isEmpty)
    }

    @Test("a token expires, and a clock that is set back does not bring it to life") func expiry() async throws {
        let bench = try await Self.bench()
        _ = try await bench.open.issueToken(Self.wish(life: .seconds(3600)), by: bench.person())
        bench.machine.advance(.seconds(3599))
        try await bench.relock()
        #expect(try await states(bench) == [.live])
        bench.machine.advance(.seconds(1))
        try await bench.relock()
        #expect(try await states(bench) == [.expired])
        bench.machine.setWall(by: .seconds(-7200))
        #expect(try await states(bench) == [.expired])
        try await bench.relock()
        #expect(try await states(bench) == [.expired])
    }

    @Test("tokens are revoked one by one, an agent's, or all; what is over stays over, and is counted once") func revoked() async throws {
        let bench = try await Self.bench()
        var ids: [GrantID] = []
        for agent in ["coder", "coder", "other"] { ids.append(try await bench.open.issueToken(Self.wish(agent: agent), by: bench.person()).view.id) }
        for asker in [try bench.agent(), bench.nobody()] {
            await #expect(throws: EngineError.self) { try await bench.open.revokeTokens(.all, by: asker) }
            await #expect(throws: EngineError.self) { try await bench.open.tokens(by: asker) }
        }
        let unknown: GrantID = bench.random.id()
        await #expect(throws: EngineError.notFound(.token)) { try await bench.open.revokeTokens(.those([ids[0], unknown]), by: bench.person()) }
        #expect(try await states(bench) == [.live, .live, .live], "a wish that names an unknown one ends none")
        // It only lowers what is allowed: nobody is asked again.
        let person = bench.person(steppedUp: false)
        #expect(try await bench.open.revokeTokens(.those([ids[0], ids[0]]), by: person) == 1)
        #expect(try await bench.open.revokeTokens(.agent(VaultBench.segment("coder")), by: person) == 1)
        #expect(try await bench.open.revokeTokens(.all, by: person) == 1)
        #expect(try await bench.open.revokeTokens(.all, by: person) == 0)
        try await bench.relock()
        #expect(try await states(bench) == [.revoked, .revoked, .revoked])
        await #expect(throws: EngineError.notFound(.agent)) {
            try await bench.open.revokeTokens(.agent(VaultBench.segment("nobody")), by: bench.person())
        }
    }

    @Test("tokens end with their agent, and go with their secret") func owners() async throws {
        let bench = try await Self.bench()
        for agent in ["coder", "other"] { _ = try await bench.open.issueToken(Self.wish(agent: agent), by: bench.person()) }
        try await bench.open.revokeAgent(VaultBench.segment("coder"), by: bench.person())
        let views = try await bench.open.tokens(by: bench.person())
        #expect(Set(views.map { "\($0.agent) \($0.state)" }) == ["coder revoked", "other live"])
        _ = try await bench.open.delete(VaultBench.name("app/key"), in: VaultBench.dev, by: bench.person())
        try await bench.open.purge(VaultBench.name("app/key"), in: VaultBench.dev, by: bench.person())
        #expect(try await bench.open.book.records(.grant).isEmpty)
        try await bench.relock()
    }

    @Test("two who end the same token at once both succeed, and it ends once") func twoWriters() async throws {
        let once = Flag(true)
        let during = Flag(false)
        let bench = try await Self.bench(wrapping: { store in
            HookedStore(
                store,
                before: { call in
                    guard call == "commit", during.isSet, once.isSet else { return }
                    once.set(false)
                    // Another writer was faster: the row stands at its next revision already.
                    guard let organization = try await store.organizations().first,
                        var row = try await store.records(.grant, parent: nil, after: nil, limit: 1, in: organization).first
                    else { throw TestFailure("no grant") }
                    row.revision += 1
                    for result in try await store.commit([Batch([.put(row, replacing: row.revision - 1)])]) { try result.get() }
                })
        })
        _ = try await bench.open.issueToken(Self.wish(), by: bench.person())
        during.set()
        // What stands there now was written by nobody who has the keys, and is refused rather than overwritten.
        await #expect(throws: EngineError.recordsDisagree) { try await bench.open.revokeTokens(.all, by: bench.person()) }

        let shared = try await Self.bench()
        for _ in 0..<4 { _ = try await shared.open.issueToken(Self.wish(), by: shared.person()) }
        let open = try shared.open
        let counts = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<6 { group.addTask { try await open.revokeTokens(.all, by: shared.person()) } }
            return try await group.reduce(0, +)
        }
        #expect(counts == 4)
        #expect(try await shared.verify().verdict.isIntact)
        try await shared.relock()
    }

    @Test("a grant that was edited, put back to an earlier state or given another's place is refused") func tampered() async throws {
        let bench = try await Self.bench()
        for agent in ["coder", "other"] { _ = try await bench.open.issueToken(Self.wish(agent: agent), by: bench.person()) }
        try await bench.lock()
        let before = try await StoreDump(of: bench.store)
        try await bench.unlock()
        _ = try await bench.open.revokeTokens(.all, by: bench.person())
        try await bench.lock()
        let after = try await StoreDump(of: bench.store)
        let position = try after.position(.grant)
        let changes: [(inout StoreDump) -> Void] = [
            { $0.records[position] = before.records[position] },
            { $0.records[position].content[$0.records[position].content.count - 1] ^= 1 },
            { dump in
                let lookup = dump.records[position].lookup
                dump.records[position].lookup = dump.records[position + 1].lookup
                dump.records[position + 1].lookup = lookup
            },
            { $0.records.remove(at: position) },
        ]
        for (number, change) in changes.enumerated() {
            var dump = after
            change(&dump)
            let next = bench.restarted(on: try await dump.load())
            await #expect(throws: EngineError.recordsDisagree, "change \(number)") { try await next.unlock() }
        }
        // Of a vault that is open, too: a row is held against its MAC whenever it is read.
        let next = bench.restarted(on: try await after.load())
        try await next.unlock()
        var forged = after.records[position]
        forged.revision += 1
        for result in try await next.store.commit([Batch([.put(forged, replacing: forged.revision - 1)])]) { try result.get() }
        await #expect(throws: EngineError.recordsDisagree) { try await next.open.tokens(by: next.person()) }
    }

    @Test("what is over is forgotten after thirty days, at an unlock, unless the clock is in doubt") func forgotten() async throws {
        let bench = try await Self.bench()
        _ = try await bench.open.issueToken(Self.wish(life: .seconds(60)), by: bench.person())
        bench.machine.advance(.seconds(29 * 86_400))
        try await bench.relock()
        #expect(try await states(bench) == [.expired])
        bench.machine.advance(.seconds(2 * 86_400))
        bench.machine.setWall(by: .seconds(-3600))
        try await bench.relock()
        #expect(try await states(bench) == [.expired])
        bench.machine.setWall(by: .seconds(3600))
        try await bench.relock()
        #expect(try await states(bench).isEmpty)
        let entry = try await bench.log().last { $0.action == .known(.tokenRevoke) }
        #expect(entry?.source == .known(.keeper) && entry?.detail.contains(AuditFact("forgotten", 1)) == true)
    }
}
