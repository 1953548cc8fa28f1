import MCPSession
import TacitWire

/// Acknowledges a rule that asks for it.
struct RuleAcknowledgeTool: SecretTool {
    var description: ToolDescription {
        ToolDescription(
            name: "rule_acknowledge", title: "Secrets: acknowledge a rule",
            description: """
                Acknowledge a require_confirmation rule after a tool answered acknowledgement_required: you state why you need the secret, and it is \
                written to the audit log. Good for 5 minutes, for that secret. Do not call it in advance. Rules are listed by rule_list.
                """,
            input: .arguments([
                .required("rule_id", .string("details.rule_id of the error, or rule_id from rule_list.", atLeast: 1, atMost: 128)),
                .required("secret_name", .secretName), .required("purpose", .purpose), .optional("environment", .environment),
            ]),
            output: .result([
                .required("rule_id", .string("Rule.")), .required("name", .string("Secret.")), .required("valid_until", .time("End")),
                .required("confirmed_by", .string("Who confirmed.", oneOf: ["agent", "person"])),
                .required("strength", .string("ceremony: it leaves a trace and keeps nobody out.")), .optional("audit_id", .string("Audit entry.")),
            ]))
    }

    func answer(_ call: ToolCall, in context: CallContext) async throws -> JSONObject {
        let arguments = call.arguments
        let request = RuleAcknowledgement(
            scope: "\(context.place.with(environment: arguments["environment"]?.string))", name: arguments["secret_name"]?.string ?? "",
            rule: arguments["rule_id"]?.string ?? "", purpose: arguments["purpose"]?.string ?? "")
        let taken = try await context.keeper.acknowledge(request, for: call.client)
        return [
            "rule_id": .string(taken.rule), "name": .string(taken.name), "valid_until": .string(taken.validUntil), "confirmed_by": "agent",
            "strength": .string(taken.strength), "audit_id": .string("\(taken.auditEntry)"),
        ]
    }
}
