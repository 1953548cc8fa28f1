import Testing

@testable import Commands

@Suite("Changing one member of a JSON file")
struct JSONEditTests {
    private static let entry = JSONText.object([(key: "command", value: .string("/bin/tacit")), (key: "args", value: .array([.string("mcp")]))])
    private static let path = ["mcpServers", "tacit"]

    private func set(_ text: String) throws -> String {
        String(decoding: try JSONEdit(Array(text.utf8)).setting(Self.path, to: Self.entry), as: UTF8.self)
    }

    private func removed(_ text: String) throws -> String {
        String(decoding: try JSONEdit(Array(text.utf8)).removing(Self.path), as: UTF8.self)
    }

    @Test("a new file holds the entry alone")
    func fresh() throws {
        let expected = """
            {
              "mcpServers": {
                "tacit": {
                  "command": "/bin/tacit",
                  "args": ["mcp"]
                }
              }
            }

            """
        #expect(try set("") == expected)
        #expect(try set(" \n") == expected)
    }

    @Test(
        "everything else stays byte for byte: order, indentation, numbers, escapes, what stands on one line",
        arguments: [
            "{\n\t\"a\": 1.50e+2,\n\t\"mcpServers\": {\n\t\t\"x\": {\"command\": \"\\u00e4\"}\n\t},\n\t\"z\": [1,2 , 3]\n}\n",
            "{\"mcpServers\": {\"x\": {}}, \"a\": null}", "{\"a\": {\"mcpServers\": 1}}", "{\n    \"mcpServers\": {}\n}", "{  }", "{}\n",
            "{\n  \"a\": \"mcpServers\\\"tacit\"\n}",
        ])
    func rest(_ text: String) throws {
        let changed = try set(text)
        let edit = try JSONEdit(Array(changed.utf8))
        let present = try #require(edit.text(at: Self.path))
        #expect(try JSONText(parsing: present).rendered(indent: "", unit: nil) == Self.entry.rendered(indent: "", unit: nil))
        // What was inserted is one run of bytes: before and after it the text is as it was.
        let (old, new) = (Array(text.utf8), Array(changed.utf8))
        let head = zip(old, new).prefix { $0 == $1 }.count
        let tail = zip(old[head...].reversed(), new[head...].reversed()).prefix { $0 == $1 }.count
        let dropped = old[head..<(old.count - tail)]
        #expect(dropped.allSatisfy { $0 == 0x20 || $0 == 0x0A }, "only space inside an empty object goes")
        #expect(try JSONText(parsing: Array(removed(changed).utf8)).rendered(indent: "", unit: nil).contains("\"tacit\": {") == false)
    }

    @Test("an entry that is there is replaced where it stands, and removed with its comma")
    func replacing() throws {
        let text = "{\n  \"mcpServers\": {\n    \"a\": 1,\n    \"tacit\": {\"old\": true},\n    \"b\": 2\n  }\n}\n"
        let changed = try set(text)
        #expect(changed.contains("\"a\": 1,\n    \"tacit\": {\n      \"command\": \"/bin/tacit\",\n      \"args\": [\"mcp\"]\n    },\n    \"b\": 2"))
        #expect(try removed(text) == "{\n  \"mcpServers\": {\n    \"a\": 1,\n    \"b\": 2\n  }\n}\n")
        #expect(try removed("{\"mcpServers\": {\"tacit\": 1, \"b\": 2}}") == "{\"mcpServers\": {\"b\": 2}}")
        #expect(try removed("{\"mcpServers\": {\"tacit\": 1}}") == "{}")
        #expect(try removed("{\"mcpServers\": {\"tacit\": 1}, \"b\": 2}") == "{\"b\": 2}")
        #expect(try removed("{\"a\": 1}") == "{\"a\": 1}")
    }

    @Test(
        "a text that is no strict JSON object, or has something else in the entry's place, is refused",
        arguments: [
            "{ // comment\n}", "[]", "1", "{\"a\": 1,}", "{\"a\": 1, \"a\": 2}", "{\"a\": 1} x", "{", "{\"mcpServers\": []}",
            "{\"mcpServers\": \"x\"}",
            "\u{0}",
        ])
    func refused(_ text: String) {
        #expect(throws: FormatError.self) { try set(text) }
    }
}
