import Redaction
import Testing

/// The redactor against the naive one on every text over a small alphabet.
@Suite("every text over a small alphabet is redacted as the rules say")
struct RuleTests {
    struct Board: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var texts: KeyValuePairs<String, String>
        /// The pieces that texts are made of, and how many stand in one text.
        var pieces: [String]
        var length: Int

        init(_ title: String, _ texts: KeyValuePairs<String, String>, _ pieces: [String], _ length: Int) {
            testDescription = title
            self.texts = texts
            self.pieces = pieces
            self.length = length + (soak > 1 ? 2 : 0)
        }
    }

    static let boards = [
        Board("overlapping values", ["A": "aba", "B": "bab", "C": "bb"], ["a", "b", "c"], 6),
        Board("a value inside and before another", ["A": "ab", "B": "abcab", "C": "b"], ["a", "b", "c"], 6),
        Board("values of five bytes", ["A": "ababa", "B": "babab", "C": "aabba"], ["a", "b"], 10),
        Board("JSON escapes", ["Q": "a\"a\\", "N": "\n\"a\"aa"], ["a", "\"", "\\", "n", "\n"], 4),
        Board("JSON numbers", ["Q": "aéaa", "R": "é\u{1F600}aa"], ["a", "\\u00e9", "\\ud83d", "\\ude00", "é", "\u{1F600}"], 4),
        Board("percent signs", ["P": "a%4a", "S": "aa aa"], ["a", "%", "4", "+", " ", "%61", "%25"], 4),
        Board("base64", ["W": "abcd", "V": "bcda"], ["YW", "Jj", "ZA", "Fi", "Y2", "Q", "=", "\n"], 4),
        Board("hex", ["H": "abcd"], ["61", "626364", "6", "1", ":", " ", "\n", "\\x", "0x"], 4),
        Board("hex wrapped and separated", ["H": "aaaa"], ["61", "61: ", "61\n", "6\n1", ", ", "0x61", "\\x61"], 4),
    ]

    @Test("the redactor agrees with the naive one", arguments: boards)
    func everyText(_ board: Board) {
        let (naive, set) = (NaiveRedaction(values(board.texts)), needleSet(board.texts))
        let pieces = board.pieces.map { Array($0.utf8) }
        var digits = [Int](repeating: 0, count: board.length)
        var failures = 0
        while failures < 3 {
            let text = digits.flatMap { pieces[$0] }
            let (expected, labels) = naive.redacted(text)
            let result = redacted([text], by: set)
            let (output, report) = (result.output, result.report)
            if normalized(output) != expected || report.counts.map(\.count).reduce(0, +) != labels.count {
                failures += 1
                Issue.record("\(String(decoding: text, as: UTF8.self).debugDescription): \(shown(output)), not \(shown(expected))")
            }
            guard let carry = digits.lastIndex(where: { $0 < pieces.count - 1 }) else { return }
            digits[carry] += 1
            for index in digits.indices where index > carry { digits[index] = 0 }
        }
    }

    @Test("random texts of pieces of spellings are redacted as the rules say", arguments: [(1, 60), (20, 8)])
    func randomTexts(pieces: Int, tries: Int) {
        var generator = SeededGenerator()
        let values = values([
            "KEY": "CANARY-k+/9~ \"x\\", "PIN": "4821", "URL": "https://u:p@h/?q=1%2", "BIN": "\u{0}\u{1}é\u{10FFFF}ÿ", "ONE": "1", "PRE": "CANARY-k",
        ])
        let (naive, set) = (NaiveRedaction(values), needleSet(values))
        for _ in 0..<tries * soak {
            let text = (0..<pieces).flatMap { _ in Spellings.randomText(of: values.map(\.bytes), using: &generator) }
            let (expected, labels) = naive.redacted(text)
            let result = redacted([text], by: set)
            let output = normalized(result.output)
            #expect(output == expected, "seed \(generator.seed): \(shown(text)) became \(shown(output)), not \(shown(expected))")
            #expect(result.report.counts.map(\.count).reduce(0, +) == labels.count)
        }
    }
}

/// Output in which the notations of escapes have one name: a mixture of them is named after its first one.
private func normalized(_ output: [UInt8]) -> [UInt8] {
    var text = output
    for view in ["wrapped", "escape", "percent", "entity", "quoted"] {
        var result: [UInt8] = []
        var rest = text[...]
        let mark = Array(":\(view)]".utf8)
        while !rest.isEmpty {
            if rest.starts(with: mark) {
                result += ":escaped]".utf8
                rest = rest.dropFirst(mark.count)
            } else {
                result.append(rest.removeFirst())
            }
        }
        text = result
    }
    return text
}
