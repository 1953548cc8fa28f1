package import Brokering
import Model

/// Why a request has no reply. It names nothing of the request, so it may be shown and logged.
package enum BrokerFailure: Diagnosable, Equatable {
    /// The judge said so, and knows why.
    case refused
    /// The request is none that goes through the broker.
    case stopped(ExchangeStop)
    /// The reply is none that can be searched for values.
    case reply(ReplyRefusal)
    case address(AddressRefusal)
    /// The host's name leads to no address.
    case unresolved
    case unreachable
    /// The service did not show a certificate for its name that is trusted.
    case untrusted
    /// The connection ended before the reply did.
    case cut
    case timeout
    /// Its bodies have as many bytes as the request's rule lets through.
    case overAllowance
    /// The request's token was revoked while it went on.
    case revoked
    /// There is no broker, or it ended.
    case unavailable

    package var code: String {
        switch self {
        case .refused: "broker.refused"
        case .stopped(let stop): stop.code
        case .reply(let refusal): refusal.code
        case .address(let refusal): refusal.code
        case .unresolved: "broker.host-unresolved"
        case .unreachable: "broker.host-unreachable"
        case .untrusted: "broker.certificate-untrusted"
        case .cut: "broker.connection-cut"
        case .timeout: "broker.timeout"
        case .overAllowance: "broker.over-allowance"
        case .revoked: "broker.token-revoked"
        case .unavailable: "broker.unavailable"
        }
    }

    package var message: String {
        switch self {
        case .refused: "the request was not allowed"
        case .stopped(let stop): stop.message
        case .reply(let refusal): refusal.message
        case .address(let refusal): refusal.message
        case .unresolved: "the host's name leads to no address"
        case .unreachable: "the host could not be reached"
        case .untrusted: "the service did not prove with a trusted certificate that it is this host"
        case .cut: "the connection to the service ended before its reply did"
        case .overAllowance: "what the request or its reply carries is more than its rule lets through now"
        case .timeout: "the service did not answer in time"
        case .revoked: "the token was revoked while the request went on"
        case .unavailable: "the broker is not there"
        }
    }

    package var hint: String? {
        switch self {
        case .stopped(let stop): stop.hint
        case .address(let refusal): refusal.hint
        case .unresolved: "check how the host is spelt"
        case .unreachable, .cut: "try again; whether the request took effect is not known"
        case .untrusted: "for a service with certificates of your own, name them in the request rule: `authorities`"
        case .timeout: "try again with a longer timeout; whether the request took effect is not known"
        case .overAllowance:
            "wait, or send and fetch less: one request has half of what is left of the rule's `bytes`; whether it took effect is not known"
        case .unavailable: "lock and unlock the vault; it starts a new one"
        case .refused, .reply, .revoked: nil
        }
    }
}
