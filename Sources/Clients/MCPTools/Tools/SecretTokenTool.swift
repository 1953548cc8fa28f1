import MCPSession
import TacitWire

/// Gives out a fake token for a program that insists on a key and takes an address.
struct SecretTokenTool: SecretTool {
    var description: ToolDescription {
        ToolDescription(
            name: "secret_token", title: "Secrets: fake token for an SDK",
            description: """
                Get a fake token for an SDK or tool that insists on an API key and takes a base URL: it holds no secret, works only at base_url on this \
                machine, only where the policy lists the request, and expires. Set the returned variables for the program; the broker puts the real \
                credential in. For one request use secret_request; a program of secret_run finds token and proxy in its environment.
                """,
            input: .arguments(Self.input), output: .result(Self.output), hints: [.openWorld])
    }

    private static let input: [Schema.Property] = [
        .required("secret_name", .secretReference),
        .optional("ttl_seconds", .integer("Lifetime of the token, seconds. Default 3600.", atLeast: 60, atMost: 28_800, default: 3600)),
        .required("purpose", .purpose),
    ]

    private static let output: [Schema.Property] = [
        .required("token_id", .string("Its id, for the person: tacit token list.")),
        .required("token", .string("Fake token; not a secret of the provider.")),
        .required("provider", .string("Provider.")), .required("base_url", .string("Base URL of the broker for this provider.")),
        .required(
            "env",
            .array(
                "Variables that the provider's programs read.",
                of: .result([.required("name", .string("Variable.")), .required("value", .string("Value."))]))),
        .required("expires_at", .string("End (RFC 3339, UTC).")), .required("audit_id", .string("Audit entry.")),
    ]

    func answer(_ call: ToolCall, in context: CallContext) async throws -> JSONObject {
        let arguments = call.arguments
        let answer = try await context.keeper.token(
            AgentTokenRequest(
                scope: "\(context.place)", secret: arguments["secret_name"]?.string ?? "", purpose: arguments["purpose"]?.string ?? "",
                ttlSeconds: arguments["ttl_seconds"]?.integer.map(Int.init)), for: call.client)
        var told: JSONObject = ["token_id": .string(answer.tokenId), "token": .string(answer.token), "provider": .string(answer.provider)]
        told["base_url"] = .string(answer.baseUrl)
        told["env"] = .array(answer.env.map { ["name": .string($0.name), "value": .string($0.value)] })
        told["expires_at"] = .string(answer.expiresAt)
        told["audit_id"] = .string("\(answer.auditEntry)")
        return told
    }
}
