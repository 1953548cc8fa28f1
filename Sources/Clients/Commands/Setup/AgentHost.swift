/// A program that people run agents in, and where it looks for its MCP servers.
///
/// Files and shapes are those that the hosts' own documentation names.
enum AgentHost: String, CaseIterable, Sendable {
    case claudeCode = "claude-code"
    case claudeDesktop = "claude-desktop"
    case cursor
    case vscode
    case codex
    case gemini
    case goose

    /// The name that its makers give it.
    var title: String {
        switch self {
        case .claudeCode: "Claude Code"
        case .claudeDesktop: "Claude Desktop"
        case .cursor: "Cursor"
        case .vscode: "VS Code"
        case .codex: "Codex"
        case .gemini: "Gemini CLI"
        case .goose: "Goose"
        }
    }

    /// The name of the server's entry.
    static let serverName = "tacit"

    /// How the file is written.
    enum Format: Equatable {
        /// A JSON object; the entry lies at this path of keys.
        case json([String])
        case toml
        case yaml
    }

    var format: Format {
        switch self {
        case .claudeCode, .claudeDesktop, .cursor, .gemini: .json(["mcpServers", Self.serverName])
        case .vscode: .json(["servers", Self.serverName])
        case .codex: .toml
        case .goose: .yaml
        }
    }

    /// The file of this user's.
    func file(_ folders: Folders) -> String {
        switch self {
        case .claudeCode: "\(folders.home)/.claude.json"
        case .claudeDesktop: "\(folders.configuration)/Claude/claude_desktop_config.json"
        case .cursor: "\(folders.home)/.cursor/mcp.json"
        case .vscode: "\(folders.configuration)/Code/User/mcp.json"
        case .codex: "\(folders.codex)/config.toml"
        case .gemini: "\(folders.home)/.gemini/settings.json"
        case .goose: "\(folders.configuration)/goose/config.yaml"
        }
    }

    /// The file that the host gives to the model with every conversation: the user's where there is one, else the project's.
    func instructions(_ folders: Folders) -> String? {
        switch self {
        case .claudeCode: "\(folders.home)/.claude/CLAUDE.md"
        case .codex: "\(folders.codex)/AGENTS.md"
        case .gemini: "\(folders.home)/.gemini/GEMINI.md"
        case .goose: "\(folders.configuration)/goose/.goosehints"
        case .cursor, .vscode: folders.project.map { "\($0)/AGENTS.md" }
        // It has none: the server's own instructions say the same.
        case .claudeDesktop: nil
        }
    }

    /// Whether it has its instructions from the project alone: where one stands in none, nothing is written for the model.
    var readsProjectAlone: Bool { self == .cursor || self == .vscode }

    /// What shows that the host is used here: one of these is there.
    func traces(_ folders: Folders) -> [String] {
        switch self {
        case .claudeCode: ["\(folders.home)/.claude.json", "\(folders.home)/.claude"]
        case .claudeDesktop: ["\(folders.configuration)/Claude"]
        case .cursor: ["\(folders.home)/.cursor"]
        case .vscode: ["\(folders.configuration)/Code"]
        case .codex: [folders.codex]
        case .gemini: ["\(folders.home)/.gemini"]
        case .goose: ["\(folders.configuration)/goose"]
        }
    }

    /// Where hosts keep their files.
    struct Folders {
        var home: String
        var configuration: String
        var codex: String
        /// The root of the project that one stands in.
        var project: String?

        init(_ environment: [String: String], home: String, project: String? = nil) {
            self.project = project
            func absolute(_ name: String) -> String? { environment[name].flatMap { $0.hasPrefix("/") ? $0 : nil } }
            self.home = home
            configuration = absolute("XDG_CONFIG_HOME") ?? "\(home)/.config"
            codex = absolute("CODEX_HOME") ?? "\(home)/.codex"
        }
    }
}
