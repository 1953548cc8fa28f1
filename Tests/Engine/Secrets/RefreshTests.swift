import Approvals
import Auditing
import Brokering
import Model
import Policies
import Synchronization
import TestKit
import Testing

@testable import Secrets

/// Values that are renewed with a refresh token: when, by whom, and what of it an agent's broker has.
@Suite struct RefreshTests {
    private static let renewal =
        #"{"name":"renew","agent_id":"coder","keys":["app/oauth"],"hosts":["auth.example"],"paths":["/token"],"refresh":"oauth"}"#

    private struct Tokens {
        let access: Canary
        let refresh: Canary
        let client: Canary
    }

    /// A vault with `app/oauth`, whose value is over in an hour.
    private static func bench(_ rules: String = RefreshTests.renewal, use more: String = "") async throws -> (VaultBench, Tokens) {
        let bench = try await ErrandTests.bench()
        _ = try await bench.open.addAgent(SegmentName("coder", of: .agent), by: bench.person())
        let tokens = Tokens(access: bench.canary(), refresh: bench.canary(), client: bench.canary())
        var write = VaultBench.write("app/oauth", tokens.access.secret, field: "access_token")
        for (name, value) in [("refresh_token", tokens.refresh), ("client_id", tokens.client)] {
            write.fields.append(.init(name: VaultBench.segment(name), kind: name == "client_id" ? .plain : .secret, value: value.secret))
        }
        write.expiry = .after(.seconds(60))
        _ = try await bench.open.set(write, in: VaultBench.dev, by: bench.person())
        let policy = #"{"name":"p","agent_id":"coder","allowed_keys":["app/*"],"capabilities":["broker"]}"#
        let use = #"{"name":"use","agent_id":"coder","keys":["app/oauth"],"hosts":["api.example"],"paths":["/v1/**"]\#(more)}"#
        let json = #"{"policies":[\#(policy)],"request_rules":[\#(use)\#(rules.isEmpty ? "" : ",\(rules)")]}"#
        _ = try await bench.open.applyPolicy(json: Array(json.utf8), text: nil, expectedVersion: nil, by: bench.person())
        return (bench, tokens)
    }

    /// The service gives these, in this order.
    private static func play(_ given: [(access: Canary, refresh: Canary?)], _ bench: VaultBench) {
        let left = Given(given)
        bench.brokers.play { script in
            script.seals = { judge, entry in
                guard let next = left.take() else { return }
                _ = await judge.seal(
                    NewCredentials(values: [next.access.secret, next.refresh?.secret], expiry: .after(.seconds(60))), of: entry)
            }
        }
    }

    private struct Scene {
        let door: FakeBrokers.Door
        let grant: GrantID
        private let run: PreparedRun

        init(_ bench: VaultBench) async throws {
            run = try await bench.open.prepareRun(try RefreshTests.wish(), by: bench.person())
            door = try #require(bench.brokers.doors.last)
            grant = try #require(door.setup.tokens.keys.first)
        }

        func ask(
            _ path: String = "/v1/me", host: String = "api.example", method: String = "GET", rejected: Int64? = nil, content: RequestContent? = nil
        ) async -> RequestJudgement {
            let use = RequestWish.TokenUse(grant: grant, place: .bearer, occurrences: 1)
            var asked = AskedRequest(scheme: "https", host: host, port: 443, method: method, path: path, uses: [use])
            (asked.rejected, asked.content) = (rejected, content)
            return await door.judge.judge(asked)
        }
    }

    private static func wish(agent: String? = "coder") throws -> RunWish {
        var wish = RunWish(arguments: ["claude"], scope: VaultBench.dev)
        wish.secrets = [.init(reference: try SecretReference(parsing: "app/oauth#access_token"))]
        wish.agent = try agent.map { try SegmentName($0, of: .agent) }
        return wish
    }

    private func leave(_ judgement: RequestJudgement) throws -> RequestLeave {
        guard case .allow(let leave) = judgement else { throw TestFailure("it was refused: \(judgement)") }
        return leave
    }

    private func code(_ judgement: RequestJudgement) -> String? {
        guard case .refuse(let denial) = judgement else { return nil }
        return denial?.code
    }

