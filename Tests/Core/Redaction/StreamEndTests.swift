import Model
import Redaction
import Testing

@Suite("Where an agent's stream ends")
struct StreamEndTests {
    private static let weak = "summer-2025"
    private static let strong = "CANARY-6f1c9ab2e71d40"

    private func set() -> NeedleSet { needleSet(["WEAK": Self.weak, "KEY": Self.strong]) }

    @Test("a value that could be guessed ends it before its first byte, in every view and in whatever chunks it comes; another is replaced")
    func guessable() {
        let bytes = Array(Self.weak.utf8)
        let spellings = [
            Self.weak, Spellings.base64(bytes), Spellings.hex(bytes).joined(), Self.weak.replacing("-", with: "%2D"), "summer\\u002d2025",
        ]
        for spelling in spellings {
            let text = Array("one \(Self.strong) two <\(spelling)> and more".utf8)
            let passed = Array("one [REDACTED:KEY] two <".utf8)
            for chunks in [[text], text.map { [$0] }] {
                let result = redacted(chunks, by: set(), mode: .agent, endingAt: .guessable)
                #expect(result.output == passed, "\(spelling): \(shown(result.output))")
                let rest = Int64(spelling.utf8.count + "> and more".utf8.count)
                #expect(result.report.withheld == .init(reason: .guessable, name: "WEAK", bytes: rest), "\(result.report)")
                #expect(result.report.counts.map(\.name) == ["KEY"])
            }
        }
    }

    @Test("without such an end it is replaced, as for a person") func replaced() {
        let result = redacted([Array("<\(Self.weak)>".utf8)], by: set())
        #expect(shown(result.output) == "\"<[REDACTED:WEAK]>\"" && result.report.withheld == nil)
    }

    @Test("nothing passes after the end: not at a pause, not at the stream's end, not a value") func afterwards() {
        var redactor = Redactor(set(), mode: .agent, endingAt: [.guessable, .compressed])
        #expect(redactor.taking(Array("a \(Self.weak) b".utf8)) + redactor.pausing() == "a ")
        #expect(
            redactor.taking(Array("c \(Self.strong)".utf8)) + redactor.pausing() + redactor.taking(Array("d".utf8)) + redactor.pausing(isEnd: true)
                == "")
        #expect(redactor.report.withheld?.bytes == Int64("\(Self.weak) bc \(Self.strong)d".utf8.count))
    }

    @Test("a long beginning of such a value at a pause ends it, too; a short one is shown, and the rest does not follow") func edges() {
        let set = needleSet(["WEAK": "correct horse battery staple"])
        for (first, expected) in [("x correct horse bat", "x "), ("x correct hor", "x correct hor")] {
            var redactor = Redactor(set, mode: .agent, endingAt: .guessable)
            #expect(redactor.taking(Array(first.utf8)) + redactor.pausing() == expected)
            #expect(redactor.taking(Array("correct horse battery staple".utf8.dropFirst(first.utf8.count - 2))) == "")
            #expect(redactor.pausing(isEnd: true) == "" && redactor.report.withheld?.name == "WEAK")
        }
    }
}
