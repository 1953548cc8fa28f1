import Model
import TestKit
import Testing

@testable import Redaction

@Suite("Needles that become known while a stream goes on")
struct LaterNeedlesTests {
    private let first = "CANARY-first/0123456789abcdefghij"
    private let second = "CANARY-second/9876543210zyxwvutsr"

    private func needles(_ values: [(String, String)]) -> NeedleSet {
        NeedleSet(
            values.map { name, text in
                var bytes = Array(text.utf8)
                return Needle(name: name, value: SecretValue(moving: &bytes))
            })
    }

    @Test("a value that lies across the moment is hidden, wherever that is, and one that is known from then on, too") func across() {
        for cut in 1..<first.utf8.count {
            var redactor = Redactor(needles([("a", first)]), mode: .agent)
            let text = Array("before \(first) between \(second) after".utf8)
            let moment = "before ".utf8.count + cut
            var output: [UInt8] = []
            unsafe redactor.redact(Array(text[..<moment]).span.bytes, into: &output)
            redactor.know(needles([("a", first), ("b", second)]), endingAt: [])
            unsafe redactor.redact(Array(text[moment...]).span.bytes, into: &output)
            redactor.finish(into: &output)
            #expect(String(decoding: output, as: UTF8.self) == "before [REDACTED:a] between [REDACTED:b] after", "\(cut)")
            let counts = redactor.report.counts
            #expect(counts.map(\.name) == ["a", "b"] && counts.allSatisfy { $0.count == 1 })
        }
    }

    @Test("what was counted before stays counted, also where the numbers of names are others") func counts() {
        var redactor = Redactor(needles([("a", first)]), mode: .agent)
        var output: [UInt8] = []
        unsafe redactor.redact(Array("\(first) and \(first) ".utf8).span.bytes, into: &output)
        redactor.know(needles([("b", second), ("a", first)]), endingAt: [])
        unsafe redactor.redact(Array("\(first) \(second)".utf8).span.bytes, into: &output)
        redactor.finish(into: &output)
        let counts = Dictionary(grouping: redactor.report.counts, by: \.name).mapValues { $0.reduce(0) { $0 + $1.count } }
        #expect(counts == ["a": 3, "b": 1])
    }

    @Test("a stream that has ended stays so") func ended() {
        let value = "CANARY/9f8e7d6c5b4a3921+real=value"
        var redactor = Redactor(needles([("a", value)]), mode: .agent, endingAt: .value)
        var output: [UInt8] = []
        unsafe redactor.redact(Array("x \(value) y\(String(repeating: " ", count: 500))".utf8).span.bytes, into: &output)
        let before = redactor.hasStopped
        #expect(before)
        redactor.know(needles([("b", second)]), endingAt: [])
        unsafe redactor.redact(Array("z".utf8).span.bytes, into: &output)
        let (hasStopped, name) = (redactor.hasStopped, redactor.report.withheld?.name)
        #expect(hasStopped && output == Array("x ".utf8) && name == "a")
    }
}
