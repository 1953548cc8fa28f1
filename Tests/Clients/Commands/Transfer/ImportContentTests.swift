import TacitWire
import Testing

@testable import Commands

@Suite("What an import sends")
struct ImportContentTests {
    private static func secret(_ title: String, _ fields: [(String, Int)] = [("password", 10)]) -> ForeignSecret {
        var secret = ForeignSecret(title: title, at: .line(2))
        for (name, size) in fields { secret.add(name, WipedBytes([UInt8](repeating: 0x61, count: size))) }
        return secret
    }

    @Test("fields have names of their own, tags are made to fit, and what is empty is told")
    func fitting() throws {
        var first = Self.secret("A b", [("My Key", 1), ("My Key", 1), ("", 1), ("note", 0)])
        first.tags = ["dev/tools", "", "x", "x"]
        let content = try ImportContent(ForeignContent(secrets: [first, Self.secret("A b"), Self.secret("empty", [])]), prefix: "p/")
        #expect(content.parts.map { "\($0.entry.name)#\($0.entry.field)" } == ["p/A-b#My-Key", "p/A-b#My-Key-2", "p/A-b#field", "p/A-b-2#password"])
        #expect(content.parts[0].entry.tags == ["dev-tools", "x"] && content.parts[1].entry.tags == nil)
        #expect(content.parts.map(\.title) == ["A b", nil, nil, "A b"])
        #expect(content.warnings.first == "line 2: it has no value, and is left out")
    }

    @Test("what is said to be plain is not hidden: a name with all its fields, or one field; a name that the file does not have is refused")
    func plain() throws {
        var content = try ImportContent(Array("PORT=8080\nKEY=CANARY-x\n".utf8), isJSON: false, prefix: "shop/", lastWins: false)
        try content.makePlain("shop/PORT")
        #expect(content.parts.map(\.entry.kind) == [.plain, .secret])
        var fields = try ImportContent(ForeignContent(secrets: [Self.secret("db", [("host", 3), ("password", 9)])]), prefix: "")
        try fields.makePlain("db#host")
        #expect(fields.parts.map(\.entry.kind) == [.plain, .secret])
        for name in ["PORT", "", "shop/PORT#other", "shop/", "shop/PORT#"] {
            let error = #expect(throws: CommandFailure.self) { try content.makePlain(name) }
            #expect(error?.code == "import.no-name" && error?.status == .usage)
        }
        try fields.makePlain("db")
        #expect(fields.parts.map(\.entry.kind) == [.plain, .plain])
    }

