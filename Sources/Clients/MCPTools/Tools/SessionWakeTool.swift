import MCPSession
import TacitWire

/// Wakes a session for what a rule keeps for sessions.
struct SessionWakeTool: SecretTool {
    var description: ToolDescription {
        ToolDescription(
            name: "session_wake", title: "Secrets: wake a session",
            description: """
                Open a time-limited session when a tool answered session_required. It is written to the audit log with your purpose. Ask for the \
                least you need and the shortest time; then repeat the call that was refused. End it with session_sleep when the task is done.
                """,
            input: .arguments([
                .required(
                    "covers",
                    .array(
                        "What the session must cover, without wildcards: NAME, tag:NAME, env:NAME or tacit://PROJECT/ENVIRONMENT/NAME.",
                        of: .string("Secret name, tag:x or env:x.", atLeast: 1, atMost: 512), atLeast: 1, atMost: 32)),
                .required("purpose", .purpose),
                .optional("ttl_seconds", .integer("Lifetime of the session, seconds. Default 900.", atLeast: 60, atMost: 28_800, default: 900)),
                .optional(
                    "idle_seconds", .integer("It sleeps by itself when unused for this long. Default 300.", atLeast: 60, atMost: 28_800, default: 300)
                ),
                .optional("environment", .environment),
            ]),
            output: .result([
                .required("session_id", .string("Session.")), .required("covers", .array("What is covered now.", of: .string("Item."))),
                .required("expires_at", .time("End at the latest")), .required("sleeps_at", .time("End when it is not used")),
                .optional("audit_id", .string("Audit entry.")),
            ]))
    }

    func answer(_ call: ToolCall, in context: CallContext) async throws -> JSONObject {
        let arguments = call.arguments
        let ttl = arguments["ttl_seconds"]?.integer ?? 900
        guard !(arguments["covers"]?.array ?? []).contains(where: { $0.string?.contains("*") == true }) else {
            throw ToolFailure.invalidArguments("`covers` takes no wildcards", hint: "Write NAME, tag:NAME or env:NAME, each as an item of its own.")
        }
        let request = SessionWake(
            scope: "\(context.place.with(environment: arguments["environment"]?.string))",
            covers: arguments["covers"]?.array?.compactMap(\.string) ?? [], purpose: arguments["purpose"]?.string ?? "", ttlSeconds: Int(ttl),
            idleSeconds: Int(min(ttl, arguments["idle_seconds"]?.integer ?? 300)))
        let session = try await context.keeper.wake(request, for: call.client)
        var answer: JSONObject = ["session_id": .string(session.id), "covers": JSONValue(session.covers)]
        answer["expires_at"] = .string(session.expiresAt)
        answer["sleeps_at"] = .string(session.sleepsAt)
        answer["audit_id"] = session.auditEntry.map { .string("\($0)") }
        return answer
    }
}

extension Schema {
    static let purpose = Schema.string(
        "One sentence for the audit log and for the person who reads it. Never put a secret value here.", atLeast: 1, atMost: 300)
}
