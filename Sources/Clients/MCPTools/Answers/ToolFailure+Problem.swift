import MCPSession
import TacitWire

// The one table from the keeper's errors to a model's.
extension ToolFailure {
    /// What any thrown error means to a model. Errors that are not known here tell nothing.
    init(_ error: any Error) {
        switch error {
        case let failure as ToolFailure: self = failure
        case let problem as Problem: self = ToolFailure(policy: problem) ?? ToolFailure(problem)
        case let failure as RunFailure: self.init(Problem(failure.code, failure.message, status: 0, hint: failure.hint))
        default: self = .internal
        }
    }

    private init(_ problem: Problem) {
        self =
            switch problem.code {
            case "not_found", "secret.not-found", "environment.not-found", "project.not-found": .notFound
            case "request.not-found":
                Self(
                    code: .notFound, message: "there is no such request of yours",
                    nextStep: "Take the request_id from the answer that named it, or make the request again.")
            case "version.not-found":
                Self(
                    code: .notFound, message: problem.title,
                    nextStep: "Leave the version out for the current one; secret_list tells its number, and earlier ones have lower numbers.")
            case "field.not-found":
                Self(
                    code: .notFound, message: problem.title,
                    nextStep: "Leave `#` and what follows out for the usual field; secret_list shows the others where there are some.")
            case _ where Self.isOfBadge(problem):
                .unavailable(
                    problem.title, nextStep: "Tell the person: \(problem.title)\(problem.hint.map { "; \($0)" } ?? "").", isRetryable: false)
            case "vault.locked": .vaultLocked
            case "vault.absent": .noVault
            case "not_permitted", "step-up.required": .notPermitted(problem)
            case "agents.frozen":
                Self(
                    code: .notPermitted, message: problem.title,
                    nextStep: Self.whenFrozen)
            case "token.revoked", "token.expired", "token.foreign":
                Self(code: .notPermitted, message: problem.title, nextStep: Self.sentence(problem.hint) ?? "Tell the person.")
            case "secret.expired", "secret.deleted": .unavailable(problem.title, nextStep: Self.telling(problem), isRetryable: false)
            case "run.accident-guard": Self(code: .commandBlocked, message: problem.title, nextStep: Self.runItself)
            case "run.too-many": .tooManyRuns
            case "session.too-many":
                Self(code: .rateLimited, message: problem.title, nextStep: "Call session_sleep for what you no longer need, then repeat the call.")
            case "request.too-many": .tooManyRequests
            case "session.ended": Self(code: .unavailable, message: problem.title, nextStep: "Repeat the call, if it is still wanted.")
            case let code where code.hasPrefix("broker."): Self(broker: problem)
            case "run.too-large": Self(code: .tooLarge, message: problem.title, nextStep: "Pass less, or pass it in a file.")
            case "run.program-not-found":
                .invalidArguments(
                    problem.title,
                    hint:
                        "It is not installed here under that name (argv has one item per word). Use another program, one that rule_list names where "
                        + "programs are listed, or tell the person.")
            case "injection.taken":
                .invalidArguments(problem.title, hint: "Give one of them a `var` of its own, or call twice.")
            case "run.empty-command", "run.no-directory", "run.program-not-executable":
                .invalidArguments(problem.title, hint: Self.sentence(problem.hint))
            default: Self(byStatus: problem)
            }
        if let rule = problem.rule, code != .notFound { details["rule"] = .string(rule) }
    }

    /// Whether the agent's badge is not there, not as it must be, or opens nothing: until a person mends that, no call gets anywhere.
    static func isOfBadge(_ problem: Problem) -> Bool { ["badge.missing", "badge.refused", "badge.unknown"].contains(problem.code) }

    /// Why the broker sent nothing, or gave nothing back.
    private init(broker problem: Problem) {
        let step = Self.sentence(problem.hint)
        self =
            switch problem.status {
            case 403:
                Self(
                    code: .destinationNotAllowed, message: problem.title,
                    nextStep: step ?? "Tell the person; only they can change the policy. Do not look for a way round.")
            case 422: .invalidArguments(problem.title, hint: step)
            case 504: Self(code: .timeout, message: problem.title, nextStep: step ?? "Repeat the call.")
            // What a reply has is searched for values before it is told; one that cannot be is not.
            case 502 where problem.code.hasPrefix("broker.reply-"):
                Self(
                    code: .outputWithheld, message: problem.title,
                    nextStep: "The request was made. Ask for an answer of another kind, if the service has one; else tell the person.")
            default: .unavailable(problem.title, nextStep: step ?? "Tell the person.", isRetryable: false)
            }
    }

    private init(byStatus problem: Problem) {
        self =
            switch problem.status {
            case 400, 409, 422: .invalidArguments(problem.title, hint: Self.sentence(problem.hint))
            case 401, 403: .notPermitted(problem)
            case 404: Self(code: .notFound, message: problem.title, nextStep: ToolFailure.notFound.nextStep)
            case 408, 504: Self(code: .timeout, message: problem.title, nextStep: "Repeat the call.", isRetryable: true)
            case 413: Self(code: .tooLarge, message: problem.title, nextStep: "Pass less.")
            case 429: Self.tooManyCalls.after(problem.retryAfter)
            case 500..<600, 0: .unavailable(problem.title, nextStep: Self.telling(problem), isRetryable: problem.status == 503)
            default: .internal
            }
    }

    private static let noVault = Self(
        code: .unavailable, message: "there is no vault yet", nextStep: "Ask the person to make one: `tacit init` in their own terminal.",
        details: ["cli_command": "tacit init"])

    private static let runItself =
        "Run the program that needs the secret, without looking at its value. Do not look for another way to print it."

    private static func notPermitted(_ problem: Problem) -> Self {
        Self(
            code: .notPermitted, message: problem.title,
            nextStep: "Call access_request with the secret, the capability and why you need it, show the person its tell_user, and go on when "
                + "access_check says `done`. Do not look for a way round.", details: Self.accessRequest)
    }

    private static func telling(_ problem: Problem) -> String {
        problem.hint.map { "Tell the person: \($0)." } ?? "Tell the person; `tacit doctor` may name the cause."
    }

    private func after(_ seconds: Int?) -> Self {
        var failure = self
        if let seconds { failure.details["retry_after"] = JSONValue(seconds) }
        return failure
    }
}
