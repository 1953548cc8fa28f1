import Model
package import Policies

/// Why a request that an agent words is not made. It names fields of the agent's own, nothing that it did not say.
package enum DraftProblem: Error, Sendable, Equatable {
    case refused(RequestRefusal)
    case method
    case tooManyFields
    /// What carries or routes a request, or lets in, is not the agent's to write.
    case field(String)
    case tooLong
    /// The agent wrote itself what the broker writes there.
    case taken(TokenPlace)
    /// No place that a token is written to by the broker itself.
    case unwritten

    package var message: String {
        switch self {
        case .refused(let refusal): refusal.message
        case .method: "a request here is made by \(RequestDraft.methods.joined(separator: ", "))"
        case .tooManyFields: "a request here has \(RequestDraft.maximumFields) header fields at most"
        case .field(let name): "the header field `\(name)` is not yours to write: the broker writes it, or nobody does"
        case .tooLong: "a request here has a body of 1 MiB at most"
        case .taken(let place): "the request has `\(place)` already, where the broker writes the credential"
        case .unwritten: "the rule has the credential in a place of the request that only a program of its own writes"
        }
    }

    package var hint: String? {
        switch self {
        case .refused(let refusal): refusal.hint
        case .field, .taken: "leave it out; how the credential is attached is not chosen by you"
        case .method, .tooManyFields, .tooLong: nil
        case .unwritten: "tell the person: a rule for secret_request has one of the places `bearer`, `basic`, `header`, `cookie` and `query`"
        }
    }
}
