import Model

/// Why a request is not decided, or an approval not used.
package enum ApprovalError: Diagnosable, Equatable {
    case notPending
    case notApproved
    case isProposal
    case isUse
    case budgetTooLarge
    case otherSubject
    case wrongCode
    case wrongTimedCode(triesLeft: Int64)
    case factorClosed

    package var code: String {
        switch self {
        case .notPending: "approval.not-pending"
        case .notApproved: "approval.not-approved"
        case .isProposal, .isUse: "approval.other-kind"
        case .budgetTooLarge: "approval.budget"
        case .otherSubject: "approval.other-request"
        case .wrongCode: "approval.wrong-code"
        case .wrongTimedCode: "totp.wrong-code"
        case .factorClosed: "totp.closed"
        }
    }

    package var message: String {
        switch self {
        case .notPending: "the request was decided already, or its time is over"
        case .notApproved: "the request is not approved, or its approval is used up"
        case .isProposal: "a proposal is not approved: a person makes what it asks for, and marks it as done"
        case .isUse: "a use of secrets is approved or denied, not marked as done"
        case .budgetTooLarge: "an approval is good for 1 to 100 uses and for 8 hours at most"
        case .otherSubject: "the approval is for another request: a program, argument, secret or version differs"
        case .wrongCode: "the code is not that of this request"
        case .wrongTimedCode(let left): "the six digits are wrong, or were used already; \(left == 1 ? "one try is" : "\(left) tries are") left"
        case .factorClosed: "the authenticator opens nothing: too many wrong codes, or it was never confirmed"
        }
    }

    package var hint: String? {
        switch self {
        case .wrongCode: "type the code that stands beside the request in `tacit approvals`"
        case .wrongTimedCode: "wait for the next code, or give the password"
        case .factorClosed: "decide with the password; the authenticator is good again then"
        case .notPending, .notApproved: "`tacit approvals list --all` shows what became of it"
        default: nil
        }
    }
}
