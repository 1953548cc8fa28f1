import Foundation
import Redaction
import Testing

/// One encoding around another.
@Suite("a value that is encoded twice")
struct LayerTests {
    static let value = Array("CANARY-~/?+ \"é\\ key, <b>&'x'</b> 0123456789".utf8)
    static let set = needleSet([("KEY", value)])

    struct Encoding: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var encode: @Sendable ([UInt8]) -> [UInt8]
    }

    static let dense = [
        Encoding(testDescription: "base64") { Array(Spellings.base64($0).utf8) },
        Encoding(testDescription: "base64 behind a byte") { Array(Spellings.base64([0x78] + $0 + [0x79]).utf8) },
        Encoding(testDescription: "base64 behind two") { Array(Spellings.base64([0x78, 0x78] + $0).utf8) },
        Encoding(testDescription: "base64url") { Array(Spellings.base64URL($0).utf8) },
        Encoding(testDescription: "base64 wrapped at 64") { Array(Spellings.wrapped(Spellings.base64($0), at: 64, with: "\n").utf8) },
        Encoding(testDescription: "hex") { Array(Spellings.hex($0).joined().utf8) },
        Encoding(testDescription: "HEX") { Array(Spellings.hex($0, upper: true).joined().utf8) },
    ]
    static let sparse = [
        Encoding(testDescription: "JSON") { Array(String(decoding: $0, as: UTF8.self).debugDescription.dropFirst().dropLast().utf8) },
        Encoding(testDescription: "percent") { Array(Spellings.percent($0, keeping: Spellings.unreserved).utf8) },
        Encoding(testDescription: "XML") { Array(Spellings.entities($0).utf8) },
        Encoding(testDescription: "quoted-printable") { Array(Spellings.quotedPrintable($0).utf8) },
    ]

    static let utf16 = Encoding(testDescription: "UTF-16") { bytes in
        String(decoding: bytes, as: UTF8.self).utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
    }
    /// UTF-16 is looked for in base64 and hexadecimal digits, and nothing inside it.
    static let outers = dense + sparse

    @Test("is hidden, UTF-16 too", arguments: dense)
    func wideInDense(outer: Encoding) { twice(outer: outer, inner: Self.utf16) }

    @Test("is hidden", arguments: outers, dense + sparse)
    func twice(outer: Encoding, inner: Encoding) {
        let text = Array("before: ".utf8) + outer.encode(inner.encode(Self.value)) + Array(" :after".utf8)
        let result = redacted([text], by: Self.set, mode: .agent)
        let output = String(decoding: result.output, as: UTF8.self)
        #expect(result.report.counts.map(\.count) == [1], "\(shown(text)) became \(output)")
        #expect(output.hasPrefix("before: ") && output.hasSuffix(":after"))
        #expect(redacted(text.map { [$0] }, by: Self.set, mode: .agent) == result, "byte by byte")
    }

    @Test("is hidden in longer encoded data, at every offset")
    func inside() {
        for offset in 0..<24 {
            let inner = Array("{\"some\": \"text\"".utf8) + [UInt8](repeating: 0x2e, count: offset) + Array(Spellings.base64(Self.value).utf8)
            for outer in [Spellings.base64(inner), Spellings.wrapped(Spellings.base64(inner), at: 76, with: "\r\n"), Spellings.hex(inner).joined()] {
                let output = redacted(outer, by: Self.set)
                #expect(output.contains("[REDACTED:KEY:") && output.contains("+base64]"), "\(offset): \(outer) became \(output)")
            }
        }
    }

    @Test("is hidden whole where it is longer than what is first decoded behind a row of text, and what is beside it stays")
    func long() {
        var generator = SeededGenerator()
        let value = generator.bytes(900, from: Array("CANARYabcdefghij0123456789".utf8))
        let set = needleSet([("LONG", value)])
        for (inner, view) in [
            (Spellings.hex(value).joined(), "hex"), (Spellings.base64(value), "base64"), (Spellings.percent(value, keeping: ""), "percent"),
        ] {
            let row = String(repeating: "=~ ", count: 200)
            let outer = Array(Spellings.wrapped(Spellings.base64(Array("\(row)\(inner)\n\(row)".utf8)), at: 76, with: "\n").utf8)
            let result = redacted([outer], by: set, mode: .agent)
            #expect(result.report.counts == [.init(name: "LONG", view: "base64+\(view)", count: 1)])
            let beside = result.output.count - "[REDACTED:LONG:base64+\(view)]".utf8.count
            #expect(abs(beside - Spellings.wrapped(Spellings.base64(Array("\(row)\n\(row)".utf8)), at: 76, with: "\n").utf8.count) < 8)
            #expect(redacted(generator.chunks(of: outer, atMost: 300), by: set, mode: .agent) == result, "seed \(generator.seed)")
        }
    }

    @Test("a person's words are not held for the row that they could begin")
    func typing() {
        var redactor = Redactor(Self.set, mode: .person)
        var (typed, shown) = ("", "")
        for word in ["p", "assword", "\n", "hello\n", "next"] {
            typed += word
            shown += redactor.taking(Array(word.utf8))
            // The last character, and a line break behind it, could be the beginning of a form that is in no row.
            #expect(typed.hasPrefix(shown) && shown.count >= typed.count - 2, "\(shown) of \(typed)")
        }
    }

    @Test("any chunking of random layers gives the same output as one chunk")
    func chunks() {
        var generator = SeededGenerator()
        for _ in 0..<10 * soak {
            var text: [UInt8] = []
            for _ in 0..<3 {
                let inner = (Self.dense + Self.sparse).randomElement(using: &generator)?.encode(Self.value) ?? []
                let words = generator.bytes(.random(in: 0...40, using: &generator), from: Array("abc \n=".utf8))
                text += words + (Self.outers.randomElement(using: &generator)?.encode(words + inner) ?? [])
            }
            let whole = redacted([text], by: Self.set, mode: .agent)
            #expect(redacted(text.map { [$0] }, by: Self.set, mode: .agent) == whole, "seed \(generator.seed): \(shown(text))")
            let cut = Int.random(in: 0...text.count, using: &generator)
            let parts = redacted([Array(text[..<cut]), Array(text[cut...])], by: Self.set, mode: .agent)
            #expect(parts == whole, "seed \(generator.seed), cut at \(cut): \(shown(text))")
        }
    }
}
