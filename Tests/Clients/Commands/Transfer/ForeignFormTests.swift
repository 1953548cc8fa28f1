import TacitWire
import TestKit
import Testing

@testable import Commands

/// The samples as their programs write them are read end to end; here is what each form may have besides.
@Suite("Forms of other programs")
struct ForeignFormTests {
    private static func fields(_ content: ForeignContent) -> [[String]] {
        content.secrets.map { $0.fields.map { "\($0.name)=\(String(decoding: $0.value.bytes, as: UTF8.self))\($0.kind == .plain ? " plain" : "")" } }
    }

    @Test(
        "a form is told by its content, and only then by its name",
        arguments: [
            ("Title,Username,Password,Notes\n", nil, .onePassword), ("url,username,password,totp,extra,name,grouping,fav\n", "x", .lastpass),
            ("{\"encrypted\":false,\"items\":[]}", nil, .bitwarden), ("{\"folders\":[],\"items\":[]}", "a.json", .bitwarden),
            ("{\"encrypted\":true,\"data\":\"x\"}", nil, .bitwarden), ("{\"A\":{\"value\":\"x\",\"created_at\":\"y\"}}", nil, .secretctl),
            ("{\"A\":{\"value\":\"x\"}}", nil, .json), ("{\"A\":\"x\"}", "b.env", .json), ("{\"a\":\"ENC[x]\",\"sops\":{}}", nil, .sops),
            ("{broken", nil, .json),
            ("a: b\nsops:\n  x: y\n", "s.yaml", .sops), ("A=ENC[x]\nsops_mac=ENC[y]\n", ".env", .sops), ("A=1\n", ".env", .env), ("A=1\n", "a", .env),
            ("[1]", "a.json", .json), ("\u{FEFF} {\"A\":\"x\"}", nil, .json),
        ] as [(String, String?, ImportFormat)])
    func guesses(_ text: String, _ name: String?, _ format: ImportFormat) throws {
        #expect(try ImportFormat.guess(Array(text.utf8), named: name) == format)
    }

    @Test(
        "a table without headings, YAML that is not encrypted and input without a name are refused without a word of theirs",
        arguments: ["a.csv", "a.yaml", "a.yml", nil])
    func unknown(_ name: String?) {
        let error = #expect(throws: CommandFailure.self) { try ImportFormat.guess(Array("CANARY: x,CANARY\n".utf8), named: name) }
        #expect(error?.status == .usage)
        #expect(error.map { "\($0)".contains("CANARY") } == false)
    }

