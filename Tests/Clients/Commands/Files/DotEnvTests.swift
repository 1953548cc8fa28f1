import Commands
import TestKit
import Testing

@Suite("Variable files")
struct DotEnvTests {
    @Test(
        "a line gives its value",
        arguments: [
            ("A=b", "b"), ("A=", ""), ("A=\n", ""), ("A=\"\"", ""), ("A=''", ""), ("A=``", ""), ("  A = b  ", "b"), ("\tA\t=\tb\t", "b"),
            ("export A=b", "b"), ("export\tA=b", "b"), ("export   A = b", "b"), ("A=b c", "b c"), ("A=b # c", "b"), ("A=b\t# c", "b"),
            ("A=b#c", "b#c"),
            ("A=#b", "#b"), ("A= #b", ""), ("A=b #", "b"), ("A= # b=c", ""), ("A='b # c'", "b # c"), ("A=\"b # c\"", "b # c"), ("A='b' # c", "b"),
            ("A='b'\t#c", "b"), ("A='b'   ", "b"), ("A='\\n'", "\\n"), ("A=\"\\n\\r\\t\\\"\\\\\\$\\`\"", "\n\r\t\"\\$`"),
            ("A=\"\\x\\'\\0\"", "\\x\\'\\0"),
            ("A=\\n", "\\n"), ("A='b\nc'", "b\nc"), ("A=\"b\nc\"", "b\nc"), ("A=`b\n'\"c`", "b\n'\"c"), ("A=\"b\r\nc\"\r\n", "b\r\nc"),
            ("A=b\r\n", "b"),
            ("A=b\r", "b"), ("# x\r\nA=b", "b"), ("\u{FEFF}A=b", "b"), ("A=b=c==", "b=c=="), ("A==", "="), ("A=it's", "it's"), ("A=b\"c\"", "b\"c\""),
            ("A=é✓", "é✓"),
            ("# x\n\n  # y\nA=b\n# z", "b"), ("A=$B", "$B"), ("A=${B}", "${B}"), ("A=$(b)", "$(b)"), ("A=\"\\${B}\"", "${B}"), ("A='$B'", "$B"),
            ("A=-----BEGIN KEY-----", "-----BEGIN KEY-----"),
            ("A=\"-----BEGIN-----\nMII=\n-----END-----\n\"", "-----BEGIN-----\nMII=\n-----END-----\n"),
            ("A=postgres://u:p@h:5432/d?sslmode=require#x", "postgres://u:p@h:5432/d?sslmode=require#x"), ("A={\"a\": [1, 2]}", "{\"a\": [1, 2]}"),
            ("A=\u{1B}[0m", "\u{1B}[0m"), ("A='b\rc'", "b\rc"), ("A=[a]; b", "[a]; b"),
        ])
    func values(text: String, value: String) throws {
        let content = try DotEnv.parse(Array(text.utf8))
        #expect(content.items.map(\.name) == ["A"])
        #expect(content.items.first.map { String(decoding: $0.value, as: UTF8.self) } == value)
    }

