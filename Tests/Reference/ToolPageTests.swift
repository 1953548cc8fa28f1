import MCPSession
import TacitWire
import TestKit
import Testing

@testable import MCPTools

@Suite("Reference page of the tools") struct ToolPageTests {
    @Test("docs/MCP.md is what the tools say of themselves") func tools() throws {
        let tools = SecretTools(keeper: NoKeeper(), place: Place(project: "default", environment: "dev"), version: "0").descriptions
        let errors = HelpTopic.errors.text ?? ""
        var page = """
            # Tools for agents

            This page is made from the tools themselves: `RECORD=1 swift test --filter ReferenceTests` rewrites it, and the tests fail when it is stale.

            `tacit mcp [--agent NAME]` is a server of the Model Context Protocol on standard input and output. An agent's host starts it, also in the sandbox of [a whole agent](BROKER.md#six-ways-to-it), where the socket is its badge. No tool takes a value
            or returns one; what an agent may do with which secret is decided by the [policy](POLICY.md), in the keeper.

            ## What a model is told first

            \(MCPServer.instructions.split(separator: "\n").map { "> \($0)" }.joined(separator: "\n>\n"))

            """
        for tool in tools { page += "\n" + ToolPage(tool).text }
        page += "\n## Errors\n\nA failed call has the text of an object `error` with `code`, `message`, `next_step`, `retryable` and `details`.\n\n"
        page += errors.split(separator: ". ").map { "- \(Self.marked($0))" }.joined(separator: "\n") + "\n"
        try GoldenFile.check(page, against: "MCP.md", in: "docs")
    }

    /// `code: what it means`, with the codes marked.
    private static func marked(_ sentence: Substring) -> String {
        let parts = sentence.split(separator: ":", maxSplits: 1)
        let codes = parts[0].split(separator: ", ").map { "`\($0)`" }.joined(separator: ", ")
        return codes + (parts.count > 1 ? ":\(parts[1])" : "") + (sentence.hasSuffix(".") ? "" : ".")
    }
}

/// One tool as a section of the page.
private struct ToolPage {
    let text: String

    init(_ tool: ToolDescription) {
        let reads = tool.hints.contains(.readOnly) ? "it reads only" : "it acts"
        text = """
            ## \(tool.name)

            \(tool.title); \(reads). \(tool.description)

            \(Self.table(tool.input, "argument"))
            \(tool.output.map { Self.table($0, "in the answer") } ?? "")
            """
    }

    private static func table(_ schema: Schema, _ title: String) -> String {
        let rows = rows(schema, "")
        if rows.isEmpty { return "It takes no arguments.\n" }
        return "| \(title) | type | what it is |\n| --- | --- | --- |\n" + rows.map { "| \($0) |\n" }.joined()
    }

    private static func rows(_ schema: Schema, _ path: String) -> [String] {
        guard case .object(let properties, _) = schema.kind else { return [] }
        return properties.flatMap { property -> [String] in
            let name = path + property.name
            let words = property.schema.description.replacing("|", with: "\\|")
            let row = "`\(name)`\(property.isRequired ? "" : ", optional") | \(type(property.schema)) | \(words)"
            return [row] + below(property.schema, name)
        }
    }

    private static func below(_ schema: Schema, _ name: String) -> [String] {
        switch schema.kind {
        case .object: rows(schema, "\(name).")
        case .array(let element, _, _): rows(element, "\(name)[].")
        default: []
        }
    }

    private static func type(_ schema: Schema) -> String {
        switch schema.kind {
        case .string(let words, _, _, let fallback) where !words.isEmpty: words.map { "`\($0)`" }.joined(separator: ", ") + given(fallback)
        case .string(_, let least, let most, let fallback): "text" + bounds(least, most, " characters") + given(fallback)
        case .integer(let least, let most, let fallback): "integer" + bounds(least, most, "") + given(fallback.map { "\($0)" })
        case .number(let least, let most): "number" + bounds(least, most, "")
        case .boolean(let fallback): "true or false" + given(fallback.map { "\($0)" })
        case .array(let element, let least, let most): "list of \(type(element))" + bounds(least, most, " elements")
        case .object: "object"
        }
    }

    private static func bounds<Number>(_ least: Number?, _ most: Number?, _ unit: String) -> String {
        switch (least, most) {
        case (nil, nil): ""
        case (let least?, let most?): ", \(least) to \(most)\(unit)"
        case (let least?, nil): ", at least \(least)\(unit)"
        case (nil, let most?): ", at most \(most)\(unit)"
        }
    }

    private static func given(_ fallback: String?) -> String { fallback.map { ", `\($0)` when left out" } ?? "" }
}

/// Nobody is asked while a page is made.
private struct NoKeeper: KeeperAPI {
    private struct Asked: Error {}

    func status(in place: Place, for client: ClientInfo) async throws -> VaultStatus { throw Asked() }
    func secrets(_ query: SecretQuery, for client: ClientInfo) async throws -> Page<SecretSummary> { throw Asked() }
    func existence(_ request: ExistsRequest, for client: ClientInfo) async throws -> [Existence] { throw Asked() }
    func masked(_ name: String, field: String?, in place: Place, for client: ClientInfo) async throws -> MaskedValue { throw Asked() }
    func propose(_ proposal: AccessProposal, for client: ClientInfo) async throws -> AccessRequestState { throw Asked() }
    func requestState(_ id: String, waiting seconds: Int64, for client: ClientInfo) async throws -> AccessRequestState { throw Asked() }
    func wake(_ request: SessionWake, for client: ClientInfo) async throws -> SessionSummary { throw Asked() }
    func sleep(_ request: SessionSleep, for client: ClientInfo) async throws -> SessionsEnded { throw Asked() }
    func rules(about name: String?, in place: Place, for client: ClientInfo) async throws -> RuleList { throw Asked() }
    func acknowledge(_ request: RuleAcknowledgement, for client: ClientInfo) async throws -> RuleAcknowledged { throw Asked() }
    func request(_ request: ErrandRequest, for client: ClientInfo) async throws -> ErrandAnswer { throw Asked() }
    func token(_ request: AgentTokenRequest, for client: ClientInfo) async throws -> AgentTokenAnswer { throw Asked() }
    func inject(_ request: FileInjection, for client: ClientInfo) async throws -> FileInjected { throw Asked() }
    func run(
        _ request: RunRequest, input: [UInt8], for client: ClientInfo, receive: @escaping @Sendable (RunFrame) -> Void
    ) async throws -> String? { throw Asked() }
}
