import Foundation
import Redaction
import Testing

/// One canary of awkward bytes in every spelling that a view promises; Foundation writes the spellings.
@Suite("every spelling of a value is found")
struct ViewTests {
    static let value = Array("CANARY-~/?+ \"é\\\n\t\u{7f}>>>???end".utf8)
    static let set = needleSet([("KEY", value)])

    private func expectHidden(_ spelling: String, as view: String, before: String = "x ", after: String = " y", _ note: String = "") {
        let label = view.isEmpty ? "[REDACTED:KEY]" : "[REDACTED:KEY:\(view)]"
        #expect(redacted(before + spelling + after, by: Self.set) == before + label + after, "\(note) \(spelling)")
    }

    @Test("base64 in both alphabets, padded or not")
    func base64() {
        for length in Self.value.count - 2...Self.value.count {
            let set = needleSet([("KEY", Array(Self.value[..<length]))])
            for text in [Spellings.base64(Array(Self.value[..<length])), Spellings.base64URL(Array(Self.value[..<length]))] {
                #expect(redacted("x \(text) y", by: set) == "x [REDACTED:KEY:base64] y")
                #expect(redacted("x \(text.replacing("=", with: "")) y", by: set) == "x [REDACTED:KEY:base64] y")
                #expect(redacted("x \(text.replacing("/", with: "\\/")) y", by: set) == "x [REDACTED:KEY:base64] y")
                let query = Spellings.percent(Array(text.utf8), keeping: Spellings.unreserved)
                #expect(redacted("x \(query) y", by: set) == "x [REDACTED:KEY:base64] y")
            }
        }
    }

    @Test("base64 that begins with escaped characters", arguments: [0, 1, 2])
    func base64Escaped(offset: Int) {
        // All plus signs, and all slashes.
        for byte in [[0xfb, 0xef, 0xbe] as [UInt8], [0xff, 0xff, 0xff]] {
            let value = (0..<6).flatMap { _ in byte }
            let set = needleSet([("KEY", Array(value[offset...]))])
            let text = Spellings.base64(value)
            for escaped in [text.replacing("/", with: "\\/"), Spellings.percent(Array(text.utf8)), Spellings.percent(Array(text.utf8), upper: false)]
            {
                #expect(redacted("x=" + escaped + ";", by: set).hasSuffix("[REDACTED:KEY:base64];"), "\(escaped)")
            }
        }
    }

    @Test("base64 inside longer data at every offset keeps the characters that hold none of its bits", arguments: [0, 1, 2, 3, 4, 5], [0, 1, 2, 3])
    func base64Offsets(before: Int, after: Int) {
        let head = [UInt8](repeating: 0x55, count: before)
        let text = Array(Spellings.base64(head + Self.value + [UInt8](repeating: 0xAA, count: after)).utf8)
        let first = before * 8 / 6
        let last = ((before + Self.value.count) * 8 + 5) / 6
        // With nothing behind it, the padding belongs to the value.
        let rest = after == 0 ? "" : String(decoding: text[last...], as: UTF8.self)
        let expected = String(decoding: text[..<first], as: UTF8.self) + "[REDACTED:KEY:base64]" + rest
        #expect(redacted(String(decoding: text, as: UTF8.self), by: Self.set) == expected)
    }

    @Test("base64 wrapped at every column from 1 to 100, with every line end", arguments: ["\n", "\r\n", "\\n", "\\r\\n", "\n    "])
    func base64Wrapped(lineEnd: String) {
        for offset in 0..<3 {
            let text = Spellings.base64([UInt8](repeating: 0x55, count: offset) + Self.value)
            for column in 1...100 {
                let output = redacted("x " + Spellings.wrapped(text, at: column, with: lineEnd) + ".", by: Self.set)
                #expect(output.hasSuffix("[REDACTED:KEY:base64]."), "offset \(offset), column \(column): \(output)")
                let rest = output.utf8.dropFirst(2).dropLast("[REDACTED:KEY:base64].".utf8.count)
                #expect(rest.allSatisfy("VVUWX\\\r\nnr ".utf8.contains), "offset \(offset), column \(column): \(output)")
            }
        }
    }

