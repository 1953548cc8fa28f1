import CompressedMembers
import Redaction
import Testing

@Suite("What a compressed member answers")
struct MemberAnswerTests {
    private static let value = "CANARY-6f1c9ab2e71d40"
    private static let set = needleSet(["KEY": value, "WEAK": "summer-2025", "OTHER": "winter-1999"])

    /// What an agent's stream shows, and what it told of guesses.
    private func judged(_ parts: [UInt8]..., with answers: AnswerBook) -> (shown: String, told: [String], report: RedactionReport) {
        var redactor = Redactor(Self.set, mode: .agent, endingAt: [.compressed, .guessable], answers: answers, opening: LibraryMembers())
        let shown = redactor.taking(parts.flatMap(\.self)) + redactor.pausing(isEnd: true)
        return (shown, answers.takeNew(), redactor.report)
    }

    @Test("a hit on a value that could be guessed is an answer, and with the last one nothing more comes", arguments: Packed.formats)
    func guessable(_ packed: Packed) {
        let answers = AnswerBook(left: ["WEAK": 2])
        for round in 1...2 {
            let (shown, told, report) = judged(Array("a ".utf8), packed("<summer-2025>"), with: answers)
            #expect(shown == "a " && told == ["WEAK"] && report.answered == ["WEAK"], "round \(round): \(report)")
            #expect(report.withheld?.reason == .guessable && answers.isSpent == (round == 2))
        }
        let (shown, told, report) = judged(Array("a ".utf8), packed("<spring-2025>"), with: answers)
        #expect(shown.isEmpty && told.isEmpty && report.withheld?.reason == .fuse, "\(report)")
    }

    @Test("so is a long beginning of another at a member's end; a short one is none, nor is a whole value", arguments: Packed.formats)
    func beginnings(_ packed: Packed) {
        for (content, told, ends) in [(Self.value.dropLast(), ["KEY"], true), (Self.value.prefix(15), [], false), (Self.value + ">", [], true)] {
            let answers = AnswerBook()
            let result = judged(packed("<" + content), Array(" after".utf8), with: answers)
            #expect(result.told == told && result.report.answered == told, "\(content): \(result.report)")
            #expect((result.report.withheld?.name == "KEY") == ends)
        }
    }

    @Test("what was only read ahead answers nothing", arguments: Packed.formats)
    func ahead(_ packed: Packed) {
        let result = judged(Array("a winter-1999 b ".utf8), packed("<summer-2025>"), with: AnswerBook())
        #expect(result.shown == "a " && result.told == ["OTHER"] && result.report.answered == ["OTHER"], "\(result.report)")
        let spent = judged(packed("<summer-2025>"), with: AnswerBook(left: ["OTHER": 0]))
        #expect(spent.told == [] && spent.report.answered == [] && spent.report.withheld?.reason == .fuse)
    }

    @Test("in a file that nobody reads it is told in the report", arguments: Packed.formats)
    func files(_ packed: Packed) {
        for (content, answered) in [("<summer-2025>", ["WEAK"]), (Self.value.dropLast() + "", ["KEY"]), ("<\(Self.value)>", [])] {
            let report = opened([Array("a ".utf8) + packed(content)], by: Self.set, endingAt: [], isRead: false).report
            #expect(report.answered == answered && report.withheld?.name == (answered.first ?? "KEY"), "\(content): \(report)")
        }
    }
}
