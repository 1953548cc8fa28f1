import Foundation
import Model
import Policies
import TestKit
import Testing

@testable import Brokering

@Suite("tokens in bodies")
struct BodyTests {
    private let random = SeededRandom()
    private let grant: GrantID
    private let token = FakeToken(text: "sk-proj-AbCdEfGhIjKl/nOpQrStUvWxYz0123456789")
    private var tokens: SessionTokens { SessionTokens([grant: token]) }

    init() { grant = random.id() }

    private func filled(_ text: String) -> [UInt8] { Array(text.replacing("{}", with: token.text).utf8) }

    private func seen(_ body: String, _ kind: BodyKind) -> [String]? {
        tokens.sightings(inBody: filled(body), kind)?.map { $0.place?.description ?? "stray" }
    }

    private func exchanged(_ body: String, _ value: String, _ kind: BodyKind) throws -> String? {
        var bytes = Array(value.utf8)
        return try TextExchange(tokens, values: [grant: SecretValue(moving: &bytes)]).body(filled(body), kind)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(
        "a content type says how a body is read; of most nobody vouches for how others read them",
        arguments: [
            ("application/json", BodyKind.json), ("Application/JSON; charset=UTF-8", .json), ("application/vnd.api+json", .json),
            ("application/x-www-form-urlencoded", .form), ("application/x-www-form-urlencoded;charset=utf-8", .form),
            ("multipart/form-data; boundary=abc", .multipart(boundary: Array("abc".utf8))),
            ("multipart/form-data; boundary=\"a?c\"", .multipart(boundary: Array("a?c".utf8))),
            ("application/json; charset=utf-16", nil), ("text/json", nil), ("text/plain", nil), ("", nil), ("application/jsonx", nil),
            ("multipart/form-data", nil), ("multipart/form-data; boundary=", nil), ("multipart/form-data; boundary=a b", nil),
            ("multipart/form-data; boundary=a; boundary=b", nil), ("multipart/mixed; boundary=a", nil), ("application/xml", nil),
        ] as [(String, BodyKind?)])
    func kinds(_ type: String, _ kind: BodyKind?) {
        #expect(BodyKind(contentType: type) == kind)
    }

    @Test(
        "in JSON each text has its pointer, escaped or not; a name has none",
        arguments: [
            (#"{"key":"{}"}"#, ["json: /key"]), (#"{ "a" : { "b" : [ 1 , "x" , "{}" ] } }"#, ["json: /a/b/2"]),
            (#"{"a/b":{"~":"{}"}}"#, ["json: /a~1b/~0"]),
            (#""{}""#, ["json: "]), (#"["{}","{}"]"#, ["json: /0", "json: /1"]),
            (#"{"k":"sk-proj-AbCdEfGhIjKl\/nOpQrStUvWxYz0123456789"}"#, ["json: /k"]),
            (#"{"k":"\u0073k-proj-AbCdEfGhIjKl/nOpQrStUvWxYz0123456789"}"#, ["json: /k"]), (#"{"{}":1}"#, ["stray"]),
            (#"{"api\u212aey":"{}"}"#, ["stray"]), (#"{"é":"{}"}"#, ["stray"]), (#"{"k":"x{}"}"#, ["stray"]),
            (#"{"k":1,"n":null,"t":true,"f":false,"d":-1.5e+3}"#, []), (" \n\t{}".replacing("{}", with: "[]"), []),
        ])
    func json(_ body: String, _ expected: [String]) {
        #expect(seen(body, .json) == expected)
    }

    @Test(
        "what readers of JSON disagree on is vouched for by nobody",
        arguments: [
            "", " ", "{", #"{"a"}"#, #"{"a":1,}"#, "[1,]", "[1 2]", #"{"a":1}x"#, #"{"a":1}{"a":1}"#, #"{"a":"{}","a":"x"}"#, #"{"a":1,"\u0061":2}"#,
            "{'a':1}", "{a:1}", "[01]", "[1.]", "[.5]", "[+1]", "[1e]", "[NaN]", "[Infinity]", "[tru]", "[\"\u{01}\"]", "[\"\n\"]", #"["\x41"]"#,
            #"["\u12"]"#,
            #"["\ud800"]"#, #"["\ud800x"]"#, #"["\udc00"]"#, #"["\ud800\u0041"]"#, "\u{FEFF}[]", "[1]//x", "/**/[1]", "[\"a]", #"["\"]"#,
            String(repeating: "[", count: 65) + String(repeating: "]", count: 65), String(repeating: "[", count: 100_000),
        ])
    func disputedJSON(_ body: String) {
        #expect(seen(body, .json) == nil)
    }

    @Test("JSON of any shape is read as the library reads it")
    func jsonLikeTheLibrary() throws {
        for _ in 0..<200 {
            var texts: [String: String] = [:]
            let document = self.document(depth: 0, at: "", &texts)
            let options: JSONSerialization.WritingOptions = random.oneIn(2) ? [.fragmentsAllowed, .prettyPrinted] : [.fragmentsAllowed]
            let body = Array(try JSONSerialization.data(withJSONObject: document, options: options))
            let found = try #require(JSONStrings.all(in: body))
            // What no rule can name has no place.
            #expect(Set(found.map(\.pointer)) == Set(texts.keys.filter { $0.utf8.allSatisfy { $0 < 0x80 } }))
            for text in found { #expect(JSONTexts.decoded(body[text.range]).map { String(decoding: $0, as: UTF8.self) } == texts[text.pointer]) }
        }
    }

    private func document(depth: Int, at pointer: String, _ texts: inout [String: String]) -> Any {
        switch random.int(in: depth > 4 ? 2...4 : 0...4) {
        case 0:
            return (0..<random.int(in: 0...4)).map { document(depth: depth + 1, at: "\(pointer)/\($0)", &texts) }
        case 1:
            var members: [String: Any] = [:]
            for name in ["a", "b/c", "~", "\"\\", "é"].prefix(random.int(in: 0...5)) {
                let escaped = name.replacing("~", with: "~0").replacing("/", with: "~1")
                members[name] = document(depth: depth + 1, at: "\(pointer)/\(escaped)", &texts)
            }
            return members
        case 2: return random.int(in: -1000...1000)
        case 3: return random.oneIn(2)
        default:
            let text = String(decoding: random.bytes(random.int(in: 0...12)), as: UTF8.self)
            texts[pointer] = text
            return text
        }
    }

    @Test("a document of many texts behind a long name takes no more room than it has itself")
    func longNames() {
        let name = String(repeating: "a", count: 300_000)
        let texts = String(repeating: "\"\",", count: 100_000)
        #expect(JSONStrings.all(in: Array("{\"\(name)\":[\(texts)\"\"]}".utf8)) == [])
        #expect(JSONStrings.all(in: Array("[\(texts)\"long enough\"]".utf8), ofAtLeast: 11)?.map(\.pointer) == ["/100000"])
    }

    @Test("in a form it is a field's value")
    func forms() {
        #expect(seen("a=1&key={}&b", .form) == ["form: key"])
        #expect(seen("key=sk-proj-AbCdEfGhIjKl%2fnOpQrStUvWxYz0123456789", .form) == ["form: key"])
        #expect(seen("key=x{}", .form) == ["stray"])
        #expect(seen("{}", .form) == ["stray"])
        #expect(seen("k%E2%84%AAey={}", .form) == ["stray"])
        #expect(seen("key={}&note=see {}", .form) == ["form: key", "stray"])
        #expect(seen("", .form) == [])
    }

    private let kind = BodyKind.multipart(boundary: Array("XX".utf8))

    private func multipart(_ parts: (head: String, content: String)...) -> String {
        parts.map { "--XX\r\n\($0.head)\r\n\r\n\($0.content)\r\n" }.joined() + "--XX--\r\n"
    }

    @Test("in a multipart body it is a part's content")
    func multiparts() {
        let named = "Content-Disposition: form-data; name=\"key\""
        #expect(seen(multipart((named, "{}")), kind) == ["multipart: key"])
        #expect(
            seen(multipart(("Content-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\nContent-Type: text/plain", "x"), (named, "{}")), kind)
                == ["multipart: key"])
        #expect(seen(multipart((named, "x\r\n{}")), kind) == ["stray"])
        for bad in [
            "", "--XX--", multipart((named, "{}")).replacing("\r\n", with: "\n"), "preamble\r\n" + multipart((named, "{}")),
            multipart((named, "{}")) + "epilogue",
            multipart(("Content-Type: text/plain", "{}")), multipart(("\(named)\r\n\(named)", "{}")),
            multipart(("Content-Disposition: attachment; name=\"key\"", "{}")),
            multipart(("Content-Disposition: form-data; name=key", "{}")), multipart(("Content-Disposition: form-data; name=\"k\\\"ey\"", "{}")),
            multipart(("\(named); name*=utf-8''other", "{}")), multipart(("Content-Disposition: form-data;\r\n name=\"key\"", "{}")),
            multipart(("\(named); filenamex=1; name=\"note\"", "{}")), multipart(("\(named); filename=\"a\"; name=\"note\"", "{}")),
            multipart(("X: a\nContent-Disposition: form-data; name=\"note\"\r\n\(named)", "{}")), multipart((" X: a\r\n\(named)", "{}")),
            multipart(("X Y: a\r\n\(named)", "{}")),
            multipart((named, "{}")).replacing("--XX--", with: "--XX-"), multipart((named, "{}")).replacing("--XX--\r\n", with: ""),
        ] {
            #expect(seen(bad, kind) == nil, "\(bad)")
        }
    }

    @Test("nothing but the token's bytes changes, and each place writes the value as its readers read it")
    func exchange() throws {
        #expect(try exchanged(#"{ "k" : "{}", "n":1e0 }"#, "CANARY \"\\\u{01}é\n", .json) == #"{ "k" : "CANARY \"\\\u0001é\u000a", "n":1e0 }"#)
        #expect(try exchanged("a=%41&key={}", "CANARY &=+", .form) == "a=%41&key=CANARY%20%26%3D%2B")
        let named = "Content-Disposition: form-data; name=\"key\""
        #expect(try exchanged(multipart((named, "{}")), "CANARY\r\n", kind) == multipart((named, "CANARY\r\n")))
        // By the value alone, whatever the boundary: else which boundary is refused would tell it.
        for value in ["CANARY\r\n--XX--", "CANARY\r\n--YY", "CANARY\n--a", "--CANARY"] {
            #expect(throws: ExchangeRefusal.unspeakable) { try exchanged(multipart((named, "{}")), value, kind) }
        }
        #expect(try exchanged(multipart((named, "{}")), "CANARY--XX", kind) == multipart((named, "CANARY--XX")))
        #expect(try exchanged("{", "CANARY", .json) == nil)
        var bytes: [UInt8] = [0xFF, 0xFE]
        let exchange = TextExchange(tokens, values: [grant: SecretValue(moving: &bytes)])
        #expect(throws: ExchangeRefusal.unspeakable) { try exchange.body(filled(#"["{}"]"#), .json) }
        #expect(tokens.sightings(inBody: [UInt8](repeating: 0x20, count: BodyKind.maximumBytes) + filled("[]"), .json) == nil)
    }

    @Test("a body without a place passes unchanged however it is cut, and stops right before a token")
    func watch() {
        let secret = Array(token.text.utf8)
        for _ in 0..<400 {
            let alphabet = Array("sk-proj-AbC".utf8)
            let before = (0..<random.int(in: 0...60)).map { _ in alphabet[random.int(in: 0...(alphabet.count - 1))] }
            let hasToken = random.oneIn(2)
            let cut = random.int(in: 0...(secret.count - 1))
            let body = before + (hasToken ? secret : Array(secret.prefix(cut))) + before
            var watch = BodyWatch(tokens)
            var output: [UInt8] = []
            var stopped: BodyWatch.Stop?
            var rest = body[...]
            while !rest.isEmpty, stopped == nil {
                let count = random.int(in: 1...max(1, min(rest.count, 1 + random.int(in: 0...20))))
                stopped = watch.pass(Array(rest.prefix(count)), into: &output)
                rest = rest.dropFirst(count)
            }
            if stopped == nil { watch.finish(into: &output) }
            #expect(output == (hasToken ? before : body))
            #expect((stopped != nil) == hasToken)
        }
    }
}