    @Test(
        "a bad line is refused with its number",
        arguments: [
            ("A", 1, "no-equals"), ("A\nB=c", 1, "no-equals"), ("A=b\nexport A", 2, "no-equals"), ("export", 1, "no-equals"), ("A: b", 1, "colon"),
            ("A=b\n\nB: c", 3, "colon"), ("A :b", 1, "colon"), ("=b", 1, "name"), ("1A=b", 1, "name"), ("-A=b", 1, "name"), ("A B=c", 1, "no-equals"),
            ("é=b", 1, "name"), ("'A'=b", 1, "name"), ("\"A\"=b", 1, "name"), ("$A=b", 1, "name"), ("{\"A\": 1}", 1, "name"),
            ("[section]", 1, "name"),
            ("set A=b", 1, "no-equals"), ("A+=b", 1, "no-equals"), ("A='b", 1, "open-quote"), ("A=\"b", 1, "open-quote"), ("A=`b", 1, "open-quote"),
            ("A=b\nB='c\nD=e\n", 2, "open-quote"), ("A=\"b\\\"", 1, "open-quote"), ("A='b'c", 1, "after-quote"), ("A='b' c", 1, "after-quote"),
            ("A=\"b\"#c", 1, "after-quote"), ("A='it's'", 1, "after-quote"), ("A='b\nc' d", 2, "after-quote"), ("A=b\nA=c", 2, "duplicate"),
            ("A='\n\n'\nA=c", 4, "duplicate"), ("A=b\u{0}c", 1, "nul"), ("A=b\nB='\u{0}'", 2, "nul"), ("A=b\n#\u{0}", 2, "nul"),
            (String(repeating: "A", count: 257) + "=b", 1, "name"), ("export export A=b", 1, "no-equals"), ("A =\"b\" \"c\"", 1, "after-quote"),
            ("\r\nA\r\n", 2, "no-equals"), ("; A=b", 1, "name"), ("// A=b", 1, "name"), ("A=b\n<<<<<<< HEAD\n", 2, "name"),
            ("A=\"b\\", 1, "open-quote"), ("A=b\rB=c", 1, "carriage-return"),
            ("A=b\n# c\rB=d", 2, "carriage-return"), ("A='b'\rB=c", 1, "after-quote"), ("\rA=b", 1, "name"),
        ])
    func badLines(text: String, line: Int, code: String) {
        let error = #expect(throws: FormatError.self) { try DotEnv.parse(Array(text.utf8)) }
        #expect(error?.code == "dotenv.\(code)")
        #expect(error?.position == FilePosition(line: line))
    }

    @Test("UTF-16 text is refused with what to do", arguments: [[0xFF, 0xFE, 0x41, 0x00], [0xFE, 0xFF, 0x00, 0x41]] as [[UInt8]])
    func utf16(bytes: [UInt8]) {
        let error = #expect(throws: FormatError.self) { try DotEnv.parse(bytes) }
        #expect(error?.hint == "save it as UTF-8")
    }

    @Test("a variable may be called export")
    func export() throws {
        #expect(try DotEnv.parse(Array("export=b\nexport =c".utf8), duplicates: .lastWins).items.map(\.name) == ["export"])
    }

    @Test("no error repeats anything of its line")
    func silentErrors() {
        for text in [
            "CANARY_A: CANARY-b", "CANARY-b", "A='CANARY-b", "A='CANARY-b'CANARY-c", "CANARY_A=CANARY-b\nCANARY_A=CANARY-c", "1CANARY=b",
            "A=CANARY-b\u{0}",
        ] {
            let error = #expect(throws: FormatError.self) { try DotEnv.parse(Array(text.utf8)) }
            #expect(error.map { "\($0) \($0.text(naming: ".env"))".contains("CANARY") } == false)
        }
    }

    @Test("the last of two values wins when that is asked, in the place of the first and with a warning")
    func lastWins() throws {
        let content = try DotEnv.parse(Array("A=1\nB=2\nA=3".utf8), duplicates: .lastWins)
        #expect(content.items == [DotEnv.Item(name: "A", value: [0x33], line: 3), DotEnv.Item(name: "B", value: [0x32], line: 2)])
        #expect(content.warnings == [DotEnv.Warning(line: 3, kind: .overridden(line: 1))])
    }

    @Test(
        "a value that a shell would expand is kept, with a warning",
        arguments: [
            ("A=${B}", true), ("A=$B", true), ("A=$(b)", true), ("A=\"x${B}\"", true), ("A=x$_", true), ("A='${B}'", false), ("A=`${B}`", false),
            ("A=\"\\${B}\"", false), ("A=$", false), ("A=a$1", false), ("A=$$", false), ("A=b # ${C}", false),
        ])
    func expansion(text: String, isWarned: Bool) throws {
        let warnings = try DotEnv.parse(Array("\n\(text)".utf8)).warnings
        #expect(warnings == (isWarned ? [DotEnv.Warning(line: 2, kind: .notExpanded)] : []))
    }

