import MCPSession

/// One tool: how it is described, and what it answers.
protocol SecretTool: Sendable {
    var description: ToolDescription { get }

    /// The structured answer to a call whose arguments hold against the description. Throws `ToolFailure`, or what the keeper threw.
    func answer(_ call: ToolCall, in context: CallContext) async throws -> JSONObject
}

/// What a tool works with during one call.
struct CallContext: Sendable {
    let keeper: any KeeperAPI
    /// Where bare names are looked up.
    let place: Place
    let progress: StdioServer.Progress
    let pause: SecretTools.Pause
}

extension Schema {
    static let secretName = Schema.string(
        "Secret name exactly as secret_list shows it, e.g. DATABASE_URL or stripe/api-key.", atLeast: 1, atMost: 256)
    static let secretReference = Schema.string(
        "Secret name exactly as secret_list shows it, NAME#FIELD for one field, or tacit://PROJECT/ENVIRONMENT/NAME.", atLeast: 1, atMost: 512)
    static let environment = Schema.string("Another environment of the project, e.g. staging. Default: the current one.", atLeast: 1, atMost: 64)
    static func time(_ what: String) -> Schema { .string("\(what) (RFC 3339, UTC)") }
}

extension JSONValue {
    init(_ texts: [String]) { self = .array(texts.map(JSONValue.string)) }
    init(_ number: Int) { self = .integer(Int64(number)) }
}
