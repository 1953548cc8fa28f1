import MCPSession
import TacitWire

/// Lists the names that the agent may know.
struct SecretListTool: SecretTool {
    var description: ToolDescription {
        ToolDescription(
            name: "secret_list", title: "Secrets: list names",
            description: """
                List the secrets you may use: names, fields, tags, expiry, the tools each may be used with, and what it still requires (session, acknowledgement, \
                approval). Names only, never values. Use it before \
                asking the user for any key, password or token: it may already be stored. To use one, call secret_run.
                """,
            input: .arguments([
                .optional("query", .string("Part of a name, tag or description, in any case.", atMost: 256)),
                .optional("tag", .string("Only this tag.", atMost: 64)),
                .optional("environment", .environment),
                .optional(
                    "expiring_within_days", .integer("Only secrets that expire within this many days.", atLeast: 0, atMost: 3650)),
                .optional("limit", .integer("Names per page. Default 50.", atLeast: 1, atMost: 200, default: 50)),
                .optional("cursor", .string("next_cursor of the previous page.", atMost: 1024)),
            ]),
            output: .result([
                .required("secrets", .array("In order of their names.", of: Self.secret)),
                .required("scope", .string("PROJECT/ENVIRONMENT that was listed.")),
                .optional("total", .integer("How many match, on all pages.")),
                .optional("next_cursor", .string("Present when there are more.")),
                .optional("next_step", .string("What to do when nothing is listed.")),
            ]),
            hints: [.readOnly, .idempotent], meta: ["anthropic/alwaysLoad": true])
    }

    private static let secret = Schema.result([
        .required("name", .string("Use this in other tools.")),
        .optional("fields", .array("Where it has others than the usual one: NAME#FIELD is one of them.", of: .string("Field."))),
        .optional("description", .string("What it is for.")),
        .optional("tags", .array("Tags.", of: .string("Tag."))),
        .required("version", .integer("Current version; secret_run takes earlier ones, too.")),
        .required("updated_at", .time("Last change")),
        .optional("expires_at", .time("Expiry")),
        .required("usable_with", .array("Tools that the policy lets you use it with; secret_inject: with references.", of: .string("Tool."))),
        .required(
            "requires",
            .array(
                "What is missing first: session (session_wake), acknowledgement (rule_acknowledge), approval (your call waits up to 40 seconds for a "
                    + "person: tell them first to look at `tacit approvals`), listed_program (only programs that rule_list names).",
                of: .string("Condition."))),
    ])

    func answer(_ call: ToolCall, in context: CallContext) async throws -> JSONObject {
        let arguments = call.arguments
        let query = SecretQuery(
            place: context.place.with(environment: arguments["environment"]?.string), search: arguments["query"]?.string,
            tag: arguments["tag"]?.string, expiringWithinDays: arguments["expiring_within_days"]?.integer.map(Int.init),
            limit: Int(arguments["limit"]?.integer ?? 50), cursor: arguments["cursor"]?.string)
        let page: Page<SecretSummary>
        do { page = try await context.keeper.secrets(query, for: call.client) } catch let problem as Problem where problem.status == 404 {
            throw Self.noPlace(context.place)
        }
        var answer: JSONObject = ["secrets": .array(page.items.map(Self.entry)), "scope": .string("\(query.place)")]
        answer["total"] = page.total.map { JSONValue($0) }
        answer["next_cursor"] = page.nextCursor.map(JSONValue.string)
        if page.items.isEmpty, query.cursor == nil { answer["next_step"] = .string(Self.nothingListed) }
        return answer
    }

    private static func noPlace(_ usual: Place) -> ToolFailure {
        ToolFailure(
            code: .notFound, message: "there is no such environment, or you may not use it",
            nextStep: "Leave `environment` out for the usual one, \(usual).")
    }

    private static let nothingListed =
        "Nothing that you may use matches. Tell the person what you need and ask whether it is stored: if it is, access_request asks for the right to use it; if "
        + "not, secret_import asks them to store it."

    private static func entry(_ secret: SecretSummary) -> JSONValue {
        var entry: JSONObject = ["name": .string(secret.name)]
        entry["fields"] = secret.fields.map { JSONValue($0) }
        entry["description"] = secret.description.map(JSONValue.string)
        if !secret.tags.isEmpty { entry["tags"] = JSONValue(secret.tags) }
        entry["version"] = .integer(secret.version)
        entry["updated_at"] = .string(secret.updatedAt)
        entry["expires_at"] = secret.expiresAt.map(JSONValue.string)
        entry["usable_with"] = JSONValue(tools(for: secret.usableWith ?? []))
        entry["requires"] = JSONValue(secret.requires ?? [])
        return .object(entry)
    }

    /// The tools that capabilities open.
    private static func tools(for capabilities: [String]) -> [String] {
        let opened = [
            ("masked_return", "secret_get_masked"), ("env_inject", "secret_run"), ("reference_only", "secret_inject"), ("broker", "secret_request"),
        ]
        return opened.filter { capabilities.contains($0.0) }.map(\.1)
    }
}
