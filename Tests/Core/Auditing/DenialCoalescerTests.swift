import Auditing
import Model
import TestKit
import Testing

@Suite("Denial coalescer")
struct DenialCoalescerTests {
    @Test("the first denial is written at once, identical ones as one count at the end of the window")
    func identical() {
        var coalescer = DenialCoalescer()
        #expect(coalescer.take(.sample()) == [.sample()])
        #expect(coalescer.nextDue == nil, "nothing is counted yet")
        for second in 1..<60 { #expect(coalescer.take(.sample(process: Int32(second), at: Int64(second))).isEmpty) }
        #expect(coalescer.nextDue == ClockReading.at(60).bootTime)
        #expect(coalescer.due(at: ClockReading.at(59).bootTime).isEmpty)
        let due = coalescer.due(at: ClockReading.at(60).bootTime)
        var expected = AuditEntry.sample(process: 59, at: 59)
        expected.repeated = 59
        #expect(due == [expected])
        #expect(coalescer.due(at: ClockReading.at(200).bootTime).isEmpty)
        #expect(coalescer.take(.sample(at: 201)) == [.sample(at: 201)], "a new window begins")
    }

    @Test("a denial after the window brings the counts of the window before it")
    func withoutTick() {
        var coalescer = DenialCoalescer()
        _ = coalescer.take(.sample())
        _ = coalescer.take(.sample(at: 1))
        #expect(coalescer.take(.sample(at: 100)) == [.sample(at: 1), .sample(at: 100)])
    }

    @Test("denials that differ in who, what or why are told apart")
    func different() {
        var coalescer = DenialCoalescer()
        var otherModel = AuditEntry.sample()
        otherModel.actor = .sample(.agent, executable: "/elsewhere")
        #expect(coalescer.take(.sample()).count == 1)
        #expect(coalescer.take(otherModel).isEmpty, "an actor can change its program with every request")
        #expect(coalescer.take(.sample(.unidentified)).count == 1)
        #expect(coalescer.take(.sample(action: .secretMasked)).count == 1)
        #expect(coalescer.take(.sample(name: "other")).count == 1)
        #expect(coalescer.take(.sample(code: "other")).count == 1)
    }

    @Test("who provokes many different denials fills a count, and shuts out no one else")
    func burst() {
        var coalescer = DenialCoalescer(burst: 5)
        let written = (0..<1000).flatMap { coalescer.take(.sample(name: "name-\($0)")) }
        #expect(written.count == 5)
        #expect(coalescer.take(.sample(.person, name: "mine")).count == 1)
        let folded = coalescer.flush()
        #expect(folded.count == 1)
        #expect(folded.first?.repeated == 995 && folded.first?.action == .known(.denialsFolded))
        #expect(folded.first?.subjects == [] && folded.first?.actor.agentName == "CANARY-agent")
    }

    @Test("memory and output stay bounded whoever asks, and a person keeps room")
    func capacity() {
        var coalescer = DenialCoalescer(burst: 5, capacity: 20)
        var written = 0
        for number in 0..<5000 {
            var denial = AuditEntry.sample()
            denial.actor = .sample(.agent, name: "agent-\(number)")
            written += coalescer.take(denial).count
        }
        #expect(written == 20)
        #expect(coalescer.take(.sample(.person, name: "mine")).count == 1)
        let folded = coalescer.flush()
        #expect(folded.count <= 21)
        #expect(folded.reduce(0) { $0 + $1.repeated } == 4980)
    }

    @Test("no denial is lost: written and counted ones add up", arguments: 0..<5)
    func conservation(round: Int) {
        let random = SeededRandom()
        var coalescer = DenialCoalescer(window: .seconds(10), burst: 3, capacity: 8)
        var entries: [AuditEntry] = []
        var second: Int64 = 0
        for _ in 0..<2000 {
            second += Int64(random.int(in: 0...3))
            entries += coalescer.take(.sample(random.element(of: AuditActor.Kind.allCases) ?? .agent, name: "n\(random.int(in: 0...9))", at: second))
            if random.oneIn(20) { entries += coalescer.due(at: ClockReading.at(second).bootTime) }
        }
        entries += coalescer.flush()
        #expect(entries.reduce(0) { $0 + $1.repeated } == 2000)
        #expect(coalescer.flush().isEmpty)
    }

    @Test("a boot clock that starts anew ends the window")
    func newBoot() {
        var coalescer = DenialCoalescer()
        _ = coalescer.take(.sample(at: 1000))
        _ = coalescer.take(.sample(at: 1001))
        #expect(coalescer.take(.sample(at: 5)).count == 2)
    }
}
