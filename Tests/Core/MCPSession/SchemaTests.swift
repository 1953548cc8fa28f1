import MCPSession
import Testing

@Suite struct SchemaTests {
    private static let schema = Schema.arguments([
        .required("argv", .array("Words.", of: .string("Word."), atLeast: 1, atMost: 3)),
        .optional("count", .integer("Count.", atLeast: 1, atMost: 300, default: 50)),
        .optional("ratio", .number("Ratio.", atLeast: 0, atMost: 0.5)),
        .optional("deep", .boolean("Deep.", default: false)),
        .optional("tone", .string("Tone.", oneOf: ["soft", "loud"])),
        .optional("text", .string("Text.", atLeast: 2, atMost: 3)),
        .optional("list", .array(of: .arguments([.required("name", .string())]))),
        .optional("pairs", .array(of: .arguments([.required("key", .string()), .required("value", .string())]))),
    ])

    @Test("the document says every bound")
    func document() {
        #expect(
            Self.schema.document.text
                == #"{"type":"object","properties":{"argv":{"type":"array","description":"Words.","items":{"type":"string","description":"Word."},"minItems":1,"#
                + #""maxItems":3},"count":{"type":"integer","description":"Count.","minimum":1,"maximum":300,"default":50},"ratio":{"type":"number","description":"Ratio.","minimum":0.0,"#
                + #""maximum":0.5},"deep":{"type":"boolean","description":"Deep.","default":false},"tone":{"type":"string","description":"Tone.","enum":["soft","loud"]},"#
                + #""text":{"type":"string","description":"Text.","minLength":2,"maxLength":3},"list":{"type":"array","items":{"type":"object","properties":{"name":{"type":"string"}},"#
                + #""required":["name"],"additionalProperties":false}},"pairs":{"type":"array","items":{"type":"object","properties":{"key":{"type":"string"},"#
                + #""value":{"type":"string"}},"required":["key","value"],"additionalProperties":false}}},"required":["argv"],"additionalProperties":false}"#
        )
    }

    @Test(
        "what holds is completed with defaults, and whole numbers become integers",
        arguments: [
            (#"{"argv":["a"]}"#, #"{"argv":["a"],"count":50,"deep":false}"#),
            (#"{"count":300.0,"argv":["a","",""],"ratio":0.5}"#, #"{"argv":["a","",""],"count":300,"ratio":0.5,"deep":false}"#),
            (
                #"{"argv":["a"],"ratio":0,"deep":true,"tone":"soft","text":"😀😀😀","list":[]}"#,
                #"{"argv":["a"],"count":50,"ratio":0,"deep":true,"tone":"soft","text":"😀😀😀","list":[]}"#
            ),
        ])
    func completed(_ offered: String, _ completed: String) throws {
        #expect(try Self.schema.completed(try JSONValue(parsing: Array(offered.utf8))).text == completed)
    }

    @Test(
        "what does not hold is named by property and rule, and never repeated",
        arguments: [
            (#"["CANARY"]"#, "the argument object must be an object"),
            (#"{}"#, "`argv` is required"),
            (#"{"argv":["a"],"CANARY":1}"#, "the argument object has an unknown property; known: argv, count, ratio, deep, tone, text, list, pairs"),
            (
                #"{"CANARY":1,"CANARY-too":2}"#,
                "the argument object lacks `argv` and has 2 unknown properties; known: argv, count, ratio, deep, tone, text, list, pairs"
            ),
            (#"{"argv":["a"],"pairs":[{}]}"#, "`pairs[0]` lacks `key`, `value`"),
            (#"{"argv":["a"],"pairs":[{"key":"a","CANARY":""}]}"#, "`pairs[0]` lacks `value` and has an unknown property; known: key, value"),
            (#"{"argv":"CANARY"}"#, "`argv` must be an array"),
            (#"{"argv":[]}"#, "`argv` must have at least 1 item"),
            (#"{"argv":["a","b","c","CANARY"]}"#, "`argv` must have at most 3 items"),
            (#"{"argv":["a",7]}"#, "`argv[1]` must be a string"),
            (#"{"argv":["a"],"count":null}"#, "`count` must be an integer"),
            (#"{"argv":["a"],"count":0}"#, "`count` must be at least 1"),
            (#"{"argv":["a"],"count":301}"#, "`count` must be at most 300"),
            (#"{"argv":["a"],"count":1.5}"#, "`count` must be an integer"),
            (#"{"argv":["a"],"ratio":0.51}"#, "`ratio` must be at most 0.5"),
            (#"{"argv":["a"],"ratio":"0"}"#, "`ratio` must be a number"),
            (#"{"argv":["a"],"deep":1}"#, "`deep` must be true or false"),
            (#"{"argv":["a"],"tone":"CANARY"}"#, "`tone` must be one of: soft, loud"),
            (#"{"argv":["a"],"text":"a"}"#, "`text` must have at least 2 characters"),
            (#"{"argv":["a"],"text":"CANARY"}"#, "`text` must have at most 3 characters"),
            (#"{"argv":["a"],"list":[{"name":"a"},{}]}"#, "`list[1].name` is required"),
            (#"{"argv":["a"],"list":[{"name":"a","CANARY":""}]}"#, "`list[0]` has an unknown property; known: name"),
        ])
    func refused(_ offered: String, _ message: String) throws {
        let value = try JSONValue(parsing: Array(offered.utf8))
        let problem = #expect(throws: SchemaProblem.self) { try Self.schema.completed(value) }
        #expect(problem?.description == message)
    }

    @Test("a client's name becomes a label of one plain line")
    func clientLabel() {
        let info = ClientInfo(name: "a\u{1B}[31m\n\u{202E}b\u{2028}é", version: String(repeating: "9", count: 500))
        #expect(info.name == "a[31mbé")
        #expect(info.version.count == 100)
    }
}
