/// What a host is told: which program to start, and as which agent. There is nothing secret in it.
struct ServerEntry {
    /// The absolute path of this program.
    var program: String
    var agent: String
    var scope: Scope

    private var arguments: [String] { ["mcp", "--agent", agent] + (scope == .usual ? [] : ["-p", scope.project, "-e", scope.environment]) }

    /// The entry in the words of a host that keeps JSON.
    func json(for host: AgentHost) -> JSONText {
        let command: [(key: String, value: JSONText)] = [("command", .string(program)), ("args", .array(arguments.map(JSONText.string)))]
        switch host {
        case .claudeCode, .cursor, .vscode: return .object([("type", .string("stdio"))] + command)
        case .claudeDesktop, .gemini, .codex, .goose: return .object(command)
        }
    }

    /// Codex's table.
    var toml: [String] {
        let words = arguments.map(JSONText.quoted).joined(separator: ", ")
        return ["[mcp_servers.\(AgentHost.serverName)]", "command = \(JSONText.quoted(program))", "args = [\(words)]"]
    }

    /// Goose's extension, for a place below `extensions:`.
    var yaml: [String] {
        let words = arguments.map(JSONText.quoted).joined(separator: ", ")
        return [
            "\(AgentHost.serverName):", "  enabled: true", "  type: stdio", "  name: \(AgentHost.serverName)", "  cmd: \(JSONText.quoted(program))",
            "  args: [\(words)]", "  envs: {}", "  timeout: 300",
        ]
    }
}