    @Test("a preview shows what is not hidden, and masks the rest") func preview() throws {
        let base = "/v1/projects/default/environments/dev/imports"
        var result = ImportResult(dryRun: true)
        result.created = ["KEY", "PORT", "TEXT"]
        let answer = result
        let rig = try Rig(["POST \(base)": { _ in .json(answer) }, "POST /v1/projects/default/environments/dev/import": { _ in .json(answer) }])
        let text = "KEY=CANARY-x\nPORT=8080\nTEXT=\(String(repeating: "ab", count: 30))\n"
        let outcome = try rig.run(
            ["import", "-", "--format", "env", "--plain", "PORT", "--plain", "TEXT", "--dry-run"], input: text)
        #expect(
            outcome.text.contains("plain  8080") && outcome.text.contains("\(String(repeating: "ab", count: 19))a…"),
            "\(outcome.text) \(outcome.messages)")
        #expect(outcome.text.contains("********") && !outcome.text.contains("CANARY"))
    }

    @Test("every bad line of a .env file is told, up to ten, and nothing of what it says") func badLines() throws {
        let rig = try Rig()
        let file = try rig.write("A=1\nCANARY-x\nB: CANARY-y\n\nA=2\n=CANARY-z\nC='a\nb'\nlast CANARY-q", to: "work/.env")
        let outcome = try rig.run("import", file)
        #expect(outcome.status == 2 && rig.keeper?.routes == [])
        for line in [
            "\(file):2: no `=` follows", "; line 3: a colon", "; line 5: the name was used on line 1", "; line 6: the line does",
            "; line 9: no `=",
        ] { #expect(outcome.messages.contains(line), "\(line) in \(outcome.messages)") }
        #expect(!outcome.messages.contains("CANARY"))
        let many = try rig.run("import", "-", "--format", "env", input: String(repeating: "CANARY x\n", count: 14))
        #expect(many.messages.contains("line 10: ") && many.messages.contains("; and 4 more lines\n") && !many.messages.contains("line 11"))
        // What comes behind a quote that does not close, or closes early, may be a part of a value: nothing of it is judged.
        let open = try rig.run("import", "-", "--format", "env", input: "A B\nC=\"x\" y\nD E\n")
        #expect(open.messages.contains("line 2: something follows") && !open.messages.contains("line 3"))
    }

    @Test("every bad value of a JSON file is told, up to ten, and nothing of what it says") func badValues() throws {
        let rig = try Rig()
        let file = try rig.write(
            """
            {"a": 1, "fine": "CANARY-0",
             "CANARY b": "CANARY-1",
             "c": {"f": "CANARY-2", "g/h": "CANARY-3", "i": {"base64": "CANARY-4"},
                   "j": {"txt": "CANARY-5"}},
             "d": {}, "e": {"f": null}}
            """, to: "x.json")
        let outcome = try rig.run("import", file)
        #expect(outcome.status == 2 && rig.keeper?.routes == [])
        for part in [
            "\(file):1: a value is a number", "; line 2: this is no name of a secret",
            "; line 3: this is no name of a field; line 3: this is not base64",
            "; line 4: a field has a key other", "; line 5: a secret has no field; line 5: a value is null",
        ] { #expect(outcome.messages.contains(part), "\(part) in \(outcome.messages)") }
        #expect(!outcome.messages.contains("CANARY"))
        let many = (1...14).map { "\"n\($0)\": \($0)" }.joined(separator: ",\n")
        let messages = try rig.run(["import", "-", "--format", "json"], input: "{\(many)}").messages
        #expect(messages.contains("line 10: ") && messages.contains("; and 4 more lines\n") && !messages.contains("line 11"))
        // Behind what is no JSON nothing is known.
        let cut = try rig.run(["import", "-", "--format", "json"], input: "{\"a\": 1,\n\"b\" 2,\n\"c\": 3}").messages
        #expect(cut.contains(":1: a value is a number") && cut.contains("; line 2: this is not valid JSON") && !cut.contains("line 3"))
    }

    @Test("every bad row of a CSV file is told, up to ten, and nothing of what it says") func badRows() throws {
        let rig = try Rig()
        let head = "Title,Url,Username,Password\n"
        let file = try rig.write("\(head)a,b,c,CANARY-1\na,CANARY-2\na,b,\"c\n\",CANARY-3,e\nCANARY\n", to: "x.csv")
        let outcome = try rig.run("import", file, "--format", "1password")
        #expect(outcome.status == 2 && rig.keeper?.routes == [])
        for part in ["\(file):3: the row has 2 cells", "; line 4: the row has 5 cells", "; line 6: the row has 1 cells"] {
            #expect(outcome.messages.contains(part), "\(part) in \(outcome.messages)")
        }
        #expect(!outcome.messages.contains("CANARY"))
        let many = try rig.run(["import", "-", "--format", "1password"], input: head + String(repeating: "CANARY,x\n", count: 14)).messages
        #expect(many.contains("line 11: ") && many.contains("; and 4 more lines\n") && !many.contains("line 12"))
        let open = try rig.run(["import", "-", "--format", "1password"], input: head + "a,b\na,\"x\" y,c,d\nD,E\n").messages
        #expect(open.contains("line 3: something follows") && !open.contains("line 4"))
    }

    @Test(
        "a secret that is too large is refused by its place",
        arguments: [[("a", (1 << 20) + 1)], Array(repeating: ("a", 1 << 20), count: 5), Array(repeating: ("a", 1), count: 65)])
    func tooLarge(_ fields: [(String, Int)]) {
        let error = #expect(throws: CommandFailure.self) { try ImportContent(ForeignContent(secrets: [Self.secret("a", fields)]), prefix: "") }
        #expect(error?.code == "import.too-large")
        #expect(error?.message.contains("line 2") == true)
    }

    @Test("100,000 rows go in pieces that a request can have, with the fields of a secret together")
    func pieces() throws {
        var text = Array("Title,Password\n".utf8)
        for number in 0..<100_000 { text += Array("t\(number),p\(number)\n".utf8) }
        let content = try ImportContent(OnePasswordCSV.parse(text), prefix: "")
        #expect(content.parts.count == 100_000)
        let pieces = content.pieces
        #expect(pieces.count == 5)
        #expect(pieces.flatMap { $0.map(\.entry.name) } == content.parts.map(\.entry.name))
        for piece in pieces { #expect(Set(piece.map(\.entry.name)).count == 20_000) }
    }

    @Test("what is too many bytes, or too many values, for one request goes in several")
    func bounds() throws {
        let large = try ImportContent(ForeignContent(secrets: (0..<70).map { Self.secret("s\($0)", [("password", 1 << 20)]) }), prefix: "")
        #expect(large.pieces.map(\.count) == [62, 8])
        let many = try ImportContent(
            ForeignContent(secrets: (0..<2000).map { Self.secret("s\($0)", Array(repeating: ("a", 1), count: 60)) }), prefix: "")
        #expect(many.pieces.map(\.count) == [99_960, 20_040])
        #expect(try ImportContent(ForeignContent(), prefix: "").pieces.map(\.count) == [0])
    }
}
