import MCPSession
import TacitWire

/// What a tool says of a request that waits for a person.
enum RequestAnswer {
    /// The fields of the result.
    static let output: [Schema.Property] = [
        .required("request_id", .string("Pass to access_check.")),
        .required("status", .string("State of the request.", oneOf: ["pending", "approved", "denied", "expired", "done"])),
        .optional("cli_command", .string("What the person types, in a terminal of their own; of no use to you.")),
        .required("expires_at", .time("End of validity")),
        .required("tell_user", .string("Sentence to show to the person, verbatim.")),
    ]

    static func object(_ state: AccessRequestState, asking what: String, command: String? = nil) -> JSONObject {
        var answer: JSONObject = ["request_id": .string(state.id), "status": .string(word(state.standing)), "expires_at": .string(state.expiresAt)]
        answer["cli_command"] = .string(command ?? "tacit approvals")
        answer["tell_user"] = .string(sentence(state.standing, what, command))
        return answer
    }

    /// A used-up approval is of no use any more, as one whose time is over.
    private static func word(_ standing: ApprovalItem.Standing) -> String { standing == .usedUp ? "expired" : standing.rawValue }

    private static func sentence(_ standing: ApprovalItem.Standing, _ what: String, _ command: String?) -> String {
        switch standing {
        case .pending:
            command.map {
                "\(what) In a terminal of your own: `\($0)`, then `tacit approvals done CODE` tells me; `tacit approvals` shows the code."
            }
                ?? "\(what) In a terminal of your own, `tacit approvals` shows it. A use you approve or deny; a secret or a right you give first, then "
                + "`tacit approvals done CODE`."
        case .approved: "Approved."
        case .denied: "You denied it, and nothing was given. How shall I go on?"
        case .usedUp: "The approval was used, and nothing of it is left."
        case .expired: "The request is over; it can be made anew."
        case .done: "You say that it is there now: I go on."
        }
    }
}
