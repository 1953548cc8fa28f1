import Brokering
import Model
import Policies
import TestKit
import Testing

@testable import Secrets

/// How many requests go by a rule at once, and how much they carry.
@Suite struct RequestLimitsTests {
    private let holder = SessionHolder.process(1, start: 1)
    private let start = Timestamp(nanoseconds: 1_000_000_000_000)

    private func terms(_ limits: String) throws -> RequestTerms {
        let rule = #"{"name":"r","agent_id":"a","keys":["k"],"hosts":["a.example"],"paths":["/"],\#(limits)}"#
        let policy = #"{"name":"p","agent_id":"a","allowed_keys":["k"],"capabilities":["broker"]}"#
        let document = try PolicyDocument(json: Array(#"{"policies":[\#(policy)],"request_rules":[\#(rule)]}"#.utf8))
        let question = try #require(RequestQuestion(host: "a.example", method: "GET", path: "/", place: .bearer))
        let query = PolicyQuery(
            agent: .agent(try SegmentName("a", of: .agent)), scope: VaultBench.dev, secret: try SecretName("k"), capability: .broker,
            circumstances: PolicyCircumstances(request: question))
        guard case .allow(let grant) = document.decision(for: query), let terms = grant.request else { throw TestFailure("it was denied") }
        return terms
    }

    /// What a request may carry; or which limit is in the way.
    private func take(_ limits: RequestLimits, _ terms: RequestTerms, _ now: Timestamp) -> (RequestLimits.Ticket?, EngineError.RequestLimit?, Int) {
        do { return (try limits.take(by: terms, for: holder, now: now), nil, 0) } catch {
            guard case .rateLimited(_, let seconds, let limit) = error else { return (nil, nil, 0) }
            return (nil, limit, seconds)
        }
    }

    @Test("as many go at once as the rule says; what ended or was not made gives its place back, once") func concurrency() throws {
        let (limits, terms) = (RequestLimits(), try terms(#""concurrency":"2""#))
        let tickets = [take(limits, terms, start).0, take(limits, terms, start).0].compactMap(\.self)
        #expect(tickets.count == 2 && take(limits, terms, start).1 == .concurrency)
        limits.settle(tickets[0], carrying: 0, now: start)
        limits.settle(tickets[0], carrying: 0, now: start)
        limits.giveBack(tickets[0])
        #expect(take(limits, terms, start).0 != nil && take(limits, terms, start).1 == .concurrency)
        limits.giveBack(tickets[1])
        #expect(take(limits, terms, start).0 != nil)
    }

    @Test("a refused place costs nothing of the rate") func both() throws {
        let (limits, terms) = (RequestLimits(), try terms(#""rate":"2/hour","concurrency":"1""#))
        let first = try #require(take(limits, terms, start).0)
        for _ in 0..<5 { #expect(take(limits, terms, start).1 == .concurrency) }
        limits.settle(first, carrying: 0, now: start)
        limits.settle(try #require(take(limits, terms, start).0), carrying: 0, now: start)
        #expect(take(limits, terms, start).1 == .rate)
    }

    @Test("requests at once share what is left of the bytes, and what they did not carry is given back") func bytes() throws {
        let (limits, terms) = (RequestLimits(), try terms(#""bytes":"4MiB/hour""#))
        let tickets = (0..<3).compactMap { _ in take(limits, terms, start).0 }
        #expect(tickets.map(\.allowance) == [2 << 20, 1 << 20, 1 << 20])
        let refused = take(limits, terms, start)
        #expect(refused.1 == .bytes && refused.2 >= 1)
        limits.settle(tickets[0], carrying: 100, now: start)
        #expect(take(limits, terms, start).0?.allowance == 1 << 20)
        // Nobody knows what a broker that ended let through.
        limits.settle(tickets[1], carrying: nil, now: start)
        limits.settle(tickets[2], carrying: 1 << 20, now: start)
        let later = take(limits, terms, start.advanced(by: .seconds(3600 + 60)))
        #expect(later.0 != nil)
    }

    @Test("whatever requests carry of what they may, there is never more in any span than the rule says; after the wait that is told there is room")
    func model() throws {
        let random = SeededRandom()
        let (limits, terms) = (RequestLimits(), try terms(#""bytes":"3MiB/minute""#))
        var (now, carried, open) = (start, [(Timestamp, Int)](), [RequestLimits.Ticket]())
        for _ in 0..<600 {
            now = now.advanced(by: .seconds(random.int(in: 0...9)))
            if random.int(in: 0...2) == 0, !open.isEmpty {
                let ticket = open.remove(at: random.int(in: 0...(open.count - 1)))
                let count = random.int(in: 0...(ticket.allowance ?? 0))
                limits.settle(ticket, carrying: count, now: now)
                carried.append((now, count))
            } else {
                let (ticket, limit, seconds) = take(limits, terms, now)
                if let ticket {
                    open.append(ticket)
                } else {
                    #expect(limit == .bytes && seconds >= 1)
                    if open.isEmpty {
                        #expect(take(limits, terms, now.advanced(by: .seconds(seconds))).0.map { open.append($0) } != nil, "\(random)")
                    }
                }
            }
            let recent = carried.filter { $0.0.advanced(by: .seconds(60)) > now }.reduce(0) { $0 + $1.1 }
            #expect(recent <= 3 << 20, "\(random)")
        }
    }

    /// The tokens of two runs of `coder`, and of one that a person issued to it.
    private func tokens(_ limits: String) async throws -> (bench: VaultBench, judgements: [() async throws -> RequestJudgement]) {
        let bench = try await ErrandTests.bench(limits)
        _ = try await bench.open.addAgent(SegmentName("coder", of: .agent), by: bench.person())
        let (view, _) = try await bench.open.issueToken(TokenTests.wish(), by: bench.person())
        var wish = RunWish(arguments: ["claude"], scope: VaultBench.dev)
        wish.secrets = [.init(reference: try SecretReference(parsing: "app/key"))]
        wish.agent = try SegmentName("coder", of: .agent)
        var judgements: [() async throws -> RequestJudgement] = []
        for run in 0..<2 {
            _ = try await bench.open.prepareRun(wish, by: bench.person())
            let door = try #require(bench.brokers.doors.last)
            for grant in door.setup.tokens.keys where run == 0 || grant != view.id {
                let request = AskedRequest(
                    scheme: "https", host: "api.stripe.com", port: 443, method: "GET", path: "/v1/customers",
                    uses: [RequestWish.TokenUse(grant: grant, place: .bearer, occurrences: 1)])
                judgements.append { await door.judge.judge(request) }
            }
        }
        return (bench, judgements)
    }

    @Test(
        "every token of an agent's shares what a rule gives it: another one gives no request, no place and no byte more",
        arguments: [(#","rate":"2/hour""#, 2), (#","concurrency":"2""#, 2), (#","bytes":"1MiB/day""#, 1)])
    func shared(_ limits: String, _ count: Int) async throws {
        let (bench, judgements) = try await tokens(limits)
        #expect(judgements.count == 3)
        var allowed = 0
        for judge in judgements + judgements {
            switch try await judge() {
            case .allow: allowed += 1
            case .refuse(let denial): #expect(denial?.code == "rate_limited")
            case .describe: throw TestFailure("nobody is asked")
            }
        }
        #expect(allowed == count)
        let usages = try await bench.open.tokens(by: bench.person()).compactMap(\.usage)
        #expect(usages.count == 3 && usages.map(\.requests).reduce(0, +) == count, "what each did is told apart")
    }

    @Test("a rule's limits hold for a run's programs, a token's use is counted, and a list shows it") func door() async throws {
        let bench = try await ErrandTests.bench(#","concurrency":"1","bytes":"2MiB/day""#)
        _ = try await bench.open.addAgent(SegmentName("coder", of: .agent), by: bench.person())
        let door = try await bench.coderRun().door
        let grant = try #require(door.setup.tokens.keys.first)
        let request = AskedRequest(
            scheme: "https", host: "api.stripe.com", port: 443, method: "GET", path: "/v1/customers",
            uses: [RequestWish.TokenUse(grant: grant, place: .bearer, occurrences: 1)])
        guard case .allow(let leave) = await door.judge.judge(request), case .refuse(let denial?) = await door.judge.judge(request) else {
            throw TestFailure("one goes, and no other")
        }
        #expect(leave.allowance == 1 << 20 && denial.code == "rate_limited" && denial.retryAfter == 1 && denial.rule == "stripe")
        let outcome = RequestOutcome(result: "done", status: 200, bytesSent: 10, bytesReceived: 1 << 20, duration: .zero)
        await door.judge.conclude(outcome, of: leave.entry)
        let usage = try #require(try await bench.open.tokens(by: bench.person()).first?.usage)
        #expect(usage.requests == 1 && usage.refused == 1 && usage.bytesSent == 10 && usage.bytesReceived == 1 << 20 && usage.lastUsedAt != nil)
        // A broker that ends without a word: all that its request might have carried counts.
        guard case .allow(let second) = await door.judge.judge(request) else { throw TestFailure("its place was free again") }
        await door.judge.conclude(RequestOutcome(result: "broker.unavailable", duration: .zero), of: second.entry)
        guard case .refuse(let last?) = await door.judge.judge(request) else { throw TestFailure("nothing is left") }
        #expect(last.code == "rate_limited" && (last.retryAfter ?? 0) > 60 && last.message.contains("bytes"))
        // The agent's other way shares them, whatever token it is.
        #expect(
            await ErrandTests.code {
                try await ErrandTests.request(bench, by: try await bench.open.agent(named: SegmentName("coder", of: .agent), for: bench.person()))
            } == "rate_limited")
    }
}