    @Test(
        "a value is printed with as little as it needs",
        arguments: [
            ("", "A="), ("b", "A=b"), ("a-b_c.d/e:f@g%h+i,j=k", "A=a-b_c.d/e:f@g%h+i,j=k"), ("b c", "A='b c'"), ("#b", "A='#b'"), ("$b", "A='$b'"),
            ("\"b\"", "A='\"b\"'"), ("it's", "A=\"it's\""), ("b\nc", "A=\"b\\nc\""), ("b\r\n$c\"\\`", "A=\"b\\r\\n\\$c\\\"\\\\\\`\""),
            ("`b`", "A='`b`'"), ("é", "A='é'"),
            (" ", "A=' '"), ("\t", "A='\t'"), ("\\n", "A='\\n'"),
        ])
    func printing(value: String, line: String) throws {
        let text = try DotEnv.print([DotEnv.Item(name: "A", value: Array(value.utf8))])
        #expect(String(decoding: text, as: UTF8.self) == line + "\n")
    }

    @Test("each byte stands as little quoted as it can", arguments: [1...0x7F, 0x80...0xFF] as [ClosedRange<UInt8>])
    func bytes(range: ClosedRange<UInt8>) throws {
        let bare = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-/:@%+,=".utf8)
        let escaped: [UInt8: String] = [0x0A: "\\n", 0x0D: "\\r"]
        for byte in range {
            let text = try DotEnv.print([DotEnv.Item(name: "A", value: [byte])])
            let expected: [UInt8] =
                if bare.contains(byte) { [byte] } else if byte == UInt8(ascii: "'") { Array("\"'\"".utf8) } else if let escape = escaped[byte] {
                    Array("\"\(escape)\"".utf8)
                } else { [UInt8(ascii: "'"), byte, UInt8(ascii: "'")] }
            #expect(text == Array("A=".utf8) + expected + [0x0A], "\(byte)")
        }
        #expect(String(decoding: try DotEnv.print([.init(name: "A", value: Array("'\t".utf8))]), as: UTF8.self) == "A=\"'\\t\"\n")
    }

    @Test("what cannot be written is refused by its number, without its name or value")
    func unprintable() {
        let good = DotEnv.Item(name: "A", value: [])
        for (item, code) in [
            (DotEnv.Item(name: "CANARY/B", value: []), "name"), (DotEnv.Item(name: "A", value: []), "duplicate"),
            (DotEnv.Item(name: "CANARY", value: [1, 0]), "nul"),
        ] {
            let error = #expect(throws: FormatError.self) { try DotEnv.print([good, item]) }
            #expect(error?.code == "dotenv.\(code)")
            #expect(error?.message.hasPrefix("variable 2 ") == true)
            #expect(error?.message.contains("CANARY") == false)
        }
    }

    @Test("printing and reading give every value back, whatever its bytes")
    func roundTrip() throws {
        var draws = RandomDraws()
        let awkward = Array("ab =#'\"`\\\\$${n\n\r\n\t!:;&|*".utf8) + [0x80, 0xFF, 0x1B, 0xEF, 0xBB, 0xBF, 0x7F, 0x01]
        for round in 0..<400 {
            let alphabet = round % 4 == 0 ? Array(1...255) : awkward
            let items = (0..<10).map { DotEnv.Item(name: "N\($0)", value: draws.bytes(0...40, from: alphabet)) }
            let read = try DotEnv.parse(DotEnv.print(items))
            #expect(read.items.map(\.value) == items.map(\.value), "seed \(draws.seed)")
            #expect(read.items.map(\.name) == items.map(\.name))
            #expect(read.warnings.isEmpty, "seed \(draws.seed)")
        }
    }

    @Test("a changed file is read or refused with a line that it has")
    func mutations() throws {
        var draws = RandomDraws()
        let start = Array("# c\nexport A='b\nc' # d\nB=\"e\\n${F}\"\r\nG=h i # j\n\nK=`l`\nM=\n".utf8)
        for _ in 0..<4000 {
            let bytes = draws.mutation(of: start, inserting: Array("='\"`\\#\n\r $:AB".utf8))
            let lineCount = 1 + bytes.count { $0 == 0x0A }
            do throws(FormatError) {
                let items = try DotEnv.parse(bytes).items
                #expect(try DotEnv.parse(DotEnv.print(items)).items.map(\.value) == items.map(\.value), "seed \(draws.seed)")
                #expect(items.allSatisfy { (1...lineCount).contains($0.line) }, "seed \(draws.seed)")
            } catch {
                #expect(error.position.map { (1...lineCount).contains($0.line) } == true, "seed \(draws.seed)")
            }
        }
    }
}
