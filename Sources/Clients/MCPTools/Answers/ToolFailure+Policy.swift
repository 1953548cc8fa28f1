import MCPSession
import TacitWire

extension ToolFailure {
    /// What a rule of the policy answered, with the step that meets it; nil for a problem that is none of a rule's.
    init?(policy problem: Problem) {
        let step: String
        switch problem.code {
        case Code.blockedByRule.rawValue: step = "Tell the person which rule keeps you from it. Only they can change it; do not look for a way round."
        case Code.sessionRequired.rawValue:
            step =
                "Call session_wake with covers=[the secret] and why you need it, then repeat the call. Of several secrets, cover those that secret_list "
                + "shows as requiring a session."
        case Code.acknowledgementRequired.rawValue:
            step =
                "Call rule_acknowledge with details.rule_id, the secret and why you need it, then repeat the call. Of several secrets, it is one that "
                + "secret_list shows as requiring an acknowledgement."
        case Code.approvalRequired.rawValue:
            step =
                problem.request == nil
                ? "Make the call that needs the secret: it asks the person by itself, and waits for them."
                : "Show the person details.tell_user, call access_check with details.request_id, and when it is approved repeat this very call: with another "
                    + "program, argument, directory or secret it is another request."
        case Code.notPermitted.rawValue where problem.request != nil:
            step =
                "Do not repeat this call nor change it a little, and no access_request either: the person has decided, and for ten minutes the same call is "
                + "answered so without asking them. Ask them how to go on; only when they tell you to, and after that time, call it again."
        case Code.destinationNotAllowed.rawValue where problem.hint?.hasPrefix("access_request") != true: step = Self.sentence(problem.hint) ?? ""
        case Code.destinationNotAllowed.rawValue:
            step =
                "Call access_request with the secret, broker as capability and, as reason, what for and the request by method, host and path: a person decides "
                + "whether a rule lists it. Do not try other hosts, spellings or redirects."
        case Code.rateLimited.rawValue where problem.rule != nil:
            step = "Wait for details.retry_after seconds, then repeat the call once; plan for fewer requests, or fetch more with each."
        case Code.rateLimited.rawValue:
            step = "Tell the person that your requests wait for them (`tacit approvals` shows them), and go on when one is decided."
        case Code.commandBlocked.rawValue where problem.hint != nil && problem.hint != "access_request": step = Self.sentence(problem.hint) ?? ""
        case Code.commandBlocked.rawValue:
            step =
                "Call rule_list with the secret (of several, with each): programs names those that may have it. If the program is among them, only a person can help: tell them its "
                + "full path. If none of them can do it, call access_request with the secret, "
                + "as program the full path of the one that you need, and as reason what for. Do not try programs one after the other, nor a shell, a script "
                + "or a copy that no rule lists in its place."
        case Code.unavailable.rawValue: step = Self.sentence(problem.hint) ?? "Tell the person."
        default: return nil
        }
        guard let code = Code(rawValue: problem.code) else { return nil }
        self.init(code: code, message: problem.title, nextStep: step)
        if let request = problem.request {
            details["request_id"] = .string(request)
            if code == .approvalRequired {
                details["cli_command"] = .string("tacit approvals")
                details["tell_user"] =
                    "A use of a secret waits for you. In a terminal of your own, `tacit approvals` shows it with its code: `tacit approvals approve CODE` allows it, `tacit approvals deny CODE` refuses it."
            }
        }
        if let seconds = problem.retryAfter { details["retry_after"] = JSONValue(seconds) }
        guard let rule = problem.rule else { return }
        details["rule"] = .string(rule)
        if code == .acknowledgementRequired { details["rule_id"] = .string(rule) }
    }

    /// A hint as a sentence of its own.
    static func sentence(_ hint: String?) -> String? {
        hint.map { hint in
            let isToolName = hint.prefix { $0 != " " }.contains("_")
            return "\(isToolName ? hint.prefix(1) : Substring(hint.prefix(1).uppercased()))\(hint.dropFirst())."
        }
    }
}
