import MCPSession
import TacitWire

/// Says what became of a request, waiting a little for the person.
struct AccessCheckTool: SecretTool {
    var description: ToolDescription {
        ToolDescription(
            name: "access_check", title: "Secrets: check a request",
            description: """
                Check a request made with secret_import or access_request, or named by an approval_required error, waiting a little for the person. \
                When it is approved or done, repeat the call that was refused; if that is refused again, do what it says. Denied: ask \
                for something else only when the person tells you to. Expired: used, or too late. Stop after two pending answers and tell the person what is waiting; \
                a secret that you asked for may be in secret_list already, or have a higher version there.
                """,
            input: .arguments([
                .required("request_id", .string("request_id of the earlier answer.", atLeast: 1, atMost: 64)),
                .optional(
                    "wait_seconds", .integer("Wait at most this many seconds for a decision. Default 20.", atLeast: 0, atMost: 45, default: 20)),
            ]),
            output: .result(RequestAnswer.output), hints: [.readOnly, .idempotent])
    }

    func answer(_ call: ToolCall, in context: CallContext) async throws -> JSONObject {
        let id = call.arguments["request_id"]?.string ?? ""
        let state = try await context.keeper.requestState(id, waiting: call.arguments["wait_seconds"]?.integer ?? 20, for: call.client)
        return RequestAnswer.object(state, asking: "A request of mine waits for you.")
    }
}