    @Test("a value that is over is renewed for a request that the policy allows, by a broker of its own; the next refresh token is stored")
    func expired() async throws {
        let (bench, tokens) = try await Self.bench()
        let scene = try await Scene(bench)
        let (next, after) = (bench.canary(), bench.canary())
        Self.play([(next, after)], bench)
        #expect(try leave(await scene.ask()).releases.map(\.value) == [tokens.access.secret] && bench.brokers.errands.isEmpty)
        bench.machine.advance(.seconds(61))
        #expect(code(await scene.ask("/other")) == "destination_not_allowed" && bench.brokers.errands.isEmpty, "what is refused renews nothing")
        let started = bench.brokers.started
        #expect(try leave(await scene.ask()).releases.map(\.value) == [next.secret])
        let errand = try #require(bench.brokers.errands.first)
        let form = String(decoding: errand.body, as: UTF8.self)
        #expect(errand.origin.authority == "auth.example" && errand.head.method == "POST" && errand.mayStandInBody && form.contains("client_id="))
        #expect(form.hasPrefix("grant_type=refresh_token&refresh_token=tacit_") && !form.contains(tokens.refresh.text))
        let sent = try #require(bench.brokers.leaves.first)
        #expect(sent.releases.map(\.value).contains(tokens.refresh.secret) && sent.seal?.isStrict == false)
        #expect(bench.brokers.started == started + 1 && bench.brokers.running == 1, "its broker is gone")
        #expect(try await bench.reveal("app/oauth", field: "refresh_token") == after.text)
        #expect(try await bench.reveal("app/oauth", field: "client_id") == tokens.client.text)
        let log = try await bench.log()
        let intent = try #require(log.first { $0.detail.contains(AuditFact("renews", "yes")) && $0.phase == .intent })
        #expect(intent.action == .known(.request) && intent.detail.contains(AuditFact("authority", "auth.example")))
        #expect(log.contains { $0.action == .known(.secretSet) && $0.detail.contains(AuditFact("request-rule", "renew")) })
        #expect(try await bench.verify().verdict.isIntact)
    }

    @Test("a run with its token begins, and a token of it is issued, while it is over; it is renewed at its first use")
    func begunLater() async throws {
        let (bench, _) = try await Self.bench()
        let (next, own) = (bench.canary(), bench.canary())
        Self.play([(next, nil), (own, nil)], bench)
        bench.machine.advance(.seconds(61))
        let (view, _) = try await bench.open.issueToken(TokenTests.wish("app/oauth#access_token"), by: bench.person())
        let scene = try await Scene(bench)
        #expect(bench.brokers.errands.isEmpty && scene.door.setup.tokens.keys.contains(view.id))
        #expect(try leave(await scene.ask()).releases.map(\.value) == [next.secret])
        // The agent's own run, with a token in the place of the value.
        bench.machine.advance(.seconds(61))
        let agent = try await bench.open.agent(named: VaultBench.segment("coder"), for: bench.person())
        _ = try await bench.open.prepareRun(try Self.wish(agent: nil), by: agent)
        #expect(bench.brokers.errands.count == 1)
    }

    @Test("a run that would have the value itself, or by no rule a newer one, does not begin") func notBegun() async throws {
        let (bench, _) = try await Self.bench()
        bench.machine.advance(.seconds(61))
        #expect(await ErrandTests.code { try await bench.open.prepareRun(try Self.wish(agent: nil), by: bench.person()) } == "secret.expired")
        let (other, _) = try await Self.bench("")
        other.machine.advance(.seconds(61))
        #expect(await ErrandTests.code { try await other.open.prepareRun(try Self.wish(), by: other.person()) } == "secret.expired")
        #expect(await ErrandTests.code { try await other.open.issueToken(TokenTests.wish("app/oauth"), by: other.person()) } == "secret.expired")
        #expect(bench.brokers.errands.isEmpty && other.brokers.errands.isEmpty)
    }

