import Model
import Testing

@Suite("Moments")
struct TimestampTests {
    struct TimeCase: Decodable, Sendable {
        let text: String
        let expect: String
        var nanoseconds: String?
        var why: String?
    }

    @Test("every moment reads and prints as Python's datetime has it, and no other text is a moment")
    func vectors() throws {
        let cases = try VectorTable<TimeCase>.read("times.json")
        #expect(cases.count >= 400)
        for vector in cases {
            let moment = Timestamp(rfc3339: vector.text)
            guard let recorded = vector.nanoseconds else {
                #expect(moment == nil, "\(vector.why ?? "")")
                continue
            }
            let nanoseconds = try #require(Int64(recorded))
            #expect(moment?.nanoseconds == nanoseconds, "\(vector.text)")
            if vector.expect == "ok" {
                let printed = Timestamp(nanoseconds: nanoseconds)
                #expect(printed.description == vector.text)
                #expect(printed.seconds == vector.text.prefix(19) + "Z")
            }
        }
    }

    @Test("whatever is printed reads back as the same moment, over the whole range")
    func roundTrip() {
        var generator = SeededGenerator()
        for _ in 0..<5000 {
            let near = Int64.random(in: -200_000_000_000...200_000_000_000, using: &generator)
            for nanoseconds in [Int64.random(in: .min ... .max, using: &generator), near, .min &+ abs(near), .max &- abs(near)] {
                let moment = Timestamp(nanoseconds: nanoseconds)
                #expect(Timestamp(rfc3339: moment.description) == moment, "seed \(generator.seed): \(nanoseconds)")
            }
        }
    }

    @Test("text order is time order")
    func order() {
        var generator = SeededGenerator()
        let moments = (0..<2000).map { _ in Timestamp(nanoseconds: .random(in: .min ... .max, using: &generator)) }
        #expect(moments.sorted().map(\.description) == moments.map(\.description).sorted(), "seed \(generator.seed)")
    }

    @Test("fewer decimals mean zeros behind them", arguments: 1...9)
    func decimals(count: Int) {
        let text = "1969-12-31T23:59:59." + "123456789".prefix(count) + "Z"
        let full = "1969-12-31T23:59:59." + "123456789".prefix(count) + String(repeating: "0", count: 9 - count) + "Z"
        #expect(Timestamp(rfc3339: text)?.description == full)
    }

    @Test("adding stays at the ends of the range")
    func advancing() {
        let first = Timestamp(nanoseconds: .min)
        let last = Timestamp(nanoseconds: .max)
        #expect(last.advanced(by: .nanoseconds(1)) == last)
        #expect(first.advanced(by: .nanoseconds(-1)) == first)
        #expect(Timestamp(nanoseconds: 5).advanced(by: .seconds(Int64.max)) == last)
        #expect(Timestamp(nanoseconds: 5).advanced(by: .seconds(-2)).nanoseconds == -1_999_999_995)
    }

    @Test("the span between any two moments is exact, also from one end of the range to the other")
    func difference() {
        var generator = SeededGenerator()
        let ends = [Timestamp(nanoseconds: .min), Timestamp(nanoseconds: .max), Timestamp(nanoseconds: 0)]
        for left in ends + (0..<50).map({ _ in Timestamp(nanoseconds: .random(in: .min ... .max, using: &generator)) }) {
            for right in ends {
                let span = left.duration(since: right)
                #expect((span < .zero) == (left < right) && (span == .zero) == (left == right), "seed \(generator.seed)")
                #expect(span == .zero - right.duration(since: left), "seed \(generator.seed)")
            }
        }
    }

    @Test("a clock tells what its source tells")
    func clock() {
        let clock = WallClock { Timestamp(nanoseconds: 7) }
        #expect(clock.now().nanoseconds == 7)
    }
}
