import Commands
import TestKit
import Testing

@Suite("Secrets in JSON")
struct SecretsJSONTests {
    @Test("the flat form gives secrets of one field")
    func flat() throws {
        let items = try SecretsJSON.parse(Array("\u{FEFF}{\"A\": \"b\",\n \"stripe/api-key\": \"c\\n\\u00e9\\ud83d\\ude00\\/\\u0000\"}\n".utf8))
        #expect(items.map(\.name) == ["A", "stripe/api-key"])
        #expect(items.map(\.field) == [nil, nil])
        #expect(items.map(\.line) == [1, 2])
        #expect(items.map { String(decoding: $0.value, as: UTF8.self) } == ["b", "c\né😀/\u{0}"])
    }

    @Test("the form with fields gives each, with its kind")
    func fields() throws {
        let text = """
            {"db": {"host": {"text": "h", "kind": "plain"}, "password": "p",
              "key": {"base64": "AP8="}, "cert": {"kind": "secret", "text": "c"}}}
            """
        let items = try SecretsJSON.parse(Array(text.utf8))
        #expect(items.map(\.field) == ["host", "password", "key", "cert"])
        #expect(items.map(\.isPlain) == [true, false, false, false])
        #expect(items.map(\.value) == [[0x68], [0x70], [0x00, 0xFF], [0x63]])
        #expect(items.map(\.line) == [1, 1, 2, 2])
    }

    @Test("an empty object has no secrets")
    func empty() throws {
        #expect(try SecretsJSON.parse(Array(" { } ".utf8)).isEmpty)
        #expect(try SecretsJSON.parse(SecretsJSON.print([])).isEmpty)
    }

    @Test(
        "a bad file is refused with its line",
        arguments: [
            ("", 1, "syntax"), ("[]", 1, "shape"), ("\"a\"", 1, "shape"), ("null", 1, "shape"), ("{", 1, "syntax"), ("{\"A\":\"b\"", 1, "syntax"),
            ("{\"A\":\"b\",}", 1, "syntax"), ("{\"A\" \"b\"}", 1, "syntax"), ("{\"A\":\"b\"} x", 1, "syntax"), ("{\"A\":\"b\"}{}", 1, "syntax"),
            ("{A:\"b\"}", 1, "syntax"),
            ("{'A':'b'}", 1, "syntax"), ("{\"A\":\n1}", 2, "not-text"), ("{\"A\":true}", 1, "not-text"), ("{\"A\":-1.5e3}", 1, "not-text"),
            ("{\"A\":null}", 1, "not-text"),
            ("{\"A\":[\"b\"]}", 1, "not-text"), ("{\"A\":\"b\",\n\"A\":\"c\"}", 2, "duplicate-key"),
            ("{\"A\":\"b\",\"\\u0041\":\"c\"}", 1, "duplicate-key"),
            ("{\"A\":{\"f\":\"b\",\"f\":\"c\"}}", 1, "duplicate-key"), ("{\"A\":{}}", 1, "empty"), ("{\"\":\"b\"}", 1, "name"),
            ("{\"a b\":\"c\"}", 1, "name"),
            ("{\"a//b\":\"c\"}", 1, "name"), ("{\"a/..\":\"c\"}", 1, "name"), ("{\"A\":{\"f/g\":\"c\"}}", 1, "field"),
            ("{\"A\":{\"\":\"c\"}}", 1, "field"),
            ("{\"A\":{\"f\":{\"g\":\"c\"}}}", 1, "unknown-key"), ("{\"A\":{\"f\":{}}}", 1, "shape"),
            ("{\"A\":{\"f\":{\"kind\":\"plain\"}}}", 1, "shape"),
            ("{\"A\":{\"f\":{\"text\":\"a\",\"base64\":\"\"}}}", 1, "shape"), ("{\"A\":{\"f\":{\"text\":{}}}}", 1, "depth"),
            ("{\"A\":{\"f\":{\"text\":1}}}", 1, "not-text"),
            ("{\"A\":{\"f\":{\"text\":\"a\",\"kind\":\"public\"}}}", 1, "kind"), ("{\"A\":{\"f\":{\"base64\":\"A\"}}}", 1, "base64"),
            ("{\"A\":{\"f\":{\"base64\":\"AB==\"}}}", 1, "base64"), ("{\"A\":{\"f\":{\"base64\":\"AA=A\"}}}", 1, "base64"),
            ("{\"A\":{\"f\":{\"base64\":\"A-_=\"}}}", 1, "base64"),
            ("{\"A\":{\"f\":{\"base64\":\"====\"}}}", 1, "base64"), ("{\"A\":\"b\nc\"}", 1, "syntax"), ("{\"A\":\"b\u{1}\"}", 1, "syntax"),
            ("{\"A\":\"\\x\"}", 1, "syntax"),
            ("{\"A\":\"\\ud800\"}", 1, "syntax"), ("{\"A\":\"\\udc00\"}", 1, "syntax"), ("{\"A\":\"\\ud800\\u0041\"}", 1, "syntax"),
            ("{\"A\":\"\\u12\"}", 1, "syntax"),
            ("{\"A\":\"b", 1, "syntax"), ("{\n\n\"A\":\"b\\", 3, "syntax"), ("{\"A\":\"b\"/*c*/}", 1, "syntax"), ("{\"A\":{\"f\":\"b\"", 1, "syntax"),
        ])
    func badFiles(text: String, line: Int, code: String) {
        let error = #expect(throws: FormatError.self) { try SecretsJSON.parse(Array(text.utf8)) }
        #expect(error?.code == "json.\(code)")
        #expect(error?.position == FilePosition(line: line))
    }

