import FoundationEssentials
import Testing

@testable import TacitWire

@Suite("The JSON of the API")
struct WireJSONTests {
    private static func error<Value: Codable>(_ type: Value.Type, _ text: String) -> WireError? {
        do {
            _ = try WireJSON.decodeStrictly(type, from: Data(text.utf8))
            return nil
        } catch { return error as? WireError ?? .wrongType("\(error)") }
    }

    @Test(
        "a request with anything but its own fields is refused",
        arguments: [
            (#"{"name":"a"}"#, nil),
            (" \n{ \"name\" : \"a\" } \t", nil),
            (#"{"name":"a","other":1}"#, .unknownField("other")),
            (#"{"Name":"a"}"#, .missingField("name")),
            (#"{"name":"a","name":"b"}"#, .doubledField("name")),
            (#"{"name":"a","n\u0061me":"b"}"#, .doubledField("name")),
            (#"{"n\u0061me":"a"}"#, nil),
            (#"{"name":null}"#, .wrongType("name")),
            (#"{"name":1}"#, .wrongType("name")),
            (#"{"name":"a""#, .notJSON),
            (#"{"name":"a"}}"#, .notJSON),
            (#"{"name":"a"} {"name":"b"}"#, .notJSON),
            (#"{"name":"a",}"#, .notJSON),
            (#"{name:"a"}"#, .notJSON),
            (#"{"name":"a"\#u{0}}"#, .notJSON),
            ("[]", .wrongType("")),
            ("\"a\"", .wrongType("")),
            ("", .notJSON),
            ("\u{FEFF}{\"name\":\"a\"}", .notJSON),
        ] as [(String, WireError?)])
    func strictness(text: String, expected: WireError?) { #expect(Self.error(NameRequest.self, text) == expected) }

    @Test(
        "what lies deeper is as strict",
        arguments: [
            (#"{"fields":[{"name":"a","kind":"secret"}]}"#, nil),
            (#"{"fields":[{"name":"a","kind":"secret","x":1}]}"#, .unknownField("fields.x")),
            (#"{"fields":[{"name":"a","kind":"secret"},{"name":"b","kind":"plain","name":"c"}]}"#, .doubledField("name")),
            (#"{"fields":[{"name":"a","kind":"secret","binding":null}]}"#, .unknownField("fields.binding")),
            (#"{"fields":[],"tags":null}"#, .unknownField("tags")),
            (#"{"fields":[],"replacesFields":true}"#, .unknownField("replacesFields")),
            (#"{"fields":[],"replaces__fields":true}"#, .unknownField("replaces__fields")),
            (#"{"fields":[],"replaces_fields":true}"#, nil),
            (#"{"fields":[{"name":"a","kind":"public"}]}"#, .wrongType("fields.Index 0.kind")),
            (#"{"fields":{}}"#, .wrongType("fields")),
        ] as [(String, WireError?)])
    func nesting(text: String, expected: WireError?) { #expect(Self.error(SetRequest.self, text) == expected) }

    @Test(
        "fields with a usual value are as strict",
        arguments: [
            (#"{"argv":["a"]}"#, nil),
            (#"{"argv":["a"],"all":null}"#, .unknownField("all")),
            (#"{"argv":["a"],"environment":null}"#, .unknownField("environment")),
            (#"{"argv":["a"],"environment":{"A":"1","A":"2"}}"#, .doubledField("A")),
            (
                #"{"argv":["a"],"terminal":{"rows":1,"columns":1,"input":true,"output":true,"error":true,"colour":1}}"#,
                .unknownField("terminal.colour")
            ),
        ] as [(String, WireError?)])
    func defaults(text: String, expected: WireError?) { #expect(Self.error(RunRequest.self, text) == expected) }

    @Test("UTF-16 is no JSON of ours, though Foundation would read it")
    func utf16() throws {
        let bytes = #"{"name":"a"}"#.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        #expect(throws: WireError.self) { try WireJSON.decodeStrictly(NameRequest.self, from: Data(bytes)) }
    }

    @Test("the names of variables stay as they are")
    func variables() throws {
        let request = RunRequest(argv: ["a"], environment: ["FOO_BAR": "1", "fooBar": "2", "foo_bar": "3", "QUO\"TE": "4", "É": "5"])
        let decoded = try WireJSON.decodeStrictly(RunRequest.self, from: WireJSON.encode(request))
        #expect(decoded == request)
    }

    @Test("what is nested too deep is refused before anything recurses into it")
    func depth() {
        let text = #"{"name":"# + String(repeating: "[", count: 100_000)
        #expect(Self.error(NameRequest.self, text) == .notJSON)
        let fits = #"{"document":"d","text":"t","x":"# + String(repeating: "[", count: 30) + String(repeating: "]", count: 30) + "}"
        #expect(Self.error(PolicyApply.self, fits) == .unknownField("x"))
    }

    @Test("an error shows a key printable and short, and no value")
    func safeMessages() throws {
        let key = "CANARY-\u{1B}[31m`" + String(repeating: "k", count: 500)
        let message = WireError.unknownField(key).message
        #expect(!message.contains("\u{1B}") && message.utf8.count < 200)
        let error = Self.error(NameRequest.self, #"{"name":"CANARY-value","other":"CANARY-value"}"#)
        #expect(error.map { !$0.message.contains("CANARY-value") } == true)
    }

    @Test("a changed request is refused, or is another request that reads back")
    func changes() throws {
        let request = RunRequest(
            argv: ["psql", "-c", "select \"1\""], cwd: "/tmp", scope: "shop/prod", environment: ["FOO_BAR": "é\n"],
            secrets: [
                RunSecret(reference: "db#password", variable: "PGPASSWORD"), RunSecret(reference: "k", stdin: true, before: "a: ", after: "\n"),
            ],
            timeoutSeconds: 5, terminal: RunTerminal(rows: 24, columns: 80, input: true, output: false, error: true, term: "xterm"), fileMask: 0o27)
        let good = Array(try WireJSON.encode(request))
        let pieces = ["{", "}", "[", "]", "\"", ":", ",", "\\u0000", "\\ud800", "-", "1e99", "null", "\0", "9223372036854775808"].map {
            Array($0.utf8)
        }
        var accepted = 0
        for _ in 0..<4000 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...3) {
                let place = Int.random(in: 0..<bytes.count)
                let end = min(bytes.count, place + Int.random(in: 0...3))
                bytes.replaceSubrange(place..<end, with: Bool.random() ? pieces[Int.random(in: pieces.indices)] : [UInt8.random(in: 0...255)])
            }
            guard let read = try? WireJSON.decodeStrictly(RunRequest.self, from: Data(bytes)) else { continue }
            accepted += 1
            #expect(try WireJSON.decodeStrictly(RunRequest.self, from: WireJSON.encode(read)) == read, "\(bytes)")
        }
        #expect(accepted > 0)
    }

    @Test("an answer may have fields of a newer server")
    func tolerance() throws {
        #expect(try WireJSON.decode(NameRequest.self, from: Data(#"{"name":"a","newer":1}"#.utf8)).name == "a")
    }
}
