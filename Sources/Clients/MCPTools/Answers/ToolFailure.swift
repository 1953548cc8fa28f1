import MCPSession

/// Why a tool did not do what was asked, in words that a model can act on.
struct ToolFailure: Error, Sendable, Equatable {
    /// The kinds of failure; each means one way to go on.
    enum Code: String, Sendable {
        case invalidArguments = "invalid_arguments"
        /// Absent, or not to be known: the same answer.
        case notFound = "not_found"
        case notPermitted = "not_permitted"
        case blockedByRule = "blocked_by_rule"
        case sessionRequired = "session_required"
        case acknowledgementRequired = "acknowledgement_required"
        case approvalRequired = "approval_required"
        case vaultLocked = "vault_locked"
        case commandBlocked = "command_blocked"
        /// The broker sends no credential there, or not so.
        case destinationNotAllowed = "destination_not_allowed"
        /// What came could not be told without telling a value.
        case outputWithheld = "output_withheld"
        case tooLarge = "too_large"
        case rateLimited = "rate_limited"
        case timeout
        case unavailable
        case `internal`
    }

    var code: Code
    var message: String
    /// The tool to call, or what to tell the person.
    var nextStep: String
    /// Whether the same call may succeed later without anything else being done.
    var isRetryable = false
    var details: JSONObject = [:]

    /// The outcome that carries it: one text, no structured part.
    var outcome: ToolOutcome {
        let error: JSONObject = [
            "code": .string(code.rawValue), "message": .string(message), "next_step": .string(nextStep), "retryable": .bool(isRetryable),
            "details": .object(details),
        ]
        return .failure(JSONValue.object(["error": .object(error)]).text)
    }
}

extension ToolFailure {
    static func invalidArguments(_ message: String, hint: String? = nil) -> Self {
        Self(code: .invalidArguments, message: message, nextStep: hint ?? "Correct the arguments and call the tool again.")
    }

    /// The answer about a name that is not there or may not be known: never anything else, so that it tells nothing.
    static let notFound = Self(
        code: .notFound, message: "there is no such secret, or you may not use it",
        nextStep:
            "Call secret_list to see what you may use, how it is spelt, and which fields it has. If it is not listed, ask the person whether it is "
            + "stored: if it is, access_request asks for the right to use it; if not, secret_import has them store it.")

    /// The constant next step of every refusal, for programs.
    static let accessRequest: JSONObject = ["next": "access_request"]

    /// What to do while the vault is locked: the same after a call that needed it open and beside the state itself.
    static let whenLocked =
        "Ask the person to run `tacit unlock` in their own terminal, and wait: call nothing here until they say that they did. Then make the call that you "
        + "need."

    /// What to do while the agent is frozen: after a call, and beside the state.
    static let whenFrozen = "Stop, and tell the person. Only they let agents act again (`tacit panic --thaw`); until then no call gets anything."

    static let vaultLocked = Self(
        code: .vaultLocked, message: "the vault is locked",
        nextStep: whenLocked, details: ["cli_command": "tacit unlock"])

    static let tooManyCalls = Self(
        code: .rateLimited, message: "too many calls are under way", nextStep: "Wait for one of them to end, then repeat the call.",
        isRetryable: true, details: ["retry_after": 1])

    static let tooManyRuns = Self(
        code: .rateLimited, message: "five runs are going on already", nextStep: "Wait for one of them to end, then repeat the call.",
        isRetryable: true, details: ["retry_after": 5])

    static let tooManyRequests = Self(
        code: .rateLimited, message: "as many requests are being made as may be at once",
        nextStep: "Wait for one of them to end, then repeat the call.", isRetryable: true, details: ["retry_after": 5])

    static func unavailable(_ message: String, nextStep: String, isRetryable: Bool = true) -> Self {
        Self(code: .unavailable, message: message, nextStep: nextStep, isRetryable: isRetryable)
    }

    static let `internal` = Self(
        code: .internal, message: "this server failed", nextStep: "Tell the person; `tacit doctor` may name the cause.")
}
