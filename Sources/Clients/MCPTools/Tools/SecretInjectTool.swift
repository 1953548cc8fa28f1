import MCPSession
import TacitWire

/// Has the keeper write a session file, and gives back its path.
struct SecretInjectTool: SecretTool {
    var description: ToolDescription {
        ToolDescription(
            name: "secret_inject", title: "Secrets: write a session file",
            description: """
                Write a private file in the session directory for a program that secret_run cannot start (a dev server in the user's terminal, \
                docker compose). content=references (default) writes references that the person's tacit command resolves when it starts the \
                program; content=values writes fake tokens and the broker's address where the policy lists requests with the secret, else real values where it allows \
                them (file_inject); the file is removed at expires_at, or sooner: when the vault is locked, or a session that it needs ends. You get the path, not the content: do not open, print, copy or commit the file. When the program \
                has started, session_sleep removes it.
                """,
            input: .arguments(Self.input), output: .result(Self.output))
    }

    private static let input: [Schema.Property] = [
        .required(
            "secrets",
            .array(
                "Secrets to write.",
                of: .arguments([
                    .required("name", .secretReference),
                    .optional("var", .string("Key in the file. Default: made from the name, e.g. STRIPE_API_KEY.", atLeast: 1, atMost: 128)),
                ]), atLeast: 1, atMost: 64)
        ), .required("purpose", .purpose),
        .optional(
            "content",
            .string(
                "references (default) = references; values = fake tokens or real values, as the policy says.", oneOf: ["references", "values"],
                default: "references")),
        .optional("format", .string("File format: dotenv (default) or json.", oneOf: ["dotenv", "json"], default: "dotenv")),
        .optional("ttl_seconds", .integer("Lifetime of the file, seconds. Default 900.", atLeast: 60, atMost: 28_800, default: 900)),
        .optional("reads", .integer("Offer it as a pipe that can be read this many times, instead of a file.", atLeast: 1, atMost: 100)),
    ]

    private static let output: [Schema.Property] = [
        .required("file_id", .string("For session_sleep.")), .required("path", .string("Absolute path of the file.")),
        .required("content", .string("What it holds.", oneOf: ["references", "values", "tokens"])),
        .required("variables", .array("Keys in the file.", of: .string("Key."))), .required("expires_at", .time("Removal")),
        .optional("reads", .integer("How often the pipe can be read.")), .required("how_to_use", .string("What the person runs.")),
        .optional("note", .string("What to know about it.")), .optional("audit_id", .string("Audit entry.")),
    ]

    func answer(_ call: ToolCall, in context: CallContext) async throws -> JSONObject {
        let arguments = call.arguments
        let secrets = arguments["secrets"]?.array?.compactMap(\.object) ?? []
        let request = FileInjection(
            scope: "\(context.place)",
            secrets: secrets.map { RunSecret(reference: $0["name"]?.string ?? "", variable: $0["var"]?.string) },
            purpose: arguments["purpose"]?.string ?? "", content: arguments["content"]?.string == "values" ? .values : .references,
            format: arguments["format"]?.string == "json" ? .json : .dotenv, ttlSeconds: arguments["ttl_seconds"]?.integer.map(Int.init),
            reads: arguments["reads"]?.integer.map(Int.init))
        let file: FileInjected
        do { file = try await context.keeper.inject(request, for: call.client) } catch let problem as Problem where request.content == .values {
            throw Self.refusal(of: problem)
        }
        var answer: JSONObject = ["file_id": .string(file.id), "path": .string(file.path), "content": .string(file.content.rawValue)]
        answer["variables"] = JSONValue(file.variables)
        answer["expires_at"] = .string(file.expiresAt)
        answer["reads"] = file.reads.map { JSONValue($0) }
        answer["how_to_use"] = .string(Self.use(of: file, format: request.format))
        if file.content == .tokens {
            answer["note"] =
                "Fake tokens: they are good until expires_at, wherever the file is by then. Leave the files while the program runs; session_sleep ends the tokens."
        } else if !file.inMemory, file.reads == nil {
            answer["note"] = "This machine has no place in memory for session files: this one lies on a disk until it is removed."
        }
        answer["audit_id"] = .string("\(file.auditEntry)")
        return answer
    }

    /// References need no right of their own, and are mostly what was meant.
    private static func refusal(of problem: Problem) -> any Error {
        var failure = ToolFailure(problem as any Error)
        guard failure.code == .notPermitted, problem.request == nil else { return problem }
        failure.nextStep =
            "Write references (content=references, the default): they need no such right. Where the program can only read values, "
            + "access_request with file_inject asks the person for the right, and says at once where no right helps."
        return failure
    }

    private static func use(of file: FileInjected, format: FileInjection.Format?) -> String {
        switch (file.content, format) {
        case (.references, .json):
            "In the person's terminal: tacit get REFERENCE shows the value of each, and asks for the password; dotenv is what tacit run --env-file takes"
        case (.references, _): "In the person's terminal: tacit run --env-file \(file.path) -- PROGRAM"
        case (.values, .json), (.tokens, .json): "Give the program the path \(file.path)."
        case (.values, _), (.tokens, _):
            "In the person's terminal: set -a; . \(file.path); set +a; PROGRAM. For docker compose: --env-file \(file.path)"
        }
    }
}
