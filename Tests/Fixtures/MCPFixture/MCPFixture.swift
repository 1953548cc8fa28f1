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
        let session = MCPSession(server: server, tools: FixtureTool.all.map(\.description), states: .ofThisProcess())
        // `--impatient`: a call waits for its client's side no longer than a test does.
        let patience: Duration = CommandLine.arguments.contains("--impatient") ? .milliseconds(300) : .seconds(45)
        await StdioServer(session, over: try .takeOverStandardStreams(), patience: patience) { call, progress in
            guard let tool = FixtureTool.all.first(where: { $0.description.name == call.name }) else { return .done(.failure("no such tool")) }
            return await tool.run(call, progress)
        }.serve()
    }
}
