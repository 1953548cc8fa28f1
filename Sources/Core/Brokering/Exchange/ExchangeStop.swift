package import Model

/// Why a request ends at the broker. It names nothing of the request, so it may be shown and logged.
package enum ExchangeStop: Error, Sendable, Equatable {
    /// Two programs on the way could read it differently.
    case ambiguous(RequestRefusal)
    /// A token where no token may stand: it is refused, and told as a misuse of that grant.
    case stray(GrantID)
    /// A value cannot be written where its token stands, or was not allowed.
    case exchange(ExchangeRefusal)
    /// The body is not what its content type says, or too long to be looked through, and a token may stand in it.
    case unreadableBody
    /// All of the request is judged, or a person is asked about it, and the body is longer than what is held back for that.
    case bodyTooLong
    /// The body is in a coding that nobody looks into.
    case codedBody
    /// It is signed with a pair of the session's, and its signature is refused.
    case signature(SignatureRefusal)
    /// A real value of the session stands in it, which no program was given.
    case egress(Egress)
    /// What it sends over a WebSocket is not what RFC 6455 has a program send.
    case frames(FrameRefusal)

    /// A stable name.
    package var code: String {
        switch self {
        case .ambiguous(let refusal): refusal.code
        case .stray: "broker.token-misplaced"
        case .exchange(let refusal): "broker.exchange-\(refusal.rawValue)"
        case .unreadableBody: "broker.body-unreadable"
        case .bodyTooLong: "broker.body-too-long"
        case .codedBody: "broker.body-coded"
        case .signature(let refusal): refusal.code
        case .egress: Self.egressCode
        case .frames(let refusal): refusal.code
        }
    }

    /// That of a request with a real value in it.
    package static let egressCode = "value.egress"

    /// The grant whose token was misused; nil where none was.
    package var misusedGrant: GrantID? { if case .stray(let grant) = self { grant } else { nil } }
}
