import Model
import Redaction
import Testing

@Suite("What an agent's output answers")
struct AnswerTests {
    private static let value = "CANARY-6f1c9ab2e71d40c85b"
    private static let set = needleSet(["KEY": value, "WEAK": "summer-2025"])

    @Test("a beginning that is hidden is an answer, more of it is none, and with the last answer nothing more comes") func beginnings() {
        let answers = AnswerBook(left: ["KEY": 2])
        var redactor = Redactor(Self.set, mode: .agent, endingAt: .guessable, answers: answers)
        #expect(redactor.taking(Array(Self.value.utf8.prefix(15))) + redactor.pausing() == String(Self.value.prefix(15)))
        #expect(answers.takeNew() == [], "a beginning that is shown")
        for (count, shown, told) in [(16, "[REDACTED:KEY]", ["KEY"]), (17, "", []), (18, "", [])] {
            let next = Self.value.utf8.prefix(count).suffix(1)
            #expect(redactor.taking(Array(next)) + redactor.pausing() == shown && answers.takeNew() == told, "\(count)")
        }
        #expect(redactor.taking(Array("! \(Self.value) ".utf8)) + redactor.pausing() == "! [REDACTED:KEY] " && answers.takeNew() == [], "a whole one")
        #expect(!answers.isSpent)
        #expect(redactor.taking(Array(Self.value.utf8.prefix(20))) + redactor.pausing() == "[REDACTED:KEY]" && answers.takeNew() == ["KEY"])
        #expect(answers.isSpent)
        #expect(redactor.taking(Array(Self.value.utf8.suffix(2) + Array("more".utf8))) + redactor.pausing(isEnd: true) == "")
        #expect(redactor.report.withheld == .init(reason: .fuse, bytes: 6) && redactor.report.answered == ["KEY"])
    }

    @Test("line breaks behind it are shown, and the rest of the value is hidden all the same", arguments: ["\n", "\n\n", "\r\n\r\n", "\r\r"])
    func lineBreaks(_ breaks: String) {
        let digits = Spellings.base64(Array(Self.value.utf8))
        for (value, cut) in [(Self.value, 16), (Self.value, 22), (digits, 30)] {
            let answers = AnswerBook()
            var redactor = Redactor(Self.set, mode: .agent, endingAt: [.compressed, .guessable], answers: answers)
            let shown = redactor.taking(Array(("data: " + value.prefix(cut) + breaks).utf8)) + redactor.pausing()
            #expect(shown.hasPrefix("data: [REDACTED:KEY") && shown.hasSuffix("]" + breaks) && answers.takeNew() == ["KEY"], "\(shown)")
            // One more is shown as well, and what goes on with the value is hidden, without another placeholder or answer.
            #expect(redactor.taking(Array(breaks.utf8)) + redactor.pausing() == breaks)
            let rest = String(value.dropFirst(cut))
            #expect(
                redactor.taking(Array((rest + "\nmore").utf8)) + redactor.pausing(isEnd: true) == "\nmore" && answers.takeNew() == [],
                "\(value), \(cut)")
        }
        // Below sixteen bytes all of it is shown.
        var redactor = Redactor(Self.set, mode: .agent)
        let event = "data: " + Self.value.prefix(15) + breaks
        #expect(redactor.taking(Array(event.utf8)) + redactor.pausing() == event)
    }

    @Test("so is a beginning in another form, and in one around another") func forms() {
        let digits = Spellings.hex(Array(Self.value.utf8)).prefix(20).joined()
        for text in [digits, String(Spellings.base64(Array(Self.value.utf8)).prefix(30)), String(Spellings.base64(Array(digits.utf8)).prefix(48))] {
            let answers = AnswerBook()
            var redactor = Redactor(Self.set, mode: .agent, answers: answers)
            let shown = redactor.taking(Array("a line\n\(text)".utf8)) + redactor.pausing(isEnd: true)
            #expect(shown.hasPrefix("a line\n[REDACTED:KEY:") && answers.takeNew() == ["KEY"], "\(text): \(shown)")
        }
    }

    @Test("and a hit on a value that could be guessed, whether the stream ends there or not; for a person nothing is one") func guessable() {
        for ends in [.guessable, []] as [StreamEnds] {
            let answers = AnswerBook(left: ["WEAK": 2])
            var redactor = Redactor(Self.set, mode: .agent, endingAt: ends, answers: answers)
            _ = redactor.taking(Array("a summer-2025 b".utf8)) + redactor.pausing(isEnd: true)
            #expect(answers.takeNew() == ["WEAK"] && !answers.isSpent && redactor.report.answered == ["WEAK"])
        }
        var person = Redactor(Self.set, mode: .person)
        _ = person.taking(Array("a summer-2025 b".utf8)) + person.pausing(isEnd: true)
        #expect(person.report.answered == [])
    }

    @Test("where one has none left, nothing comes from the start") func spent() {
        var redactor = Redactor(Self.set, mode: .agent, answers: AnswerBook(left: ["KEY": 0]))
        #expect(redactor.taking(Array("hello".utf8)) + redactor.pausing(isEnd: true) == "")
        #expect(redactor.report.withheld == .init(reason: .fuse, bytes: 5))
    }

    @Test("the fields of one secret share what it has left, another secret has its own") func fields() {
        let answers = AnswerBook(left: ["db#user": 3, "db#password": 2])
        answers.take("db#user")
        answers.take("other#password")
        #expect(!answers.isSpent)
        answers.take("db#password")
        #expect(answers.isSpent && answers.takeNew() == ["db#user", "other#password", "db#password"] && answers.takeNew() == [])
    }
}
