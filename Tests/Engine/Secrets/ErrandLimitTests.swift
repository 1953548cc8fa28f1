import Approvals
import Auditing
import Brokering
import Model
import Policies
import Storage
import TestKit
import Testing

@testable import Secrets

/// What a request through the broker is bound to: a person's approval, a rate, the session, what replies may answer.
@Suite struct ErrandLimitTests {
    private typealias Errands = ErrandTests

    /// Asks, and gives back the request that waits for a person.
    private func asked(_ bench: VaultBench, _ url: String = Errands.url, _ change: @escaping (inout ErrandWish) -> Void = { _ in }) async throws
        -> RequestView
    {
        do { try await Errands.request(bench, "app/key", url, change) } catch EngineError.denied(let denial) {
            #expect(denial.code == "approval_required")
            if let found = try await bench.open.requests(by: bench.person()).first(where: { $0.id == denial.request }) { return found }
        }
        throw TestFailure("nothing was asked")
    }

    @Test("an approval is good for exactly this request, once: another body, field, query, path, method or field of the secret is another")
    func approval() async throws {
        let bench = try await Errands.bench(#","approval":"person""#)
        let wish: @Sendable (inout ErrandWish) -> Void = {
            ($0.method, $0.fields, $0.body) = ("POST", [("Content-Type", "application/json"), ("X-Trace", "1")], Array(#"{"amount":1}"#.utf8))
        }
        let request = try await asked(bench, Errands.url, wish)
        #expect(bench.brokers.leaves.isEmpty)
        guard case .use(let subject, let names) = request.request.matter else { throw TestFailure("no use") }
        #expect(subject.use == .request && names == ["default/dev/app/key@1"] && subject.secrets.map(\.destination) == [.request("bearer")])
        #expect(
            subject.request
                == BoundRequest(
                    method: "POST", origin: "https://api.stripe.com", target: "/v1/customers?limit=3",
                    fields: [.init("Content-Type", "application/json"), .init("X-Trace", "1")]))
        #expect(subject.inputHash == ApprovalSubject.hash(Array(#"{"amount":1}"#.utf8)))
        let others: [(String, (inout ErrandWish) -> Void)] = [
            (
                Errands.url,
                {
                    wish(&$0); $0.body = Array(#"{"amount":2}"#.utf8)
                }
            ),
            (
                Errands.url,
                {
                    wish(&$0); $0.body = []
                }
            ),
            (
                Errands.url,
                {
                    wish(&$0); $0.method = "GET"
                }
            ),
            (
                Errands.url,
                {
                    wish(&$0); $0.fields[1].value = "2"
                }
            ),
            (
                Errands.url,
                {
                    wish(&$0); $0.fields.removeLast()
                }
            ),
            (
                Errands.url,
                {
                    wish(&$0); $0.fields.swapAt(0, 1)
                }
            ),
            ("https://api.stripe.com/v1/customers?limit=4", wish), ("https://api.stripe.com/v1/charges?limit=3", wish),
        ]
        for (url, other) in others { #expect(try await asked(bench, url, other).id != request.id) }
        _ = try await bench.open.decide(request.id, .approve(uses: 1, time: .seconds(60)), code: "\(request.code)", by: bench.person())
        for (url, other) in others { _ = try await asked(bench, url, other) }
        #expect(bench.brokers.leaves.isEmpty)
        try await Errands.request(bench, "app/key", Errands.url, wish)
        #expect(bench.brokers.leaves.count == 1)
        let intent = try #require(try await bench.log().last { $0.action == .known(.request) && $0.phase == .intent })
        #expect(intent.detail.contains(AuditFact("approval", "\(request.id)")))
        #expect(try await asked(bench, Errands.url, wish).id != request.id, "a replay is another request")
        #expect(bench.brokers.leaves.count == 1)
        #expect(try await bench.verify().missingOutcomes.isEmpty)
    }

    @Test("a tag rule that wants a person wants one for a request, and one that wants a session a session") func tagRules() async throws {
        let person = try await Errands.bench(tags: #""require_confirmation","by":"person""#)
        _ = try await asked(person)
        let session = try await Errands.bench(tags: #""require_session""#)
        #expect(await Errands.code { try await Errands.request(session) } == "session_required")
        try await AgentSessionTests.wake(session)
        try await Errands.request(session)
        #expect(person.brokers.leaves.isEmpty && session.brokers.leaves.count == 1)
    }

    @Test("as many requests go as the rule's rate lets, however often the vault is locked; a clock that goes back gives none") func rate()
        async throws
    {
        let bench = try await Errands.bench(#","rate":"2/minute""#)
        try await Errands.request(bench)
        try await Errands.request(bench)
        do {
            try await Errands.request(bench)
            Issue.record("a third went")
        } catch EngineError.rateLimited(let rule, let seconds, .rate) { #expect(rule == "stripe" && (1...62).contains(seconds)) }
        let denied = try #require(try await bench.log().last { $0.action == .known(.request) })
        #expect(denied.decision == .deny(code: "rate_limited", rule: "stripe"))
        try await bench.relock()
        bench.machine.setWall(by: .seconds(-3600))
        #expect(await Errands.code { try await Errands.request(bench) } == "rate_limited")
        bench.machine.advance(.seconds(62))
        try await Errands.request(bench)
        #expect(bench.brokers.leaves.count == 3)
    }

    @Test("an approval that does not come costs nothing of a rate") func rateAndApproval() async throws {
        let bench = try await Errands.bench(#","rate":"1/hour","approval":"person""#)
        let request = try await asked(bench)
        #expect(try await asked(bench).id == request.id)
        _ = try await bench.open.decide(request.id, .approve(uses: 2, time: .seconds(60)), code: "\(request.code)", by: bench.person())
        try await Errands.request(bench)
        #expect(await Errands.code { try await Errands.request(bench) } == "rate_limited")
    }

    @Test("a lock ends brokers, and whoever is asked afterwards refuses; so do the end of the agent's session and its removal") func ended()
        async throws
    {
        let bench = try await Errands.bench()
        let open = try bench.open
        try await Errands.request(bench)
        #expect(bench.brokers.running == 1)
        bench.brokers.play { $0.before = { [bench] in try await bench.lock() } }
        #expect(await Errands.code { _ = try await open.request(wish(), by: try bench.agent()) } == "vault.locked")
        #expect(bench.brokers.running == 0 && bench.brokers.leaves.count == 1)
        #expect(await Errands.code { _ = try await open.request(wish(), by: try bench.agent()) } == "vault.locked")
        bench.brokers.play { $0.before = nil }
        try await bench.unlock()
        try await Errands.request(bench)
        bench.brokers.play { $0.before = { [bench] in _ = try await bench.open.sleep(SleepWish(), by: bench.agent()) } }
        #expect(await Errands.code { try await Errands.request(bench) } == "session.ended")
        #expect(bench.brokers.running == 0 && bench.brokers.leaves.count == 2)
        let slept = try #require(try await bench.log().last { $0.action == .known(.sessionSleep) })
        #expect(slept.detail.contains(AuditFact("brokers", 1)))
    }

    private func wish() throws -> ErrandWish {
        ErrandWish(scope: VaultBench.dev, reference: try SecretReference(parsing: "app/key"), url: Errands.url, purpose: "a test")
    }

    @Test("a lock that comes while the value is on its way leaves an outcome for the next unlock") func lockedBehind() async throws {
        let bench = try await Errands.bench()
        bench.brokers.play { $0.after = { [bench] in try await bench.lock() } }
        #expect(await Errands.code { try await Errands.request(bench) } == "vault.locked")
        try await bench.unlock()
        #expect(try await bench.verify().missingOutcomes.isEmpty)
    }

    @Test("one broker serves an agent, another another; a dead one is replaced, and one without requests ended after a minute") func brokers()
        async throws
    {
        let bench = try await Errands.bench()
        try await Errands.request(bench)
        try await Errands.request(bench)
        #expect(bench.brokers.started == 1)
        bench.brokers.killAll()
        try await Errands.request(bench)
        #expect(bench.brokers.started == 2)
        bench.machine.advance(.seconds(59))
        try await bench.vault.upkeep()
        #expect(bench.brokers.running == 1)
        bench.machine.advance(.seconds(2))
        try await bench.vault.upkeep()
        #expect(bench.brokers.running == 0)
        let tokens = Set(bench.brokers.errands.flatMap(\.tokens.values).map(\.text))
        #expect(tokens.count == 3, "each request has a token of its own")
        _ = try await bench.open.addAgent(VaultBench.segment("bot"), by: bench.person())
        let id = try #require(try await bench.open.book.records(.agent).first?.id)
        let bot = Asker(standing: .agent(id.cast(), VaultBench.segment("bot")), source: .mcp, origin: try bench.agent().origin, reportedModel: nil)
        try await Errands.request(bench)
        #expect(await Errands.code { try await Errands.request(bench, by: bot) } == "secret.not-found")
        #expect(bench.brokers.started == 3)
        let json =
            #"{"policies":[{"name":"p","agent_id":"*","allowed_keys":["app/*"],"capabilities":["broker"]}],"request_rules":[{"#
            + Errands.rule.replacing("coder", with: "*") + "}]}"
        _ = try await bench.open.applyPolicy(json: Array(json.utf8), text: nil, expectedVersion: nil, by: bench.person())
        try await Errands.request(bench, by: bot)
        #expect(bench.brokers.started == 4 && bench.brokers.running == 2)
        try await bench.open.revokeAgent(VaultBench.segment("bot"), by: bench.person())
        #expect(bench.brokers.running == 1)
    }

    @Test("where there is no broker, a request is refused and written down") func unavailable() async throws {
        let bench = try await Errands.bench()
        bench.brokers.play { $0.isUnavailable = true }
        #expect(await Errands.code { try await Errands.request(bench) } == "broker.unavailable")
        #expect(try await bench.log().last { $0.action == .known(.request) }?.decision == .deny(code: "broker.unavailable"))
        bench.brokers.play { ($0.isUnavailable, $0.failure, $0.outcome) = (false, .timeout, nil) }
        #expect(await Errands.code { try await Errands.request(bench) } == "broker.timeout")
        let outcome = try #require(try await bench.log().last { $0.action == .known(.request) })
        guard case .outcome(_, "broker.timeout") = outcome.phase else { throw TestFailure("\(outcome.phase)") }
    }

    @Test("eight requests of an agent are made at once") func many() async throws {
        let bench = try await Errands.bench()
        let open = try bench.open
        let agent = try #require(try bench.agent().holder)
        for _ in 0..<8 { _ = try await open.brokers.lend(to: agent, now: open.clock.steady()) }
        #expect(await Errands.code { try await Errands.request(bench) } == "request.too-many")
    }

    @Test("what replies answer counts as what runs answer, and a value that is too short goes nowhere") func guesses() async throws {
        let bench = try await Errands.bench()
        let outcome = RequestOutcome(result: "done", status: 200, duration: .zero, answers: ["app/key": 2])
        bench.brokers.play { $0.outcome = outcome }
        try await Errands.request(bench)
        try await Errands.request(bench)
        bench.brokers.play { $0.outcome = RequestOutcome(result: "done", duration: .zero) }
        try await Errands.request(bench)
        #expect(bench.brokers.leaves.flatMap(\.releases).map(\.answersLeft) == [3, 1, 0])
        try await bench.set("app/key", "short".secret)
        #expect(await Errands.code { try await Errands.request(bench) } == "unavailable")
        #expect(bench.brokers.leaves.count == 3)
        #expect(try await bench.verify().missingOutcomes.isEmpty)
    }

    @Test("a secret that was changed, and a policy that was, while the request was made are judged anew") func changed() async throws {
        let bench = try await Errands.bench()
        bench.brokers.play { $0.before = { [bench] in try await bench.set("app/key", bench.canary().secret) } }
        #expect(await Errands.code { try await Errands.request(bench) } == "request.invalid")
        bench.brokers.play { $0.before = { [bench] in try await Errands.apply(bench, #","ports":[8443]"#.replacing("8443", with: "\"8443\"")) } }
        #expect(await Errands.code { try await Errands.request(bench) } == "destination_not_allowed")
        #expect(bench.brokers.leaves.isEmpty)
    }

    @Test("a list says that a request can be made where a rule is about the secret") func listed() async throws {
        let bench = try await Errands.bench()
        func usable() async throws -> [String]? { try await bench.open.list(VaultBench.dev, ListFilter(), by: bench.agent()).views.first?.usableWith }
        #expect(try await usable() == ["reference_only", "broker"])
        let json = #"{"policies":[{"name":"p","agent_id":"coder","allowed_keys":["app/*"],"capabilities":["broker"]}]}"#
        _ = try await bench.open.applyPolicy(json: Array(json.utf8), text: nil, expectedVersion: nil, by: bench.person())
        #expect(try await usable() == ["reference_only"])
    }
}
