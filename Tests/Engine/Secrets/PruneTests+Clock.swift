import Auditing
import Model
import Storage
import TestKit
import Testing

@testable import Secrets

/// What the clock said when entries were written, and what it says when they are to go.
extension PruneTests {
    private static let day: Int64 = 86_400

    private func seconds(_ days: Int64) -> Duration { .seconds(days * Self.day) }

    /// A secret more, and a checkpoint over it.
    private func signed(_ bench: VaultBench, _ name: String) async throws -> Int64 {
        try await bench.set("app/\(name)", bench.canary().secret)
        return try #require(try await bench.open.writer.checkpoint()).size
    }

    private func moment(_ bench: VaultBench, daysAgo days: Int64) -> Timestamp { bench.machine.clock.now().advanced(by: seconds(-days)) }

    @Test("entries from a clock that was ahead go with what a person's word about the clock came behind") func ahead() async throws {
        let bench = try await furnished()
        let before = try #require(try await sizes(bench).last)
        bench.machine.setWall(by: seconds(1500))
        let ahead = try await signed(bench, "ahead")
        bench.machine.setWall(by: seconds(-1500))
        let flagged = try await signed(bench, "flagged")
        try await bench.open.acceptClock(by: bench.person())
        let behind = try await signed(bench, "behind")
        bench.machine.advance(seconds(100))
        try await bench.relock()
        _ = try await signed(bench, "young")
        let plan = try await bench.open.pruning(before: moment(bench, daysAgo: 50), by: bench.person())
        #expect(plan.entries.upperBound >= behind && plan.ahead >= 2 && plan.ahead <= behind - before, "\(plan)")
        // None of them is older than the word: until that is old, they stay.
        let early = try await bench.open.pruning(before: moment(bench, daysAgo: 101), by: bench.person())
        #expect(early.entries.isEmpty)
        let word = try #require(try await bench.open.openedEntries(from: flagged, limit: 50).first { $0.entry.action == .known(.clockAccepted) })
        let close = try await bench.open.pruning(before: word.entry.time, by: bench.person())
        #expect(close.entries.upperBound == before && close.ahead == 0)
        // A moment that is yet to come says nothing about which clock was wrong.
        let late = try await bench.open.pruning(before: bench.machine.clock.now().advanced(by: seconds(1)), by: bench.person())
        #expect(late.entries.upperBound <= ahead)
        let done = try await bench.open.prune(before: moment(bench, daysAgo: 50), to: plan.entries.upperBound, by: bench.person())
        #expect(done.isDone && done.ahead == plan.ahead)
        try await check(bench, begins: plan.entries.upperBound)
    }

    @Test("a clock that was accepted though it was behind lets nothing go from before") func acceptedBehind() async throws {
        let bench = try await furnished()
        bench.machine.setWall(by: seconds(-1500))
        try await bench.open.acceptClock(by: bench.person())
        _ = try await signed(bench, "behind")
        // While it is behind, what was written before is from a time that is yet to come; the word about it is young.
        #expect(try await bench.open.pruning(before: moment(bench, daysAgo: 1), by: bench.person()).entries.isEmpty)
        bench.machine.setWall(by: seconds(1500))
        _ = try await signed(bench, "right")
        _ = try await signed(bench, "again")
        #expect(try await bench.open.pruning(before: moment(bench, daysAgo: 365), by: bench.person()).entries.isEmpty)
    }

    @Test("no other entry says how old one from a time that is yet to come is at least") func otherWords() async throws {
        let sample = try #require(try await VaultBench.unlocked().log().first)
        func time(_ day: Int64) -> Timestamp { Timestamp(nanoseconds: day * Self.day * 1_000_000_000) }
        func entry(_ day: Int64, _ action: AuditAction = .secretSet, floor: Int64? = nil, _ decision: AuditDecision = .allow()) -> AuditEntry {
            var entry = sample
            entry.clock = ClockReading(wall: time(day), bootID: sample.bootID, bootTime: 1)
            (entry.clockFloor, entry.action, entry.decision) = (floor.map(time), .known(action), decision)
            return entry
        }
        func end(_ entries: [AuditEntry], before day: Int64 = 100) -> Int64 {
            var old = OldEntries(before: time(day), now: time(200), from: 10)
            _ = entries.enumerated().first { place, entry in !old.take(10 + Int64(place), entry) }
            return old.end
        }
        let (old, young, ahead, word) = (entry(50), entry(150), entry(900), entry(60, .clockAccepted))
        #expect(end([old, old, young, old]) == 12)
        #expect(end([old, ahead, old, old]) == 11)
        #expect(end([old, ahead, entry(60, floor: 901), word, old, young, old]) == 15)
        #expect(end([old, ahead, word, ahead, old, word]) == 16)
        #expect(end([old, ahead, entry(150, .clockAccepted), old]) == 11)
        #expect(end([old, ahead, entry(60, .clockAccepted, .deny(code: "x")), old]) == 11)
        #expect(end([old, young, word, old]) == 11)
        #expect(end([old, ahead, word], before: 201) == 11)
    }

    @Test("a plan is refused as its pruning would be while the clock is known to be wrong") func flaggedPlan() async throws {
        let bench = try await furnished()
        bench.machine.setWall(by: seconds(-400))
        let refusal = EngineError.invalid(
            "the clock went back, so the age of entries is not known", hint: "set it, or accept it with `tacit doctor --accept-clock`")
        await #expect(throws: refusal) { _ = try await bench.open.pruning(before: now(bench), by: bench.person()) }
        await #expect(throws: refusal) { try await prune(bench, to: try await sizes(bench)[1]) }
    }
}
