import Approvals
import Auditing
import Brokering
import Model
import Policies
import TestKit
import Testing

@testable import Secrets

/// Requests of programs that a person approves: exactly what was shown goes, once, for a program that still waits.
@Suite struct DoorApprovalTests {
    /// A run of `coder`, by a rule that wants a person.
    private struct Scene {
        let bench: VaultBench
        let run: PreparedRun
        let door: FakeBrokers.Door

        init(_ more: String = "", holding: Duration = .zero) async throws {
            bench = try await ErrandTests.bench(#","approval":"person""# + more, holdTime: holding)
            _ = try await bench.open.addAgent(SegmentName("coder", of: .agent), by: bench.person())
            (run, door) = try await bench.coderRun()
        }

        func asked(_ path: String = "/v1/charges", of door: FakeBrokers.Door? = nil, token: GrantID? = nil) throws -> AskedRequest {
            let grant = try #require(token ?? (door ?? self.door).setup.tokens.keys.first)
            return AskedRequest(
                scheme: "https", host: "api.stripe.com", port: 443, method: "POST", path: path,
                uses: [RequestWish.TokenUse(grant: grant, place: .bearer, occurrences: 1)])
        }

        func whole(_ body: String = "amount=1", _ path: String = "/v1/charges", of door: FakeBrokers.Door? = nil) throws -> AskedRequest {
            var request = try asked(path, of: door)
            request.content = DoorApprovalTests.content(body, path)
            return request
        }

        /// The request that waits for a person once this was refused.
        func waiting(_ request: AskedRequest) async throws -> RequestView {
            let denial = DoorApprovalTests.denial(await door.judge.judge(request))
            #expect(denial?.code == "approval_required" && denial?.nextStep?.contains("tacit approvals") == true)
            let pending = try await bench.open.requests(by: bench.person()).filter { $0.standing == .pending }
            return try #require(pending.last)
        }

        func approve(_ request: RequestView, uses: Int64 = 1) async throws {
            _ = try await bench.open.decide(request.id, .approve(uses: uses, time: .seconds(600)), code: "\(request.code)", by: bench.person())
        }
    }

    private static func content(
        _ body: String, _ path: String, fields: [(String, String)] = [("authorization", "Bearer FAKE-TOKEN")], head: UInt8 = 7
    ) -> RequestContent {
        RequestContent(
            target: path, fields: fields.map { .init($0, $1) }, headHash: Array(repeating: head, count: 32),
            bodyHash: ApprovalSubject.hash(Array(body.utf8)), bodyByteCount: body.utf8.count)
    }

    private static func denial(_ judgement: RequestJudgement) -> RequestDenial? {
        guard case .refuse(let denial) = judgement else { return nil }
        return denial
    }

    private func isDescribe(_ judgement: RequestJudgement) -> Bool { if case .describe = judgement { true } else { false } }

    @Test("a person is asked with all of the request; approved, exactly that goes, once, and the use and its intent are one transaction")
    func approved() async throws {
        let scene = try await Scene()
        #expect(isDescribe(await scene.door.judge.judge(try scene.asked())), "all of it is told before anybody is asked")
        #expect(try await scene.bench.open.requests(by: scene.bench.person()).isEmpty)
        let request = try await scene.waiting(try scene.whole())
        guard case .use(let subject, let names) = request.request.matter else { throw TestFailure("no use") }
        #expect(subject.use == .send && names == ["default/dev/app/key@1"] && subject.secrets.map(\.destination) == [.request("bearer")])
        let bound = try #require(subject.request)
        #expect(bound.method == "POST" && bound.origin == "https://api.stripe.com" && bound.target == "/v1/charges")
        #expect(bound.fields == [.init("authorization", "Bearer FAKE-TOKEN")] && bound.sender?.bodyByteCount == 8)
        #expect(subject.inputHash == ApprovalSubject.hash(Array("amount=1".utf8)) && request.request.asker.name == "coder")
        #expect(try await scene.waiting(try scene.whole()).id == request.id, "asked again, it is the same")
        try await scene.approve(request)
        guard case .allow(let leave) = await scene.door.judge.judge(try scene.whole()) else { throw TestFailure("it was refused") }
        #expect(leave.releases.map(\.value.text) == [try await scene.bench.reveal("app/key")])
        let intent = try #require(try await scene.bench.log().last { $0.action == .known(.request) && $0.phase == .intent })
        #expect(intent.detail.contains(AuditFact("approval", "\(request.id)")) && intent.recordsDigest != nil)
        #expect(try await scene.waiting(try scene.whole()).id != request.id, "a replay is another request")
        await scene.door.judge.conclude(RequestOutcome(result: "done", status: 200, duration: .zero), of: leave.entry)
        #expect(try await scene.bench.verify().missingOutcomes.isEmpty)
    }

    @Test("another body, path, field or place of the token, and the same of another run, is another request") func others() async throws {
        let scene = try await Scene()
        let request = try await scene.waiting(try scene.whole())
        try await scene.approve(request)
        var other = try scene.whole()
        other.content = Self.content("amount=1", "/v1/charges", fields: [("authorization", "Bearer FAKE-TOKEN"), ("x-a", "1")])
        var swapped = try scene.whole()
        swapped.content = Self.content("amount=1", "/v1/charges", head: 8)
        var query = try scene.whole()
        query.content = Self.content("amount=1", "/v1/charges?x=1")
        for changed in [try scene.whole("amount=9"), try scene.whole("amount=1", "/v1/refunds"), other, swapped, query] {
            #expect(try await scene.waiting(changed).id != request.id)
        }
        let (_, second) = try await scene.bench.coderRun()
        let denial = Self.denial(await second.judge.judge(try scene.whole(of: second)))
        #expect(denial?.code == "approval_required", "another run's")
        guard case .allow = await scene.door.judge.judge(try scene.whole()) else { throw TestFailure("its own was refused") }
    }

