import Model
import Policies
import TestKit
import Testing

@testable import Secrets

/// How many requests go by a rule.
@Suite struct RequestCounterTests {
    private let holder = SessionHolder.process(1, start: 1)

    private func rate(_ text: String) throws -> RequestRate {
        let rule = #"{"name":"r","agent_id":"a","keys":["k"],"hosts":["a.example"],"paths":["/"],"rate":"\#(text)"}"#
        let policy = #"{"name":"p","agent_id":"a","allowed_keys":["k"],"capabilities":["broker"]}"#
        let document = try PolicyDocument(json: Array(#"{"policies":[\#(policy)],"request_rules":[\#(rule)]}"#.utf8))
        return try #require(document.requestRules.first?.rate)
    }

    /// Counts a request; or says how long none may be made.
    private func wait(_ counter: RequestCounter, _ rate: RequestRate, _ now: Timestamp) -> Int? {
        do { _ = try counter.take(by: "r", rate, for: holder, now: now) } catch {
            guard case .rateLimited(_, let seconds, _) = error else { return 0 }
            return seconds
        }
        return nil
    }

    @Test("there are never more in any span than the rule says, and after the wait that is told there is room")
    func model() throws {
        let random = SeededRandom()
        for text in ["1/second", "3/second", "5/minute", "2/hour"] {
            let (rate, counter) = (try rate(text), RequestCounter())
            var (now, taken) = (Timestamp(nanoseconds: 1_000_000_000_000), [Timestamp]())
            for _ in 0..<400 {
                now = now.advanced(by: rate.period.duration * random.int(in: 0...60) / 100)
                if let seconds = wait(counter, rate, now) {
                    now = now.advanced(by: .seconds(seconds))
                    #expect(wait(counter, rate, now) == nil, "\(text) \(random)")
                }
                taken.append(now)
                let recent = taken.filter { $0.advanced(by: rate.period.duration) > now }
                #expect(recent.count <= rate.count, "\(text) \(random)")
            }
        }
    }

    @Test("rules and agents are counted apart, and what was given back may be taken")
    func apart() throws {
        let (rate, counter, now) = (try rate("1/hour"), RequestCounter(), Timestamp(nanoseconds: 9_000_000_000_000))
        let ticket = try counter.take(by: "r", rate, for: holder, now: now)
        _ = try counter.take(by: "s", rate, for: holder, now: now)
        _ = try counter.take(by: "r", rate, for: .process(2, start: 1), now: now)
        #expect(throws: EngineError.self) { try counter.take(by: "r", rate, for: holder, now: now) }
        // What lies ahead counts: the clock was set back.
        #expect(throws: EngineError.self) { try counter.take(by: "r", rate, for: holder, now: now.advanced(by: .seconds(-7200))) }
        counter.giveBack(ticket)
        _ = try counter.take(by: "r", rate, for: holder, now: now)
    }
}
