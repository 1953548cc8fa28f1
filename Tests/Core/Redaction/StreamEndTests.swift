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

    @Test("a value that could be guessed inside another one does not end it, and one that begins in another does, behind the placeholder")
    func overlaps() {
        let set = needleSet(["KEY": "CANARY-6f1c9ab2e7-summer-2025-1d40", "WEAK": "summer-2025", "TAIL": "1d40-winter"])
        let result = redacted([Array("a CANARY-6f1c9ab2e7-summer-2025-1d40-winter b".utf8)], by: set, mode: .agent, endingAt: .guessable)
        #expect(shown(result.output) == "\"a [REDACTED:KEY]\"" && result.report.withheld == .init(reason: .guessable, name: "TAIL", bytes: 9))
        let whole = redacted([Array("a CANARY-6f1c9ab2e7-summer-2025-1d40 b".utf8)], by: set, mode: .agent, endingAt: .guessable)
        #expect(shown(whole.output) == "\"a [REDACTED:KEY] b\"" && whole.report.withheld == nil)
    }

    private static let secrets = values([
        "WEAK": weak, "KEY": strong, "MIX": "summer-2025-CANARY-8b21f0c97d", "URL": "root:root@h/1%2",
        "LINE": "summer\nand \"winter\"\n",
    ])
    private static let members: [[UInt8]] = [
        [0x1f, 0x8b, 8], [0x28, 0xb5, 0x2f, 0xfd], [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], Array("BZh91AY&SY".utf8), [0x50, 0x4b, 3, 4],
    ]

    @Test("where it ends does not depend on the chunks", arguments: [[.guessable], [.compressed], [.guessable, .compressed]] as [StreamEnds])
    func chunks(ends: StreamEnds) {
        var random = SeededGenerator(number: UInt64(ends.rawValue))
        let set = needleSet(Self.secrets)
        for _ in 0..<6 * soak {
            var text = Spellings.randomText(of: Self.secrets.map(\.bytes), using: &random)
            for member in Self.members where Int.random(in: 0..<4, using: &random) == 0 {
                text.insert(contentsOf: member, at: Int.random(in: 0...text.count, using: &random))
            }
            let whole = redacted([text], by: set, mode: .agent, endingAt: ends)
            let single = redacted(text.map { [$0] }, by: set, mode: .agent, endingAt: ends)
            #expect(single == whole, "seed \(random.seed): \(shown(text)) became \(shown(single.output)), not \(shown(whole.output))")
            for cut in stride(from: 0, to: text.count, by: 3) {
                let parts = redacted([Array(text[..<cut]), Array(text[cut...])], by: set, mode: .agent, endingAt: ends)
                #expect(
                    parts == whole, "seed \(random.seed), cut at \(cut): \(shown(text)) became \(shown(parts.output)), not \(shown(whole.output))")
            }
        }
    }

    @Test("what comes out is what would have stood before the first placeholder of such a value")
    func beginnings() {
        var random = SeededGenerator(number: 9)
        let set = needleSet(Self.secrets)
        let names = ["WEAK", "URL", "LINE"]
        for name in Self.secrets.map(\.name) {
            let alone = needleSet(Self.secrets.filter { $0.name == name })
            let value = Self.secrets.first { $0.name == name }?.bytes ?? []
            #expect((redacted([value], by: alone, mode: .agent, endingAt: .guessable).report.withheld != nil) == names.contains(name), "\(name)")
        }
        for _ in 0..<40 * soak {
            let text = Spellings.randomText(of: Self.secrets.map(\.bytes), using: &random)
            let open = redacted([text], by: set, mode: .agent).output
            let first = names.compactMap { open.firstRange(of: Array("[REDACTED:\($0)".utf8))?.lowerBound }.min()
            let ended = redacted([text], by: set, mode: .agent, endingAt: .guessable)
            #expect(ended.output == Array(open[..<(first ?? open.count)]), "seed \(random.seed): \(shown(text)), \(shown(ended.output))")
            #expect((ended.report.withheld != nil) == (first != nil), "seed \(random.seed): \(shown(text))")
        }
    }
}
