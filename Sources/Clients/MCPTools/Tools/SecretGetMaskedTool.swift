import MCPSession
import TacitWire

/// Shows a value masked.
struct SecretGetMaskedTool: SecretTool {
    var description: ToolDescription {
        ToolDescription(
            name: "secret_get_masked", title: "Secrets: show masked value",
            description: """
                Show the current value masked as eight asterisks plus at most its last 4 characters, to tell which key is stored (for instance to compare \
                with the ending a dashboard shows). The full value cannot be obtained by any tool; to use it in a program call secret_run.
                """,
            input: .arguments([
                .required(
                    "secret_name",
                    .string("Secret name exactly as secret_list shows it, or NAME#FIELD for one field of it.", atLeast: 1, atMost: 321)),
                .optional("environment", .environment),
            ]),
            output: .result([
                .required("name", .string("Secret.")), .required("field", .string("Field.")),
                .required("masked", .string("Masked value, of fixed width.")), .required("version", .integer("Version.")),
            ]),
            hints: [.readOnly, .idempotent])
    }

    func answer(_ call: ToolCall, in context: CallContext) async throws -> JSONObject {
        let parts = (call.arguments["secret_name"]?.string ?? "").split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let place = context.place.with(environment: call.arguments["environment"]?.string)
        let field = parts.count > 1 ? String(parts[1]) : nil
        let view = try await context.keeper.masked(String(parts[0]), field: field, in: place, for: call.client)
        return ["name": .string(view.name), "field": .string(view.field), "masked": .string(view.masked), "version": .integer(view.version)]
    }
}