    @Test("with approval asked, nothing is renewed before the approval, nor because of the request that was approved")
    func asked() async throws {
        let (bench, tokens) = try await Self.bench(use: #","approval":"person""#)
        let scene = try await Scene(bench)
        let content = RequestContent(
            target: "/v1/me", fields: [.init("authorization", "Bearer FAKE-TOKEN")], headHash: Array(repeating: 7, count: 32),
            bodyHash: ApprovalSubject.hash([]), bodyByteCount: 0)
        Self.play([(bench.canary(), nil)], bench)
        #expect(code(await scene.ask(content: content)) == "approval_required")
        let request = try #require(try await bench.open.requests(by: bench.person()).first)
        _ = try await bench.open.decide(request.id, .approve(uses: 2, time: .seconds(600)), code: "\(request.code)", by: bench.person())
        let first = try leave(await scene.ask(content: content))
        #expect(first.releases.map(\.value) == [tokens.access.secret] && !first.isRenewable, "a 401 has nothing renewed")
        guard case .refuse = await scene.ask(rejected: first.entry, content: content) else { throw TestFailure("it was renewed") }
        bench.machine.advance(.seconds(61))
        #expect(code(await scene.ask(content: content)) == "secret.expired")
        #expect(try await bench.open.requests(by: bench.person()).count == 1 && bench.brokers.errands.isEmpty && bench.brokers.started == 1)
    }

    @Test("where no rule says how, a value that is over stays so; an agent words no renewal itself") func noRule() async throws {
        let (bench, _) = try await Self.bench("")
        let scene = try await Scene(bench)
        #expect(try leave(await scene.ask()).isRenewable == false)
        bench.machine.advance(.seconds(61))
        #expect(code(await scene.ask()) == "secret.expired" && bench.brokers.errands.isEmpty)
        let (other, _) = try await Self.bench()
        #expect(code(await (try Scene(other)).ask("/token", host: "auth.example", method: "POST")) == "destination_not_allowed")
    }

    @Test("a value that the service does not take is renewed once for its request, and once for all that wait") func rejected() async throws {
        let (bench, _) = try await Self.bench()
        let scene = try await Scene(bench)
        let (one, two) = (bench.canary(), bench.canary())
        Self.play([(one, nil), (two, nil)], bench)
        let (first, second) = (try leave(await scene.ask()), try leave(await scene.ask()))
        #expect(first.isRenewable)
        let again = await withTaskGroup(of: RequestJudgement.self) { group in
            for entry in [first.entry, second.entry] { group.addTask { await scene.ask(rejected: entry) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        for judgement in again {
            let leave = try leave(judgement)
            #expect(leave.releases.map(\.value) == [one.secret] && !leave.isRenewable)
        }
        #expect(bench.brokers.errands.count == 1)
        let refused = await scene.ask(rejected: first.entry)
        guard case .refuse = refused else { throw TestFailure("it was asked twice") }
        // Who has every request refused does not have every one renew.
        let third = try leave(await scene.ask())
        guard case .refuse = await scene.ask(rejected: third.entry) else { throw TestFailure("it was renewed at once again") }
        #expect(bench.brokers.errands.count == 1)
        bench.machine.advance(.seconds(31))
        let fourth = try leave(await scene.ask())
        #expect(try leave(await scene.ask(rejected: fourth.entry)).releases.map(\.value) == [two.secret])
    }

    @Test("a service that gives nothing leaves all as it was") func refused() async throws {
        let (bench, _) = try await Self.bench()
        let scene = try await Scene(bench)
        bench.machine.advance(.seconds(61))
        bench.brokers.play { $0.reply.status = 400 }
        #expect(code(await scene.ask()) == "secret.expired" && bench.brokers.errands.count == 1)
        #expect(code(await scene.ask()) == "secret.expired" && bench.brokers.errands.count == 1, "it is not asked again at once")
        #expect(try await bench.open.show(VaultBench.name("app/oauth"), in: VaultBench.dev, by: bench.person()).version == 1)
        #expect(try await bench.verify().missingOutcomes.isEmpty)
    }

    @Test("an agent's one request is made once more with a renewed value") func errand() async throws {
        let (bench, _) = try await Self.bench()
        let next = bench.canary()
        Self.play([(bench.canary(), nil), (next, nil)], bench)
        // The first sealing that is asked for is that of the request itself, which no rule seals.
        bench.brokers.play { $0.reply.status = 401 }
        let result = try await ErrandTests.request(bench, "app/oauth#access_token", "https://api.example/v1/me")
        #expect(result.reply.status == 401 && bench.brokers.errands.map(\.origin.authority) == ["api.example", "auth.example"])
        bench.brokers.play { $0.reply.status = 200 }
        bench.machine.advance(.seconds(61))
        _ = try? await ErrandTests.request(bench, "app/oauth#access_token", "https://api.example/v1/me")
        #expect(bench.brokers.errands.filter { $0.origin.authority == "auth.example" }.count == 2)
    }
}

private final class Given: Sendable {
    private let left: Mutex<[(access: Canary, refresh: Canary?)]>
    init(_ given: [(access: Canary, refresh: Canary?)]) { left = Mutex(given) }
    func take() -> (access: Canary, refresh: Canary?)? { left.withLock { $0.isEmpty ? nil : $0.removeFirst() } }
}
