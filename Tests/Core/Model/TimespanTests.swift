import Model
import Testing

@Suite("Spans of time")
struct TimespanTests {
    struct TimespanCase: Decodable, Sendable {
        let text: String
        let expect: String
        var seconds: Int64?
        var prints: String?
        let why: String
    }

    @Test("every text of the table is a span of this length, or is refused for the reason written there")
    func vectors() throws {
        let cases = try VectorTable<TimespanCase>.read("durations.json")
        #expect(cases.count >= 60)
        for vector in cases {
            do throws(TimespanError) {
                let span = try Timespan(parsing: vector.text)
                #expect(vector.expect == "ok", "accepted: \(vector.why)")
                #expect(span.duration.components.seconds == vector.seconds && span.duration.components.attoseconds == 0, "\(vector.why)")
                #expect(span.description == vector.prints, "\(vector.why)")
            } catch {
                #expect("\(error)" == vector.expect, "\(vector.why)")
            }
        }
    }

    @Test("what is printed reads back as the same span")
    func roundTrip() throws {
        var generator = SeededGenerator()
        for _ in 0..<5000 {
            let digits = Int64.random(in: 1...10, using: &generator)
            let limit = (0..<digits).reduce(Int64(1)) { power, _ in power * 10 }
            let span = Timespan(.seconds(min(Int64.random(in: 1...limit, using: &generator), Timespan.maximum.components.seconds)))
            #expect(try Timespan(parsing: span.description) == span, "seed \(generator.seed): \(span)")
        }
    }

    @Test("a changed text is a span within the bounds that reads back, or none")
    func changes() throws {
        var generator = SeededGenerator()
        let texts = try VectorTable<TimespanCase>.read("durations.json").map(\.text)
        var accepted = 0
        for _ in 0..<20_000 {
            let text = changed(try #require(texts.randomElement(using: &generator)), with: "0123456789smhdwyMHD+-. \n\0é", &generator)
            guard let span = try? Timespan(parsing: text) else { continue }
            accepted += 1
            #expect(span.duration > .zero && span.duration <= Timespan.maximum, "seed \(generator.seed)")
            #expect(try Timespan(parsing: span.description) == span, "seed \(generator.seed)")
        }
        #expect(accepted > 100, "seed \(generator.seed)")
    }

    @Test("nothing, less than a second and less than nothing print as 0s", arguments: [Duration.zero, .milliseconds(999), .seconds(-5)])
    func nothing(duration: Duration) {
        #expect(Timespan(duration).description == "0s")
    }

    @Test("nanoseconds stay at the ends of their range")
    func nanoseconds() {
        #expect(Duration.seconds(2).wholeNanoseconds == 2_000_000_000)
        #expect(Duration.nanoseconds(-1).wholeNanoseconds == -1)
        #expect(Duration.seconds(Int64.max).wholeNanoseconds == .max)
        #expect(Duration.seconds(Int64.min).wholeNanoseconds == .min)
        #expect(Duration.nanoseconds(Int64.max).wholeNanoseconds == .max)
        #expect(Duration.nanoseconds(Int64.min).wholeNanoseconds == .min)
        #expect((Duration.nanoseconds(Int64.max) + .nanoseconds(1)).wholeNanoseconds == .max)
        #expect((Duration.nanoseconds(Int64.min) - .nanoseconds(1)).wholeNanoseconds == .min)
    }
}