    @Test("hex in either case, bare, separated, prefixed and wrapped")
    func hex() {
        for upper in [false, true] {
            let pairs = Spellings.hex(Self.value, upper: upper)
            for separator in ["", " ", "  ", ":", ": ", "-", ",", ", ", ",\n  ", "\n"] {
                expectHidden(pairs.joined(separator: separator), as: "hex")
                expectHidden(pairs.map { "0x" + $0 }.joined(separator: separator), as: "hex")
            }
            expectHidden(pairs.map { "\\x" + $0 }.joined(), as: "escape")
            for column in 1...70 { expectHidden(Spellings.wrapped(pairs.joined(), at: column, with: "\n"), as: "hex", "column \(column)") }
        }
    }

    @Test("percent-encoding in either case, of all bytes or the needed ones, and of forms")
    func percent() {
        for upper in [false, true] {
            for kept in ["", Spellings.unreserved, Spellings.unreserved + "/?"] {
                let text = Spellings.percent(Self.value, upper: upper, keeping: kept)
                expectHidden(text, as: "percent")
                expectHidden(text.replacing("%20", with: "+"), as: "percent")
            }
        }
        #expect(redacted("a=CANARY+form+value+1&b", by: needleSet(["F": "CANARY form value 1"])) == "a=[REDACTED:F:percent]&b")
    }

    @Test("JSON escapes by a real encoder and by hand")
    func json() throws {
        let text = String(decoding: Self.value, as: UTF8.self)
        for options: JSONEncoder.OutputFormatting in [[], .withoutEscapingSlashes] {
            let encoder = JSONEncoder()
            encoder.outputFormatting = options
            let json = String(decoding: try encoder.encode(text), as: UTF8.self)
            #expect(redacted(json, by: Self.set) == "\"[REDACTED:KEY:escape]\"")
        }
        for format in ["\\u%04x", "\\u%04X"] {
            let units = text.utf16.map { String(format: format, $0) }
            expectHidden(units.joined(), as: "escape")
            for plain in 0..<units.count {
                let first = String(decoding: Array(text.utf16)[plain...plain], as: UTF16.self)
                guard first != "\\" else { continue }
                expectHidden(units[..<plain].joined() + first + units[(plain + 1)...].joined(), as: "escape", "all but \(plain)")
            }
        }
    }

    @Test("a value of every byte in every view")
    func everyByte() {
        let value = (0...255).map { UInt8($0) }
        let set = needleSet([("ALL", value)])
        func check(_ text: [UInt8], _ label: String) {
            #expect(redacted([7] + text + [7], by: set) == [7] + Array(label.utf8) + [7], "\(label)")
        }
        check(value, "[REDACTED:ALL]")
        check(Array(Spellings.base64(value).utf8), "[REDACTED:ALL:base64]")
        check(Array(Spellings.base64URL(value).utf8), "[REDACTED:ALL:base64]")
        check(Array(Spellings.hex(value).joined().utf8), "[REDACTED:ALL:hex]")
        check(Array(Spellings.percent(value).utf8), "[REDACTED:ALL:percent]")
        check(Array(Spellings.percent(value, keeping: Spellings.unreserved).utf8), "[REDACTED:ALL:percent]")
        check(value.flatMap { Array("\\u00\(Spellings.hex([$0])[0])".utf8) }, "[REDACTED:ALL:escape]")
    }

    @Test("a value split over two chunks at each byte, in each view")
    func split() {
        let spellings = [
            String(decoding: Self.value, as: UTF8.self), Spellings.base64(Self.value), Spellings.hex(Self.value).joined(separator: ":"),
            Spellings.percent(Self.value), Self.value.map { String(format: "\\u%04x", $0) }.joined(),
            Spellings.wrapped(Spellings.base64([1] + Self.value), at: 5, with: "\r\n"),
        ]
        for spelling in spellings {
            let text = Array("x \(spelling) y".utf8)
            let whole = redacted([text], by: Self.set)
            for cut in text.indices {
                #expect(redacted([Array(text[..<cut]), Array(text[cut...])], by: Self.set) == whole, "cut at \(cut): \(spelling)")
            }
        }
    }
}
