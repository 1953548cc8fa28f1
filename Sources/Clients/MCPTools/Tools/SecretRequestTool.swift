import MCPSession
import TacitWire

/// Has the broker make one HTTP request with a secret. Neither the value nor what stands for it comes here.
struct SecretRequestTool: SecretTool {
    var description: ToolDescription {
        ToolDescription(
            name: "secret_request", title: "Secrets: HTTP request through the broker",
            description: """
                Send one HTTP request with a secret attached by the broker; you never handle the credential. Leave Authorization and similar headers \
                out: the person's policy decides how it is attached, and which hosts, methods and paths it may be sent to. The answer comes back \
                with secret values redacted. Use it for one-off API calls; for programs use secret_run.
                """,
            input: .arguments(Self.input), output: .result(Self.output), hints: [.destructive, .openWorld])
    }

    private static let field: [Schema.Property] = [
        .required("name", .string("Header.", atLeast: 1, atMost: 256)), .required("value", .string("Value, no secrets.", atMost: 8192)),
    ]

    private static let input: [Schema.Property] = [
        .required("secret_name", .secretReference),
        .optional(
            "method",
            .string(
                "HTTP method: GET (default), HEAD, POST, PUT, PATCH or DELETE.", oneOf: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
                default: "GET")),
        .required("url", .string("https URL on a host that a request rule lists for the secret.", atLeast: 1, atMost: 16_384)),
        .optional("headers", .array("Extra headers.", of: .arguments(field), atMost: 32)),
        .optional("body", .string("Request body as text, without secrets.", atMost: 262_144)),
        .optional(
            "timeout_seconds", .integer("Give up after this many seconds. Default 30.", atLeast: 1, atMost: 120, default: 30)),
        .optional(
            "max_output_bytes",
            .integer("Longest body to return, bytes. Default 16384.", atLeast: 1024, atMost: 65_536, default: 16_384)),
        .required("purpose", .purpose),
    ]

    private static let output: [Schema.Property] = [
        .required("status", .integer("HTTP status.")),
        .required(
            "headers",
            .array(
                "Answer headers, without cookies and credentials.",
                of: .result([.required("name", .string("Header.")), .required("value", .string("Value."))]))),
        .required("body", .string("Redacted body; base64 when body_encoding says so.")),
        .required("body_encoding", .string("Encoding.", oneOf: ["text", "base64"])),
        .required("truncated", .boolean("Body was cut.")), .required("redactions", .integer("Values removed.")),
        .optional("note", .string("Why the rest of the body was kept back.")), .required("duration_ms", .integer("Time.")),
        .required("audit_id", .string("Audit entry.")),
    ]

    func answer(_ call: ToolCall, in context: CallContext) async throws -> JSONObject {
        let arguments = call.arguments
        let headers = arguments["headers"]?.array?.compactMap(\.object).map { field in
            HeaderField(name: field["name"]?.string ?? "", value: field["value"]?.string ?? "")
        }
        let request = ErrandRequest(
            scope: "\(context.place)", secret: arguments["secret_name"]?.string ?? "", method: arguments["method"]?.string,
            url: arguments["url"]?.string ?? "", headers: headers, body: arguments["body"]?.string, purpose: arguments["purpose"]?.string ?? "",
            timeoutSeconds: arguments["timeout_seconds"]?.integer.map(Int.init), maxOutputBytes: arguments["max_output_bytes"]?.integer.map(Int.init))
        return try Self.told(try await context.keeper.request(request, for: call.client))
    }

    private static func told(_ answer: ErrandAnswer) throws -> JSONObject {
        // What led up to a hit would say where it was: it is withheld whole.
        if let reason = answer.withheld, reason != "compressed" { throw ToolFailure.outputWithheld(reason) }
        var told: JSONObject = ["status": JSONValue(answer.status)]
        told["headers"] = .array(answer.headers.map { ["name": .string($0.name), "value": .string($0.value)] })
        told["body"] = .string(answer.body)
        told["body_encoding"] = .string(answer.bodyEncoding.rawValue)
        told["truncated"] = .bool(answer.truncated)
        told["redactions"] = JSONValue(answer.redactions.reduce(0) { $0 + $1.count })
        if answer.withheld != nil { told["note"] = "The rest of the body is compressed data, which could not be searched for values." }
        told["duration_ms"] = .integer(answer.durationMs)
        told["audit_id"] = .string("\(answer.auditEntry)")
        return told
    }
}

extension ToolFailure {
    /// A reply that would say of a value more than it may. The request was made.
    fileprivate static func outputWithheld(_ reason: String) -> Self {
        let why =
            reason == "fuse"
            ? "replies and output answered guesses at this secret three times within a day" : "the reply has a value in it that could be guessed"
        let step =
            reason == "fuse"
            ? "Tell the person: they look at what was asked, and reset it with `tacit agent reset-output`."
            : "Do not ask for it in another form. Tell the person: a longer random value can be told from ordinary text."
        return Self(code: .outputWithheld, message: "the request was made, and its reply is withheld: \(why)", nextStep: step)
    }
}
