import MCPSession
import TacitWire

/// Says which of some names are there, as far as the agent may know.
struct SecretExistsTool: SecretTool {
    var description: ToolDescription {
        ToolDescription(
            name: "secret_exists", title: "Secrets: check names",
            description: """
                Check whether secrets exist, by exact name, without listing anything else. Names you are not allowed to know count as missing. \
                To search by a part of a name use secret_list.
                """,
            input: .arguments([
                .required("names", .array("Names to check.", of: .secretName, atLeast: 1, atMost: 50)), .optional("environment", .environment),
            ]),
            output: .result([.required("results", .array("One per name, in order.", of: Self.result))]),
            hints: [.readOnly, .idempotent])
    }

    private static let result = Schema.result([
        .required("name", .string("As asked.")),
        .required("exists", .boolean("It exists and you may know it.")),
        .optional("version", .integer("Current version.")),
        .optional("created_at", .time("Creation")),
        .optional("expires_at", .time("Expiry")),
    ])

    func answer(_ call: ToolCall, in context: CallContext) async throws -> JSONObject {
        let names = call.arguments["names"]?.array?.compactMap(\.string) ?? []
        let place = context.place.with(environment: call.arguments["environment"]?.string)
        let found = try await context.keeper.existence(ExistsRequest(scope: "\(place)", names: names), for: call.client)
        return ["results": .array(found.map(Self.entry))]
    }

    private static func entry(_ existence: Existence) -> JSONValue {
        var entry: JSONObject = ["name": .string(existence.name), "exists": .bool(existence.exists)]
        entry["version"] = existence.version.map(JSONValue.integer)
        entry["created_at"] = existence.createdAt.map(JSONValue.string)
        entry["expires_at"] = existence.expiresAt.map(JSONValue.string)
        return .object(entry)
    }
}
