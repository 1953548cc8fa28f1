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

    /// `isStore` says that the command stores what was asked for by name: then the person may have nothing else to do.
    static func object(_ state: AccessRequestState, asking what: String, command: String? = nil, isStore: Bool = false) -> JSONObject {
        var answer: JSONObject = ["request_id": .string(state.id), "status": .string(word(state.standing)), "expires_at": .string(state.expiresAt)]
        if state.standing == .pending { answer["cli_command"] = .string(command ?? "tacit approvals") }
        answer["tell_user"] = .string(sentence(state.standing, what, command, isStore))
        return answer
    }

    /// A used-up approval is of no use any more, as one whose time is over.
    private static func word(_ standing: ApprovalItem.Standing) -> String { standing == .usedUp ? "expired" : standing.rawValue }

    private static func sentence(_ standing: ApprovalItem.Standing, _ what: String, _ command: String?, _ isStore: Bool) -> String {
        switch standing {
        case .pending:
            command.map {
                isStore
                    ? "\(what) In a terminal of your own: `\($0)`. I am told by itself when it is stored; if not, that command says what else to type."
                    : "\(what) In a terminal of your own: `\($0)`, then `tacit approvals done CODE` tells me; `tacit approvals` shows the code."
            }
                ?? "\(what) In a terminal of your own, `tacit approvals` shows it, and what to type for it."
        case .approved: "Approved."
        case .denied: "You denied it, and for ten minutes the same is answered so without asking you. How shall I go on?"
        case .usedUp: "The approval was used, and nothing of it is left."
        case .expired: "The request is over; it can be made anew."
        case .done: "It is done: I go on."
        }
    }
}
