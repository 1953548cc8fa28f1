import Foundation
import Redaction
import Testing

/// Values that are long enough to be noticed by their letters alone, in notations mixed at random.
@Suite("mixtures of notations")
struct MixtureTests {
    static let secrets = values([
        "TOKEN": "ghp_CANARYC3d4E5f6G7h8I9j0KLmnopqrstuv", "PASS": "CANARYpa55", "SIGNS": "a%41\\x42&amp;=43zzyyxxwwvvuuttss",
        "DSN": "postgres://user:p%40ss=w@host.example:5432/db?x=1&y=2", "WORDS": "canary horse battery staple",
        "PEM": "-----BEGIN X-----\nMIIBCANARYabcdefgh+/\nQUJDREVGCANARY1234\n-----END X-----\n", "WIDE": "hêllo wörld canary ñandú 12345",
        "DIGEST": "deadbeef0123456789abcdef00112233",
    ])
    static let set = needleSet(secrets)

    @Test("a value in a mixture of escapes is hidden whole, whatever stands before it")
    func hidden() {
        var generator = SeededGenerator()
        for _ in 0..<30 * soak {
            let (name, value) = Self.secrets.randomElement(using: &generator) ?? ("", [])
            let spelling = Mixture.text(of: value, isSimple: true, using: &generator)
            let before = Mixture.neighbours.randomElement(using: &generator) ?? ""
            let output = String(decoding: redacted(Array(before.utf8) + spelling + [0x21], by: Self.set), as: UTF8.self)
            #expect(output.contains("[REDACTED:\(name)"), "seed \(generator.seed): \(shown(Array(before.utf8) + spelling)) became \(output)")
            // Digits before a value may belong to its first escape, and its last bytes to a longer one.
            #expect(output.utf8.count <= before.utf8.count + 40, "seed \(generator.seed): \(shown(Array(before.utf8) + spelling)) became \(output)")
        }
    }

    @Test("any chunking gives the same output as one chunk")
    func chunks() {
        var generator = SeededGenerator()
        for _ in 0..<8 * soak {
            let text = (0..<Int.random(in: 1...4, using: &generator)).flatMap { _ in piece(using: &generator) }
            let whole = redacted([text], by: Self.set, mode: .agent)
            #expect(redacted(text.map { [$0] }, by: Self.set, mode: .agent) == whole, "seed \(generator.seed), byte by byte: \(shown(text))")
            for _ in 0..<4 {
                let cuts = (0..<3).map { _ in Int.random(in: 0...text.count, using: &generator) }.sorted()
                let parts = zip([0] + cuts, cuts + [text.count]).map { Array(text[$0..<$1]) }
                #expect(redacted(parts, by: Self.set, mode: .agent) == whole, "seed \(generator.seed), cut at \(cuts): \(shown(text))")
            }
        }
    }

    /// A spelling of a value, whole or cut, between things that may go on with it.
    private func piece(using generator: inout SeededGenerator) -> [UInt8] {
        let value = Self.secrets.randomElement(using: &generator)?.bytes ?? []
        let pad = Array("xyz".utf8.prefix(.random(in: 0...3, using: &generator)))
        var piece: [UInt8] =
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: value
            case 1: Mixture.text(of: Array(Spellings.base64(pad + value).utf8), using: &generator)
            case 2: Mixture.dump(of: pad + value + pad, using: &generator)
            case 3: String(decoding: value, as: UTF8.self).utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
            case 4: Array(Spellings.hex(value).map { "0x" + $0 }.joined(separator: ["", ", ", " "].randomElement(using: &generator) ?? "").utf8)
            default: Mixture.text(of: value, using: &generator)
            }
        if Int.random(in: 0..<4, using: &generator) == 0 { piece = Array(piece.prefix(.random(in: 0...piece.count, using: &generator))) }
        let (before, after) = (Mixture.neighbours.randomElement(using: &generator) ?? "", Mixture.neighbours.randomElement(using: &generator) ?? "")
        return Array(before.utf8) + piece + Array(after.utf8)
    }

    @Test("hexadecimal digits of mixed case, and a dump of short rows, are no spelling")
    func narrowed() {
        let value = "CANARY-k+/9~jklm"
        let set = needleSet(["KEY": value])
        let pairs = Spellings.hex(Array(value.utf8))
        let mixed = pairs.enumerated().map { $0 < 9 ? $1 : $1.uppercased() }.joined()
        #expect(redacted(mixed, by: set) == mixed)
        for (columns, isFound) in [(4, false), (7, false), (8, true), (16, true), (24, true)] {
            let rows = stride(from: 0, to: 48, by: columns).map { start in
                let row = (Spellings.hex([UInt8](repeating: 0x2e, count: 13)) + pairs + Spellings.hex([UInt8](repeating: 0x2e, count: 19)))
                return String(format: "%07o ", start) + row[start..<min(start + columns, 48)].joined(separator: " ")
            }
            #expect(redacted(rows.joined(separator: "\n"), by: set).contains("[REDACTED:KEY:hex]") == isFound, "\(columns) bytes a row")
        }
    }
}