    @Test("Bitwarden's items may have their parts in any order, their folders behind them, and parts of later versions")
    func bitwarden() throws {
        let text = """
            {"items":[{"login":{"password":"p","later":{"a":[1]}},"name":"x","folderId":"f","later":1,"type":9,"fields":[{"value":"v","name":null,"type":7}]}],
             "folders":[{"name":"a//b","id":"f"}],"encrypted":false,"later":[{}]}
            """
        let content = try BitwardenJSON.parse(Array(text.utf8))
        #expect(Self.fields(content) == [["password=p", "=v"]])
        #expect(content.secrets.first?.folders == ["a", "b"])
        #expect(
            content.sentences == [
                "item 1: it has a part that is not known here, which is left out", "item 1: the kind of the item is not known here",
                "item 1: the kind of a field is not known here, and is taken for hidden",
            ])
        #expect(throws: FormatError.self) { try BitwardenJSON.parse(Array("{\"items\":[],\"encrypted\":true}".utf8)) }
        #expect(throws: FormatError.self) { try BitwardenJSON.parse(Array("{\"folders\":[]}".utf8)) }
    }

    @Test("a number is told from what only looks like one")
    func numbers() {
        func code(of word: String) -> String? {
            do {
                _ = try BitwardenJSON.parse(Array("{\"items\":[{\"name\":\"x\",\"reprompt\":\(word)}]}".utf8))
                return nil
            } catch { return error.code }
        }
        for word in ["0", "-0", "7", "-10", "0.5", "1.50", "1e5", "0E-7", "-2.25e+10", "true", "null"] { #expect(code(of: word) == nil, "\(word)") }
        for word in ["-", "+1", "01", "-01", "1.", "-.5", "1.e5", "1e", "1e+", "1e5.0", "1-1", "0x10", "1a", "NaN", "tru", "True", "-true"] {
            #expect(code(of: word) == "json.syntax", "\(word)")
        }
    }

    @Test("an organization's collections are folders, and the further ones tags")
    func collections() throws {
        let text = #"{"items":[{"name":"x","notes":"n","collectionIds":["1","2"]}],"collections":[{"id":"1","name":"A"},{"id":"2","name":"B"}]}"#
        let secret = try #require(try BitwardenJSON.parse(Array(text.utf8)).secrets.first)
        #expect(secret.folders == ["A"] && secret.tags == ["B"])
    }

    @Test("LastPass's text is unescaped only where all of the file is escaped, and never when told so")
    func escapes() throws {
        func password(_ rows: String, isLiteral: Bool = false) throws -> String {
            let text = "url,username,password,extra,name,grouping,fav\n\(rows)"
            let content = try LastPassCSV.parse(Array(text.utf8), isLiteral: isLiteral)
            return String(decoding: content.secrets[0].fields[0].value.bytes, as: UTF8.self)
        }
        #expect(try password(",,a&lt;b&#39;,,x,,0\n") == "a<b'")
        #expect(try password(",,a&lt;b&#39;,,x,,0\n", isLiteral: true) == "a&lt;b&#39;")
        #expect(try password(",,a&lt;b,,x,,0\n,,a&b,,y,,0\n") == "a&lt;b")
        #expect(try password(",,a&amp;amp;,,x,,0\n") == "a&amp;")
        #expect(try password(",,a&nbsp;&amp;,,x,,0\n") == "a&nbsp;&amp;")
    }

    @Test("a store's entry is a password, fields, a code and a note")
    func entries() {
        func read(_ text: String) -> [String] {
            var content = ForeignContent()
            StoreEntry.secret("a/b", Array(text.utf8), into: &content)
            return Self.fields(content)[0]
        }
        #expect(read("p\n") == ["value=p"])
        #expect(read("p\n\n") == ["value=p"])
        #expect(read("\nuser: u\n") == ["user=u plain"])
        #expect(read("p\nkey:  two spaces \nkey: again\n") == ["password=p", "key= two spaces ", "key=again"])
        #expect(read("p\nthis is a long sentence of words: x\n: y\n") == ["password=p", "notes=this is a long sentence of words: x\n: y"])
        #expect(read("p\n---\nuser: 'u'\nk: \"q\"\ne:\n") == ["password=p", "user=u plain", "k=q"])
        #expect(read("p\n---\nk: \"a\\n\"\n") == ["password=p", "notes=k: \"a\\n\""])
        #expect(read("p\n---\nk: |\n  x\n") == ["password=p", "notes=k: |\n  x"])
        #expect(read("GOPASS-SECRET-1.0\nPassword: p\nContent-Type: text/yaml\n\nuser: u\n") == ["password=p", "user=u plain"])
        #expect(read("GOPASS-SECRET-1.0\r\nPassword: p\r\n\r\nbody\r\n") == ["password=p", "notes=body\r"])
        #expect(read("GOPASS-SECRET-1.0") == [])
    }

    @Test("no text whatever makes a reader fail in another way than by an error of its own, and no error repeats a value")
    func mutations() throws {
        var draws = RandomDraws()
        let bitwarden = Array(
            #"{"encrypted":false,"folders":[{"id":"f","name":"n"}],"items":[{"type":1,"name":"x","folderId":"f","notes":"CANARY","fields":[{"name":"a","value":"CANARY","type":1}],"login":{"uris":[{"uri":"u"}],"password":"CANARY","totp":null}}]}"#
                .utf8)
        let lastpass = Array(
            "url,username,password,totp,extra,name,grouping,fav\nhttp://sn,,,,\"NoteType:Server\nPassword:CANARY\nNotes:x\",n,a\\b,1\n".utf8)
        let entry = Array("GOPASS-SECRET-1.0\nPassword: CANARY\nContent-Type: text/yaml\n\na: 'CANARY'\n---\n".utf8)
        let sops = Array(#"{"a":{"b":["CANARY",{"c":"CANARY"}],"d":null},"e":1}"#.utf8)
        for _ in 0..<1500 {
            var content = ForeignContent()
            for text in [bitwarden, lastpass, sops] {
                let mutated = draws.mutation(of: text, inserting: Array("\"{}[],:\n\\".utf8))
                do {
                    switch text {
                    case bitwarden: content = try BitwardenJSON.parse(mutated)
                    case lastpass: content = try LastPassCSV.parse(mutated, isLiteral: false)
                    default: content = try SopsTree.parse(mutated)
                    }
                    _ = try ImportContent(content, prefix: "")
                } catch let error as FormatError {
                    #expect(!error.text(naming: "x").contains("ANARY"), "seed \(draws.seed)")
                }
            }
            StoreEntry.secret("x", draws.mutation(of: entry, inserting: Array(": \n'".utf8)), into: &content)
        }
    }
}
