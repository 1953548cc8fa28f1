package import TacitClient
package import TacitWire

/// Why a command ends without having done what it was asked. Both texts may be shown: they hold no value.
package struct CommandFailure: Error, Equatable, Sendable {
    /// One sentence in lower case.
    package var message: String
    /// The next step, where there is one.
    package var hint: String?
    package var status: ExitStatus
    /// A stable name, `area.reason`.
    package var code: String
    /// What the keeper said, when it was the keeper that refused.
    package var problem: Problem?

    package init(_ message: String, hint: String? = nil, status: ExitStatus = .failed, code: String = "command.failed") {
        self.message = message
        self.hint = hint
        self.status = status
        self.code = code
    }

    /// A command line that is not as it must be.
    package static func usage(_ message: String, hint: String? = nil) -> Self {
        Self(message, hint: hint, status: .usage, code: "command.usage")
    }

    /// The keeper's refusal, in words for a person at the command line.
    package init(_ problem: Problem) {
        let hint = problem.hint == "access_request" ? Self.accessRequest : problem.hint
        self.init(problem.title, hint: hint, status: ExitStatus(httpStatus: problem.status), code: problem.code)
        if problem.code == "run.too-many" { status = .failed }
        self.problem = problem
    }

    /// The constant next step of a denial names an agent's tool; at a command line it is this.
    private static let accessRequest = "a person allows it by `tacit policy edit`; an agent asks them with its tool access_request"

    /// Adds why the keeper did not take the command for a person's, and the next step.
    mutating func explain(_ doubt: Asker.Doubt) {
        if status == .notFound { message += ", as far as this command may know" }
        let reason = "\(doubt.message.printable); \(doubt.hint.printable)"
        hint = reason
        problem?.hint = reason
    }

    /// Why the keeper could not be asked.
    package init(_ error: ClientError) {
        if case .problem(let problem) = error {
            self.init(problem)
        } else {
            self.init(error.message, hint: error.hint, code: "keeper.unreachable")
        }
    }

    /// A file that is not as it must be.
    init(_ error: FormatError, in file: String) {
        self.init(error.text(naming: file), hint: error.hint, status: .usage, code: error.code)
    }

    /// A call of the system that failed.
    init(errno number: Int32, _ what: String, hint: String? = nil) {
        self.init("\(what): \(SystemError.text(number))", hint: hint, code: "system.\(number)")
    }

    /// The problem as `--json` prints it.
    var asProblem: Problem { problem ?? Problem(code, message, status: 0, hint: hint) }
}