    @Test("bytes that are no UTF-8 are refused", arguments: [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xE2, 0x82]] as [[UInt8]])
    func invalidText(bytes: [UInt8]) {
        let error = #expect(throws: FormatError.self) { try SecretsJSON.parse(Array("{\"A\":\"".utf8) + bytes + Array("\"}".utf8)) }
        #expect(error?.code == "json.not-utf8")
    }

    @Test("a value of more than 1 MiB is refused, and one of 1 MiB is not")
    func tooLarge() throws {
        let value = [UInt8](repeating: 0x61, count: SecretsJSON.maximumValueByteCount)
        #expect(try SecretsJSON.parse(Array("{\"A\":\"".utf8) + value + Array("\"}".utf8)).first?.value.count == value.count)
        let error = #expect(throws: FormatError.self) { try SecretsJSON.parse(Array("{\n\"A\":\"a".utf8) + value + Array("\"}".utf8)) }
        #expect(error?.code == "json.too-large")
        #expect(error?.position == FilePosition(line: 2))
    }

    @Test("no error repeats a value or a name")
    func silentErrors() {
        for text in [
            "{\"CANARY\":\"CANARY-b\",\"CANARY\":\"c\"}", "{\"CANARY X\":\"CANARY-b\"}", "{\"A\":\"CANARY-b\\q\"}",
            "{\"A\":{\"f\":{\"CANARY\":\"CANARY-b\"}}}",
            "{\"A\":{\"f\":{\"base64\":\"CANARY-b\"}}}",
        ] {
            let error = #expect(throws: FormatError.self) { try SecretsJSON.parse(Array(text.utf8)) }
            #expect(error.map { "\($0) \($0.text(naming: "a.json"))".contains("CANARY") } == false)
        }
    }

    @Test("printing and reading give every field back, whatever its bytes")
    func roundTrip() throws {
        var draws = RandomDraws()
        for round in 0..<300 {
            let alphabet = round % 2 == 0 ? Array(0...255) : Array("ab\"\\/\n\r\t\u{1}\u{7F}{}:,".utf8) + Array("é".utf8)
            var items: [SecretsJSON.Item] = []
            for name in 0..<4 {
                for field in 0..<3 {
                    let isPlain = draws.chance(30)
                    items.append(
                        SecretsJSON.Item(name: "n/\(name)", field: "f\(field)", isPlain: isPlain, value: draws.bytes(0...30, from: alphabet)))
                }
                items.append(SecretsJSON.Item(name: "m\(name)", value: Array(draws.text(of: ["a", "é", "\"", "\\", "\n"], count: 0...9).utf8)))
            }
            let read = try SecretsJSON.parse(SecretsJSON.print(items)).map { item in
                var item = item
                item.line = 0
                return item
            }
            #expect(read == items, "seed \(draws.seed)")
        }
    }

    @Test("no byte that a terminal would obey stands in it")
    func controls() throws {
        let all = Array(0...0x7F) as [UInt8]
        let text = try SecretsJSON.print([SecretsJSON.Item(name: "a", value: all)])
        #expect(text.allSatisfy { $0 == 0x0A || (0x20..<0x7F).contains($0) })
        #expect(try SecretsJSON.parse(text).map(\.value) == [all])
    }

    @Test("the printed form is written out")
    func printed() throws {
        let text = try SecretsJSON.print([
            SecretsJSON.Item(name: "A", value: Array("b".utf8)), SecretsJSON.Item(name: "db", field: "host", isPlain: true, value: Array("h".utf8)),
            SecretsJSON.Item(name: "db", field: "key", value: [0, 255]),
        ])
        let expected = "{\n  \"A\": \"b\",\n  \"db\": {\"host\": {\"text\": \"h\", \"kind\": \"plain\"}, \"key\": {\"base64\": \"AP8=\"}}\n}\n"
        #expect(String(decoding: text, as: UTF8.self) == expected)
    }

    @Test("fields that have no place of their own are refused")
    func unprintable() {
        func item(_ name: String, _ field: String?, _ value: [UInt8] = [], isPlain: Bool = false) -> SecretsJSON.Item {
            SecretsJSON.Item(name: name, field: field, isPlain: isPlain, value: value)
        }
        for items in [
            [item("a", "f"), item("a", "f")], [item("a", nil), item("a", nil)], [item("a", nil), item("a", "f")], [item("a", "f"), item("a", nil)],
            [item("a", "f"), item("b", "f"), item("a", "g")], [item("a b", nil)], [item("a", "f/g")], [item("a", nil, [0xFF])],
            [item("a", nil, isPlain: true)],
        ] {
            #expect(throws: FormatError.self) { try SecretsJSON.print(items) }
        }
    }

    @Test("a changed file is read or refused with a line that it has")
    func mutations() {
        var draws = RandomDraws()
        let start = Array("{\"A\": \"b\\u00e9\",\n\"db\": {\"f\": {\"text\": \"x\", \"kind\": \"plain\"},\n \"g\": {\"base64\": \"AP8=\"}}}\n".utf8)
        for _ in 0..<4000 {
            let bytes = draws.mutation(of: start, inserting: Array("{}[]\":,\\u0\n".utf8))
            let lineCount = 1 + bytes.count { $0 == 0x0A }
            do throws(FormatError) {
                let items = try SecretsJSON.parse(bytes)
                #expect(try SecretsJSON.parse(SecretsJSON.print(items)).map(\.value) == items.map(\.value), "seed \(draws.seed)")
            } catch {
                #expect(error.position.map { (1...lineCount).contains($0.line) } == true, "seed \(draws.seed)")
            }
        }
    }
}
