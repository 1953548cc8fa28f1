import NIOHTTP1

/// Why a door opens no tunnel, and serves no request.
enum DoorRefusal: Error {
    case fromPage, unknown, notATunnel, ambiguous, notAnAddress, withoutToken

    var code: String {
        switch self {
        case .fromPage: "door.from-page"
        case .unknown: "door.unknown"
        case .notATunnel: "door.not-a-tunnel"
        case .ambiguous: "door.ambiguous"
        case .notAnAddress: "door.not-an-address"
        case .withoutToken: "door.without-token"
        }
    }

    var status: HTTPResponseStatus {
        switch self {
        case .fromPage: .forbidden
        case .unknown: .proxyAuthenticationRequired
        case .notATunnel: .methodNotAllowed
        case .ambiguous: .badRequest
        case .notAnAddress: .notFound
        case .withoutToken: .unauthorized
        }
    }

    /// RFC 9457.
    var body: String {
        let (title, detail) =
            switch self {
            case .fromPage: ("Not for pages", "This door serves programs of a session, and no pages of a browser.")
            case .unknown: ("Who asks?", "Use the proxy address as the session was given it, with its user and password.")
            case .notATunnel: ("Not a proxy's request", "Ask for https URLs as of a proxy: by CONNECT, or with the whole URL in the request line.")
            case .notAnAddress: ("No such address", "Use the base URL as it was given: it ends in a provider that Tacit knows.")
            case .withoutToken: ("Who asks?", "Send the session's fake token where the provider takes its credential.")
            case .ambiguous: ("Ambiguous", "Ask for one host and its port, and name the same in the Host field.")
            }
        return #"{"type":"about:blank","title":"\#(title)","status":\#(status.code),"detail":"\#(detail)","code":"\#(code)"}"#
    }
}
