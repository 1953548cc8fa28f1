import MCPSession
import MCPTools

/// A server of harmless tools on the same protocol library as the product, so that the library can be judged by itself.
@main
struct MCPFixture {
    static func main() async throws {
        // `--tools`: the product's own tools, over a keeper that holds nothing.
        if CommandLine.arguments.contains("--tools") {
            return try await MCPServer(keeper: FakeKeeper(), place: Place(project: "shop", environment: "dev"), version: "1.0.0").serve()
        }
        let server = ServerDescription(
            name: "mcp-fixture", title: "MCP fixture", version: "1.0.0", instructions: "Tools that show every kind of answer.")
        let session = MCPSession(server: server, tools: FixtureTool.allCases.map(\.description))
        await StdioServer(session, over: try .takeOverStandardStreams()) { call, progress in
            guard let tool = FixtureTool(rawValue: call.name) else { return .failure("no such tool") }
            return await tool.outcome(call, progress)
        }.serve()
    }
}
