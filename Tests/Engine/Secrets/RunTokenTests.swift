import Auditing
import Brokering
import Model
import Policies
import Storage
import TestKit
import Testing

@testable import Secrets

/// The tokens of runs as rows: they end with the run, whoever ends it, and the judge of a door looks at them with each request.
@Suite struct RunTokenTests {
    struct Scene {
        let run: PreparedRun
        let door: FakeBrokers.Door

        init(_ bench: VaultBench, agent: String = "coder") async throws {
            var wish = RunWish(arguments: ["claude"], scope: VaultBench.dev)
            (wish.secrets, wish.agent) = ([.init(reference: try SecretReference(parsing: "app/key"))], VaultBench.segment(agent))
            run = try await bench.open.prepareRun(wish, by: bench.person())
            door = try #require(bench.brokers.doors.last)
        }

        var own: GrantID { get throws { try #require(run.door?.tokens.first) } }

        /// What a request with the grant's token comes to: nil where it was let go.
        func refusal(_ grant: GrantID? = nil, strangers: [[UInt8]] = []) async throws -> String? {
            let use = RequestWish.TokenUse(grant: try grant ?? own, place: .bearer, occurrences: 1)
            let asked = AskedRequest(
                scheme: "https", host: "api.stripe.com", port: 443, method: "GET", path: "/v1/x", uses: [use], strangers: strangers)
            guard case .refuse(let denial) = await door.judge.judge(asked) else { return nil }
            return denial?.code ?? ""
        }
    }

    private func state(_ bench: VaultBench, _ id: GrantID) async throws -> TokenState? {
        try await bench.open.grant(id)?.state(at: bench.open.expiryClock())
    }

    private func misuses(_ bench: VaultBench) async throws -> [String] {
        try await bench.log().filter { $0.action == .known(.tokenMisuse) }.compactMap(\.decision.code)
    }

    @Test("a run's token is a row before anybody has it, and ends with the run") func ends() async throws {
        let bench = try await TokenTests.bench()
        let scene = try await Scene(bench)
        let id = try scene.own
        let row = try #require(try await bench.open.grant(id))
        #expect(row.run != nil && row.state(at: row.issuedAt) == .live)
        #expect(try await scene.refusal() == nil)
        let started = try await bench.vault.start(scene.run) {}
        await bench.vault.finish(started, result: "done", detail: [])
        #expect(try await state(bench, id) == .revoked)
        #expect(try await scene.refusal() == "token.revoked")
        let actions = try await bench.log().map(\.action)
        #expect(actions.contains(.known(.tokenIssue)) && actions.contains(.known(.tokenRevoke)))
        #expect(try await bench.verify().missingOutcomes.isEmpty)
    }

    @Test("it ends with a run that never began, with a door that could not be opened, and at the next unlock after a keeper died")
    func neverBegan() async throws {
        let bench = try await TokenTests.bench()
        let scene = try await Scene(bench)
        bench.runners.fail(with: .runnersGone)
        await #expect(throws: EngineError.runnersGone) { try await bench.vault.start(scene.run) {} }
        #expect(try await state(bench, scene.own) == .revoked)
        bench.runners.fail(with: nil)
        bench.brokers.play { $0.isUnavailable = true }
        await #expect(throws: BrokerFailure.unavailable) { try await Scene(bench) }
        #expect(try await bench.open.grants { $0.revokedAt == nil }.isEmpty)
        bench.brokers.play { $0.isUnavailable = false }
        let last = try await Scene(bench)
        #expect(try await state(bench, last.own) == .live)
        let next = bench.restarted()
        try await next.unlock()
        #expect(try await state(next, last.own) == .revoked)
        #expect(try await next.verify().verdict.isIntact)
    }

    @Test("a token that was revoked, has expired, or whose agents are frozen is refused in a run that goes on, and written down as a misuse")
    func over() async throws {
        let bench = try await TokenTests.bench()
        let issued = try await bench.open.issueToken(TokenTests.wish(life: .seconds(120)), by: bench.person()).view.id
        let scene = try await Scene(bench)
        #expect(scene.door.setup.tokens.count == 2)
        for grant in [issued, try scene.own] { #expect(try await scene.refusal(grant) == nil) }
        bench.machine.advance(.seconds(121))
        #expect(try await scene.refusal(issued) == "token.expired")
        bench.machine.setWall(by: .seconds(-600))
        #expect(try await scene.refusal(issued) == "token.expired")
        #expect(try await scene.refusal() == nil)
        _ = try await bench.open.revokeTokens(.those([scene.own]), by: bench.person())
        #expect(try await scene.refusal() == "token.revoked" && bench.brokers.ended == [scene.own])
        #expect(try await misuses(bench).sorted() == ["token.expired", "token.revoked"])
        _ = try await bench.vault.panic(by: bench.person())
        #expect(try await scene.refusal() == "agents.frozen" && bench.brokers.running == 0)
        #expect(try await scene.refusal(issued) == "agents.frozen")
    }

    @Test("an issued token is good in the runs of its agent alone, for the secret it was issued for, whatever that is called") func issued()
        async throws
    {
        let bench = try await TokenTests.bench()
        let (view, text) = try await bench.open.issueToken(TokenTests.wish(), by: bench.person())
        let (own, other) = (try await Scene(bench), try await Scene(bench, agent: "other"))
        #expect(own.door.setup.tokens[view.id]?.text == text && other.door.setup.tokens[view.id] == nil)
        #expect(try await own.refusal(view.id) == nil)
        #expect(try await other.refusal(view.id) == "broker.refused")
        // Another secret takes the name.
        var patch = MetadataPatch()
        patch.name = VaultBench.name("app/old")
        _ = try await bench.open.patch(VaultBench.name("app/key"), in: VaultBench.dev, patch, expectedRevision: nil, by: bench.person())
        try await bench.set("app/key", bench.canary().secret)
        #expect(try await own.refusal(view.id) == "secret.not-found")
        let later = try await Scene(bench)
        #expect(try await later.refusal(view.id) == nil)
    }

    @Test("the token of another run or agent in a request ends it, and the log says whose secret it is for") func strangers() async throws {
        let bench = try await TokenTests.bench()
        let (view, text) = try await bench.open.issueToken(TokenTests.wish(), by: bench.person())
        let (own, other) = (try await Scene(bench), try await Scene(bench, agent: "other"))
        let foreign = try #require(own.door.setup.tokens[own.own]).text
        #expect(try await other.refusal(strangers: [Array("sk_live_of-nobody".utf8)]) == nil)
        for text in [text, foreign] { #expect(try await other.refusal(strangers: [Array(text.utf8)]) == "token.foreign") }
        _ = try await bench.open.revokeTokens(.those([view.id]), by: bench.person())
        #expect(try await other.refusal(strangers: [[], Array(text.utf8)]) == "token.revoked")
        let entry = try #require(try await bench.log().first { $0.action == .known(.tokenMisuse) })
        #expect(entry.subjects.first?.secret != nil && entry.subjects.first?.record == view.id.cast())
        #expect(try await Set(misuses(bench)) == ["token.foreign", "token.revoked"])
        // An agent's own errand is looked at in the same way.
        bench.brokers.play { script in
            script.asks = { asked in
                var asked = asked
                asked.strangers = [Array(foreign.utf8)]
                return asked
            }
        }
        #expect(await ErrandTests.code { try await ErrandTests.request(bench) } == "token.foreign")
    }

    @Test("an agent has so many live tokens and no more") func limited() async throws {
        let bench = try await TokenTests.bench()
        for _ in 0..<OpenVault.tokensPerAgent { _ = try await bench.open.issueToken(TokenTests.wish(), by: bench.person()) }
        await #expect(throws: EngineError.self) { try await bench.open.issueToken(TokenTests.wish(), by: bench.person()) }
        _ = try await bench.open.issueToken(TokenTests.wish(agent: "other"), by: bench.person())
        _ = try await bench.open.revokeTokens(.agent(VaultBench.segment("coder")), by: bench.person())
        _ = try await bench.open.issueToken(TokenTests.wish(), by: bench.person())
    }
}
