import Foundation
import Redaction
import Testing

@Suite("words of two bytes whose order is swapped")
struct SwappedWordTests {
    private static let value = "CANARY-6f1c9ab2e71d40c85b"

    /// How a program lays words out.
    private enum Layout: CaseIterable {
        case bare, od, hexdump, xxd
    }

    /// As `od -An -x`, `od -x`, `hexdump` and `xxd -e -g2` print bytes.
    private static func dump(_ bytes: [UInt8], _ layout: Layout, columns: Int = 16) -> String {
        var lines = stride(from: 0, to: bytes.count, by: columns).map { start in
            let row = Array(bytes[start..<min(start + columns, bytes.count)])
            let words = stride(from: 0, to: row.count, by: 2).map { word in
                let second = word + 1 < row.count ? Spellings.hex([row[word + 1]])[0] : layout == .xxd ? "  " : "00"
                return second + Spellings.hex([row[word]])[0]
            }.joined(separator: " ")
            let padded = words.padding(toLength: columns / 2 * 5 - 1, withPad: " ", startingAt: 0)
            let text = row.map { $0 >= 0x20 && $0 < 0x7f ? String(UnicodeScalar($0)) : "." }.joined()
            return switch layout {
            case .bare: " " + words
            case .od: String(format: "%07o ", start) + words
            case .hexdump: String(format: "%07x ", start) + padded
            case .xxd: String(format: "%08x: ", start) + padded + "  " + text
            }
        }
        if layout == .od { lines.append(String(format: "%07o", bytes.count)) }
        if layout == .hexdump { lines.append(String(format: "%07x", bytes.count)) }
        return lines.map { $0 + "\n" }.joined()
    }

    @Test("are found at every place of a row, in every layout, with values of every length from four bytes on")
    func places() {
        for layout in Layout.allCases {
            for length in [4, 5, 6, 7, 8, 10, 11, 12, 14, 15, 16, 17, 24, 25] {
                let value = Array(Self.value.utf8.prefix(length))
                let set = needleSet([("KEY", value)])
                for before in 0...17 {
                    for after in [0, 1, 2, 20] {
                        // The text of a row must not hold the value by itself.
                        let bytes = [UInt8](repeating: 0, count: before) + value + [UInt8](repeating: 0, count: after)
                        let output = redacted(Self.dump(bytes, layout), by: set)
                        #expect(output.contains("[REDACTED:KEY:hex]"), "\(layout), \(length) bytes behind \(before), before \(after): \(output)")
                    }
                }
            }
        }
    }

    @Test("a word that holds a byte of the value is hidden whole, the others stay")
    func extent() {
        for (text, expected) in [
            ("6261 4143 414e 5952 6463", "6261 [REDACTED:KEY:hex] 6463"), ("4361 4e41 5241 6459 6564", "[REDACTED:KEY:hex] 6564"),
            ("6261 4143 414e 5952", "6261 [REDACTED:KEY:hex]"), ("4361 4e41 5241 0059\n", "[REDACTED:KEY:hex]\n"),
        ] {
            #expect(redacted(text, by: needleSet(["KEY": "CANARY"])) == expected, "\(text)")
        }
    }

    @Test("in wider and narrower rows, from eight bytes on")
    func rows() {
        let bytes = Array("0123456".utf8) + Array(Self.value.utf8) + Array("012345678".utf8)
        for layout in Layout.allCases where layout != .bare {
            for (columns, isFound) in [(4, false), (6, false), (8, true), (10, true), (24, true), (32, true)] {
                let output = redacted(Self.dump(bytes, layout, columns: columns), by: needleSet(["KEY": Self.value]))
                #expect(output.contains("[REDACTED:KEY:hex]") == isFound, "\(layout), \(columns) bytes a row: \(output)")
            }
        }
    }

    @Test("capital digits, words that are cut, and another order are none")
    func others() {
        let set = needleSet(["KEY": Self.value])
        let bytes = Array(Self.value.utf8)
        let swapped = Self.dump(bytes, .bare)
        let others = [
            swapped.uppercased(), swapped.replacing("4143", with: "41 43"), swapped.replacing("5952", with: "5 952"),
            Self.dump(bytes.reversed(), .bare),
        ]
        for text in others { #expect(redacted(text, by: set) == text, "\(text)") }
    }

    @Test("any chunking gives the same output as one chunk, for a person and an agent")
    func chunks() {
        var generator = SeededGenerator(number: 21)
        let secrets = values(["KEY": Self.value, "SHORT": "pa55-w", "DSN": "postgres://user:p%40ss=w@host.example", "ODD": "CANARYCANARY1"])
        let set = needleSet(secrets)
        for _ in 0..<20 * soak {
            var text: [UInt8] = []
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let value = secrets.randomElement(using: &generator)?.bytes ?? []
                let pad = generator.bytes(.random(in: 0...17, using: &generator), from: Array("ab \n%=4".utf8))
                let layout = Layout.allCases.randomElement(using: &generator) ?? .od
                var dump = Array(Self.dump(pad + value + pad.prefix(3), layout, columns: [8, 16].randomElement(using: &generator) ?? 16).utf8)
                if Int.random(in: 0..<3, using: &generator) == 0 { dump = Array(dump.prefix(.random(in: 0...dump.count, using: &generator))) }
                text += dump
            }
            for mode in [Redactor.Mode.person, .agent] {
                let whole = redacted([text], by: set, mode: mode)
                #expect(redacted(text.map { [$0] }, by: set, mode: mode) == whole, "seed \(generator.seed), byte by byte: \(shown(text))")
                for cut in stride(from: 0, to: text.count, by: 5) {
                    let parts = redacted([Array(text[..<cut]), Array(text[cut...])], by: set, mode: mode)
                    #expect(parts == whole, "seed \(generator.seed), cut at \(cut): \(shown(text)) became \(shown(parts.output))")
                }
            }
        }
    }

    @Test("a beginning of sixteen bytes at an agent's edge is hidden, a shorter one is shown")
    func edges() {
        let set = needleSet(["KEY": Self.value])
        for (count, isHidden) in [(14, false), (16, true), (20, true)] {
            let words = Self.dump(Array(Self.value.utf8.prefix(count)), .bare).dropLast()
            let output = shown(redacted([Array(words.utf8)], by: set, mode: .agent).output)
            #expect(output.contains("[REDACTED:KEY:hex]") == isHidden, "\(count): \(output)")
        }
    }
}