    @Test("of requests that are alike and made at once, one goes for one approval") func raced() async throws {
        let scene = try await Scene()
        try await scene.approve(try await scene.waiting(try scene.whole()))
        let request = try scene.whole()
        let judgements = await withTaskGroup(of: RequestJudgement.self) { group in
            for _ in 0..<8 { group.addTask { [judge = scene.door.judge] in await judge.judge(request) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(judgements.count { Self.denial($0) == nil } == 1)
    }

    @Test("a request that is held goes once a person approves it, and is refused once they deny it; denied, it stays denied")
    func held() async throws {
        let scene = try await Scene(holding: .seconds(3600))
        let (request, other) = (try scene.whole(), try scene.whole("amount=2"))
        async let first = scene.door.judge.judge(request)
        try await scene.approve(try await next(scene))
        guard case .allow = await first else { throw TestFailure("it was refused") }
        async let second = scene.door.judge.judge(other)
        let asked = try await next(scene)
        _ = try await scene.bench.open.decide(asked.id, .deny, code: "\(asked.code)", by: scene.bench.person())
        #expect(Self.denial(await second)?.code == "not_permitted")
        #expect(Self.denial(await scene.door.judge.judge(other))?.code == "not_permitted")
    }

    /// The request that waits, once one does.
    private func next(_ scene: Scene) async throws -> RequestView {
        while true {
            if let found = try await scene.bench.open.requests(by: scene.bench.person()).first(where: { $0.standing == .pending }) { return found }
            await Task.yield()
        }
    }

    @Test("a program that goes away ends its wait at once, and an approval that comes later sends nothing by itself") func left() async throws {
        let scene = try await Scene(holding: .seconds(3600))
        let program = AskingProgram()
        let request = try scene.whole()
        async let judgement = scene.door.judge.judge(request, for: program)
        let asked = try await next(scene)
        program.leave()
        #expect(Self.denial(await judgement)?.code == "approval_required")
        try await scene.approve(asked)
        #expect(try await !scene.bench.log().contains { $0.action == .known(.request) && $0.phase == .intent })
        let gone = AskingProgram()
        gone.leave()
        #expect(Self.denial(await scene.door.judge.judge(request, for: gone)) != nil, "nobody is there to take it")
        guard case .allow = await scene.door.judge.judge(request) else { throw TestFailure("it came again, and was refused") }
    }

    @Test("with its run ends what it asked for: the approval that comes then is none") func ended() async throws {
        let scene = try await Scene()
        let (first, second) = (try await scene.waiting(try scene.whole()), try await scene.waiting(try scene.whole("amount=2")))
        try await scene.approve(first)
        await scene.door.judge.end()
        await #expect(throws: ApprovalError.notPending) { try await scene.approve(second) }
        #expect(try await scene.bench.open.requests(by: scene.bench.person()).map(\.standing) == [.expired, .expired])
        #expect(Self.denial(await scene.door.judge.judge(try scene.whole()))?.code == "approval_required")
        let entry = try #require(try await scene.bench.log().last { $0.action == .known(.approvalWithdraw) })
        #expect(entry.subjects.count == 2)
    }

    @Test("a token that is revoked while a person is asked is good for nothing, approved or not") func revoked() async throws {
        let scene = try await Scene(holding: .seconds(3600))
        let request = try scene.whole()
        async let judgement = scene.door.judge.judge(request)
        let asked = try await next(scene)
        _ = try await scene.bench.open.revokeTokens(.all, by: scene.bench.person())
        try await scene.approve(asked)
        #expect(Self.denial(await judgement)?.code == "token.revoked")
        #expect(try await scene.bench.verify().missingOutcomes.isEmpty)
    }

    @Test("ten of an agent's requests wait at once, of one question or many") func flood() async throws {
        let scene = try await Scene(holding: .seconds(3600))
        let request = try scene.whole()
        let programs = (0..<11).map { _ in AskingProgram() }
        let first = await withTaskGroup(of: RequestJudgement.self) { group in
            for program in programs { group.addTask { [judge = scene.door.judge] in await judge.judge(request, for: program) } }
            let first = await group.next()
            for program in programs { program.leave() }
            return first
        }
        #expect(first.flatMap(Self.denial)?.code == "rate_limited")
        // One that nobody waits for any more may have been withdrawn by now.
        let waiting = try await scene.bench.open.requests(by: scene.bench.person()).count
        #expect(waiting <= 1)
        let many = try await Scene()
        for number in 0..<10 { _ = try await many.waiting(try many.whole("amount=\(number)")) }
        #expect(Self.denial(await many.door.judge.judge(try many.whole("amount=99")))?.code == "rate_limited")
    }

    @Test("an approval that does not come costs nothing of a rate, and what nobody reads is not asked about") func limits() async throws {
        let scene = try await Scene(#","rate":"1/hour""#)
        try await scene.approve(try await scene.waiting(try scene.whole()), uses: 2)
        guard case .allow = await scene.door.judge.judge(try scene.whole()) else { throw TestFailure("it was refused") }
        #expect(Self.denial(await scene.door.judge.judge(try scene.whole()))?.code == "rate_limited")
        let long = try await Scene()
        var request = try long.whole()
        request.content = Self.content("x", "/v1/charges", fields: [("x-a", String(repeating: "a", count: 17 << 10))])
        #expect(Self.denial(await long.door.judge.judge(request))?.code == "request.invalid")
        #expect(try await long.bench.open.requests(by: long.bench.person()).isEmpty)
    }
}