/// Bytes in notations mixed at random.
enum Mixture {
    /// What may stand beside a value: words, and beginnings of escapes.
    static let neighbours = [
        "", " ", "\n", "=", "\\", "%", "&", "\\x", "\\u00", "&#", "\u{1b}[", "\u{1b}]0;", "=4", "%2", "\\1", "key=", "\"", "words and words ", "0x",
        "\\\\",
        "%25", "\\U0000", "x", "+",
    ]
    private static let gaps = ["\n", "\r\n", "\\n", "\\r\\n", "\n   ", "\\\n", "=\n", "\u{1b}[31m", "\u{1b}[0m", "\r", "\u{1b}(B"]

    /// A simple one has no gaps, which may swallow a line break of the value, and no escapes within escapes.
    static func text(of value: [UInt8], isSimple: Bool = false, using generator: inout SeededGenerator) -> [UInt8] {
        let (density, gapDensity) = ([0, 1, 3, 8].randomElement(using: &generator) ?? 0, [0, 0, 1, 5].randomElement(using: &generator) ?? 0)
        var text: [UInt8] = []
        for (index, byte) in value.enumerated() {
            if !isSimple, index > 0, Int.random(in: 0..<10, using: &generator) < gapDensity {
                text += Array((gaps.randomElement(using: &generator) ?? "").utf8)
            }
            let isEscaped = Int.random(in: 0..<10, using: &generator) < density
            text += isEscaped ? escape(of: byte, isDeep: !isSimple && Bool.random(using: &generator), using: &generator) : [byte]
        }
        return text
    }

    /// An escape whose second character stands for itself; the others may be escaped once more. Of a number that may have fewer digits that is another escape.
    private static func escape(of byte: UInt8, isDeep: Bool, using generator: inout SeededGenerator) -> [UInt8] {
        let digits = Spellings.hex([byte], upper: Bool.random(using: &generator))[0]
        var forms = ["%" + digits, "=" + digits] + (isDeep ? [] : ["\\x" + digits])
        if byte < 0x80 { forms += ["\\u00" + digits, "&#\(byte);", "&#x\(digits);", "\\u{\(digits)}", "\\U000000" + digits] }
        let form = Array((forms.randomElement(using: &generator) ?? "").utf8)
        guard isDeep else { return form }
        return form[..<2]
            + form[2...].flatMap { Int.random(in: 0..<3, using: &generator) == 0 ? escape(of: $0, isDeep: false, using: &generator) : [$0] }
    }

    static func dump(of bytes: [UInt8], using generator: inout SeededGenerator) -> [UInt8] {
        let (columns, hasText) = ([8, 12, 16].randomElement(using: &generator) ?? 16, Bool.random(using: &generator))
        let rows = stride(from: 0, to: bytes.count, by: columns).map { start in
            let row = bytes[start..<min(start + columns, bytes.count)]
            let text = row.map { $0 >= 0x20 && $0 < 0x7f ? String(UnicodeScalar($0)) : "." }.joined()
            return String(format: "%08x  ", start) + Spellings.hex(Array(row)).joined(separator: " ") + (hasText ? "  |\(text)|\n" : "\n")
        }
        return Array(rows.joined().utf8)
    }
}
