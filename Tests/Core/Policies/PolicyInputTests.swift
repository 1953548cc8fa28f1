import Policies
import TestKit
import Testing

@Suite("Policy input")
struct PolicyInputTests {
    @Test(
        "text that is no JSON is refused with its line",
        arguments: [
            ("", 1), ("{", 1), ("[", 1), ("{\"policies\":[]", 1), ("{\"policies\":[]}}", 1), ("{\"policies\":[],}", 1), ("{\"policies\":[1,]}", 1),
            ("{policies:[]}", 1), ("{'policies':[]}", 1), ("\u{FEFF}{\"policies\":[]}", 1), ("{\n\"policies\":\n[}\n", 3), ("// a\n{}", 1),
            ("{\"policies\":[\"a\nb\"]}", 2), ("{\"a\\x\":1}", 1), ("{\"\\ud800\":1}", 1), ("{\"\\udc00\\ud800\":1}", 1), ("{\"\\u12g4\":1}", 1),
            ("{\"\\u+123\":1}", 1), ("{\"a\\", 1), ("{\"a", 1), ("{\"a\":}", 1), ("{\"a\" 1}", 1), ("@", 1), ("{\"a\":1 \"b\":2}", 1), ("\u{0}", 1),
            (String(repeating: "[", count: 100_000), 1), (String(repeating: "{\"a\":", count: 17), 1),
        ] as [(String, Int)])
    func syntax(text: String, line: Int) {
        #expect(throws: PolicyError(path: "", reason: .syntax(line: line))) { try PolicyDocument(json: Array(text.utf8)) }
    }

    @Test("a key written twice is refused wherever it stands, also when one of the two is escaped")
    func duplicateKeys() {
        for text in [
            "{\"policies\":[],\n\"policies\":[]}", "{\"policies\":[],\n\"polici\\u0065s\":[]}", "{\"policies\":[{\"name\":\"a\",\n\"name\":\"a\"}]}",
        ] {
            #expect(throws: PolicyError(path: "", reason: .duplicateKey(line: 2))) { try PolicyDocument(json: Array(text.utf8)) }
        }
    }

    @Test("bytes that are no UTF-8 are refused")
    func invalidText() {
        let bytes = Array("{\"policies\":[\"".utf8) + [0xFF] + Array("\"]}".utf8)
        #expect(throws: PolicyError(path: "", reason: .syntax(line: 1))) { try PolicyDocument(json: bytes) }
    }

    @Test("a document or a list that is too large is refused")
    func tooLarge() throws {
        let space = [UInt8](repeating: 0x20, count: PolicyDocument.maximumByteCount)
        #expect(throws: PolicyError.self) { try PolicyDocument(json: space + Array("{\"policies\":[]}".utf8)) }
        func policy(_ count: Int) -> [UInt8] {
            let keys = (0..<count).map { "\"k\($0)\"" }.joined(separator: ",")
            return Array("{\"policies\":[{\"name\":\"a\",\"agent_id\":\"*\",\"denied_keys\":[\(keys)]}]}".utf8)
        }
        #expect(throws: PolicyError(path: "policies[0].denied_keys", reason: .tooMany(maximum: 500))) { try PolicyDocument(json: policy(501)) }
        #expect(try PolicyDocument(json: policy(500)).policies.count == 1)
    }

    @Test("the canonical form is written out")
    func canonicalForm() throws {
        let json = """
            { "policies" : [ { "unredactable":"allow", "home":"real", "unsandboxed":"allow", "capabilities":["reveal","broker"],
              "denied_keys":["root/**"], "allowed_keys":["stripe/*"], "environments":["shop/*"], "agent_id":"ci-*", "name":"a \\"b\\" \\\\c" } ] }
            """
        let expected =
            #"{"policies":[{"name":"a \"b\" \\c","agent_id":"ci-*","environments":["shop/*"],"allowed_keys":["stripe/*"],"#
            + #""denied_keys":["root/**"],"capabilities":["broker","reveal"],"unsandboxed":"allow","home":"real","unredactable":"allow"}]}"#
        let document = try PolicyDocument(json: Array(json.utf8))
        #expect(String(decoding: document.json(), as: UTF8.self) == expected)
    }

    @Test("messages name the place and the next step, and no pattern")
    func messages() throws {
        let json = #"{"policies":[{"name":"a","agent_id":"x","allowed_keys":["CANARY-8d1f/*","CANARY-8d1f/a"],"capabilities":["broker"]}]}"#
        let error = #expect(throws: PolicyError.self) { try PolicyDocument(json: Array(json.utf8)) }
        #expect(error?.message == "policies[0].allowed_keys[1]: the pattern has no effect: policies[0].allowed_keys[0] matches all that it matches")
        #expect(error?.hint == "remove one of the two")
        #expect(error?.code == "policy.shadowed")
    }

    @Test("a changed document is decoded or refused, and never anything else")
    func mutations() {
        var draws = RandomDraws()
        let start = Array(
            #"{"policies":[{"name":"a\u00e9","agent_id":"ci-*","environments":["**"],"allowed_keys":["a/**"],"capabilities":["broker"]}]}"#.utf8)
        var refused = 0
        for _ in 0..<3000 {
            var bytes = start
            for _ in 0..<Int.random(in: 1...3, using: &draws) {
                let place = Int.random(in: bytes.indices, using: &draws)
                switch Int.random(in: 0..<4, using: &draws) {
                case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &draws)
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(draws.pick(Array("{}[]\",:\\*/u0".utf8)), at: place)
                default: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 9)], at: place)
                }
            }
            do {
                let document = try PolicyDocument(json: bytes)
                #expect((try? PolicyDocument(json: document.json())) == document, "seed \(draws.seed)")
            } catch {
                refused += 1
                #expect(!error.code.isEmpty && !error.message.isEmpty)
            }
        }
        #expect(refused > 2000, "seed \(draws.seed)")
    }
}
