import MCPSession
import TacitWire

/// Ends the agent's sessions and removes its session files.
struct SessionSleepTool: SecretTool {
    var description: ToolDescription {
        ToolDescription(
            name: "session_sleep", title: "Secrets: end session and clean up",
            description: """
                End your sessions and tokens and delete your session files. Call it when the task that needed secrets is finished. While the \
                person still needs a file that you wrote, end the session alone (what=session). It touches nothing of any other \
                agent. To open a session call session_wake.
                """,
            input: .arguments([
                .optional(
                    "what",
                    .string("What to end: all (default), session, files or tokens.", oneOf: ["all", "session", "files", "tokens"], default: "all")),
                .optional("ids", .array("End only these: session_id or file_id.", of: .string("Id.", atLeast: 1, atMost: 64), atMost: 64)),
            ]),
            output: .result([
                .required("ended_session", .boolean("A session was ended.")), .required("sessions_ended", .integer("Sessions ended.")),
                .required("files_removed", .integer("Files deleted.")), .required("tokens_revoked", .integer("Tokens of secret_token ended.")),
            ]), hints: [.idempotent])
    }

    func answer(_ call: ToolCall, in context: CallContext) async throws -> JSONObject {
        let what = call.arguments["what"]?.string.flatMap { SessionSleep.What(rawValue: $0) } ?? .all
        let request = SessionSleep(what: what, ids: call.arguments["ids"]?.array?.compactMap(\.string))
        let ended: SessionsEnded
        do { ended = try await context.keeper.sleep(request, for: call.client) } catch let problem as Problem where problem.code == "vault.locked" {
            // The lock has ended every session, and removed every file.
            return ["ended_session": false, "sessions_ended": 0, "files_removed": 0, "tokens_revoked": 0]
        }
        return [
            "ended_session": .bool(ended.sessions > 0), "sessions_ended": JSONValue(ended.sessions), "files_removed": JSONValue(ended.files),
            "tokens_revoked": JSONValue(ended.tokens),
        ]
    }
}
