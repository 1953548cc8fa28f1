import Foundation
import MCPSession
import Testing

@testable import MCPTools

@Suite struct ToolListTests {
    private static let golden = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../vectors/mcp/tools.json").standardized

    @Test("the tool list is the one in vectors/mcp/tools.json")
    func list() throws {
        let shown = try Self.shown()
        let written = (try? String(contentsOf: Self.golden, encoding: .utf8)) ?? ""
        if ProcessInfo.processInfo.environment["RECORD"] != nil {
            try Data(shown.utf8).write(to: Self.golden)
            Issue.record("recorded")
        }
        #expect(shown == written, "run the tests with RECORD=1 and look at what changed")
    }

    @Test("names, descriptions and schemas fit what hosts take")
    func limits() {
        let tools = SecretTools(keeper: StubKeeper(), place: Place(project: "a", environment: "b"), version: "1").descriptions
        #expect(MCPServer.instructions.utf8.count <= 2048)
        #expect(
            tools.map(\.name) == [
                "secret_status", "secret_list", "secret_exists", "secret_get_masked", "secret_run", "secret_inject", "secret_request", "secret_token",
                "session_wake", "session_sleep", "rule_list", "rule_acknowledge", "secret_import", "access_request", "access_check",
            ])
        for tool in tools {
            #expect(tool.name.utf8.count <= 24)
            #expect(tool.description.utf8.count <= 2048)
            for schema in [tool.input.document, tool.output?.document ?? .null] {
                for word in ["anyOf", "oneOf", "allOf", "$ref", "\"not\"", "\"if\""] { #expect(!schema.text.contains(word), "\(tool.name) \(word)") }
            }
            #expect(tool.input.document.object?["additionalProperties"] == false)
            #expect(tool.output?.document.text.contains("additionalProperties") == false)
        }
    }

    @Test("no text names a tool that is not there")
    func mentions() throws {
        let known = Set(SecretTools(keeper: StubKeeper(), place: Place(project: "a", environment: "b"), version: "1").descriptions.map(\.name))
        let texts = try Self.shown() + MCPServer.instructions + HelpTopic.allCases.compactMap(\.text).joined()
        for mention in texts.matches(of: /\b(secret|session|rule|access)_[a-z_]+/) {
            let word = String(mention.output.0)
            #expect(known.contains(word) || ["secret_name", "session_id", "rule_id", "session_required"].contains(word), "\(word)")
        }
    }

    /// What `initialize` and `tools/list` answer in the latest version, for people to read.
    private static func shown() throws -> String {
        var session = MCPServer(keeper: StubKeeper(), place: Place(project: "shop", environment: "dev"), version: "0.0.0").session
        let hello =
            #"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"#
            + #""clientInfo":{"name":"a","version":"1"}}}"#
        var lines: [String] = []
        for request in [hello, #"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"#] {
            guard case .send(let line)? = session.receive(line: Array(request.utf8)).first else { continue }
            let result = try JSONSerialization.jsonObject(with: Data(try #require(try JSONValue(parsing: line).object?["result"]).bytes))
            let text = try JSONSerialization.data(withJSONObject: result, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
            lines.append(String(decoding: text, as: UTF8.self))
        }
        return "[\(lines.joined(separator: ",\n"))]\n"
    }
}
