import MCPSession
import TacitWire

/// Asks a person for rights. It grants nothing by itself.
struct AccessRequestTool: SecretTool {
    var description: ToolDescription {
        ToolDescription(
            name: "access_request", title: "Secrets: ask for access",
            description: """
                Ask the person for access after a tool answered not_permitted, not_found or command_blocked. Creates a request for them to decide; it grants nothing by \
                itself. When a tool answered approval_required there is a request already: use access_check with its request_id. For a secret that \
                does not exist yet use secret_import.
                """,
            input: .arguments([
                .optional("names", .array("Secrets you need.", of: .secretName, atMost: 32)),
                .optional(
                    "capability",
                    .string(
                        "What you want to do with them: env_inject is secret_run, file_inject is secret_inject with content=values.",
                        oneOf: ["reference_only", "masked_return", "env_inject", "file_inject"], default: "env_inject")),
                .optional(
                    "program",
                    .string(
                        "Program that you would run with them, as in argv: its absolute path or its name. Shown to the person as your words.",
                        atLeast: 1,
                        atMost: 300)),
                .optional("environment", .environment),
                .required("reason", .string("Why; shown to the person. Never put a secret value here.", atLeast: 1, atMost: 300)),
            ]),
            output: .result(RequestAnswer.output), hints: [])
    }

    func answer(_ call: ToolCall, in context: CallContext) async throws -> JSONObject {
        let arguments = call.arguments
        let names = arguments["names"]?.array?.compactMap(\.string) ?? []
        let place = context.place.with(environment: arguments["environment"]?.string)
        let capability = arguments["capability"]?.string ?? "env_inject"
        let program = arguments["program"]?.string
        guard !names.isEmpty else { throw ToolFailure.invalidArguments("`names` must say which secrets you need") }
        let proposal = AccessProposal(
            scope: "\(place)", names: names, capability: capability, program: program, reason: arguments["reason"]?.string ?? "")
        let state = try await context.keeper.propose(proposal, for: call.client)
        return RequestAnswer.object(
            state, asking: "I ask for \(capability) on \(names.joined(separator: ", "))\(program.map { ", with the program \($0)" } ?? "").",
            command: "tacit policy edit")
    }
}
