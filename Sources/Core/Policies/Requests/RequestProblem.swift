/// What is wrong with a part of a request rule, or with a request that somebody asks about. It repeats words of the format, nothing that was typed.
package enum RequestProblem: Error, Equatable, Sendable {
    case host(HostProblem)
    case badPort
    case badCount(maximum: Int)
    case badRate
    case badBytes
    case unknownMethod(suggestion: String?)
    case unknownPlace(suggestion: String?)
    /// A place that takes a name and has none.
    case placeWithoutName(String)
    case badName
    case closedHeader
    case badPointer
    /// A reply is sealed, and nobody says into which one secret.
    case sealWithoutSecret
    /// A key that says more of what is sealed, where nothing is.
    case withoutSeal
    /// A rule that renews, with more than one address.
    case refreshOfSeveral
    /// A key about requests that somebody words, in a rule that renews.
    case notOfRefresh
    /// A wildcard among the hosts of a rule that leads into one's own network.
    case wildcardOnOwnNetwork
    case authorities(RequestAuthorities.Problem)
    /// A path with an encoded slash, where the rule does not allow one.
    case encodedSlash
    /// A rule that would open WebSockets, without the method for it, or with something to seal.
    case withoutWebSocket
    case badOperation
    /// What a GraphQL service is asked, in a rule with other methods than it is asked by, or with WebSockets, into which nobody looks.
    case withoutOperations
    /// A key by which requests are looked at, in a rule about tunnels.
    case inTunnel
    /// No method, space and `https://…`, or no canonical one.
    case badRequest(Part)
    /// A key of a test that is about a request, where there is none.
    case withoutRequest
    /// A request in a question about another capability than `broker`.
    case notOfBroker

    /// What is not as it must be in a request that somebody writes.
    package enum Part: Sendable {
        case form, scheme, path, query, user
    }
}

extension RequestProblem {
    package var code: String {
        switch self {
        case .host(.wildcardOnPrivate), .host(.wildcardOnPublicSuffix), .host(.wildcardOnTenants), .wildcardOnOwnNetwork: "policy.host-too-wide"
        case .unknownMethod, .unknownPlace: "policy.unknown-word"
        case .encodedSlash: "policy.never-matches"
        case .withoutRequest, .notOfBroker, .inTunnel, .withoutSeal, .notOfRefresh, .withoutWebSocket, .withoutOperations: "policy.misplaced-key"
        case .sealWithoutSecret: "policy.missing-key"
        case .host, .refreshOfSeveral, .badPort, .badCount, .badRate, .badBytes, .placeWithoutName, .badName, .closedHeader, .badPointer, .badRequest,
            .badOperation,
            .authorities:
            "policy.bad-value"
        }
    }

    package var message: String {
        switch self {
        case .host(let problem): problem.message
        case .badPort: "a port is a number from 1 to 65535, without leading zeros"
        case .badCount(let maximum): "this is a number from 1 to \(maximum)"
        case .badRate: "a rate is a number, a slash and `second`, `minute`, `hour` or `day`"
        case .badBytes: "this is a number, `KiB`, `MiB` or `GiB`, a slash and `second`, `minute`, `hour` or `day`"
        case .unknownMethod: "this is no method that a rule can list"
        case .unknownPlace: "this is none of \(TokenPlace.words.map { "`\($0)`" }.joined(separator: ", "))"
        case .placeWithoutName(let word): "`\(word)` needs a colon, a space and \(word == "json" ? "a pointer" : "a name")"
        case .badName: "this cannot be the name of a header, cookie, parameter or field"
        case .closedHeader: "no token is exchanged in this header"
        case .badPointer: "this is no JSON pointer to a part of a text"
        case .sealWithoutSecret: "the rule seals replies, and does not say into which secret"
        case .withoutSeal: "this says more of what is sealed, and the rule seals nothing"
        case .refreshOfSeveral: "the value is renewed at one address: one host, one port, one path, without `*`, by POST"
        case .notOfRefresh: "this is about requests that an agent words, and this rule is for one that the broker makes itself"
        case .wildcardOnOwnNetwork: "a `*` stands for many hosts, and the rule lets its hosts lead into your own network"
        case .authorities(.malformed): "these are no certificates in PEM"
        case .authorities(.privateKey): "a private key stands here, where certificates should"
        case .authorities(.tooLong): "the certificates are longer than \(RequestAuthorities.maximumBytes >> 10) KiB"
        case .encodedSlash: "the pattern has an encoded slash, and the rule allows none"
        case .withoutWebSocket: "a WebSocket is opened by `GET`, and nothing of it is sealed: this rule opens none"
        case .badOperation: "this is no operation of GraphQL: `query`, `mutation` or `subscription`, one space, and the name of a field at the root"
        case .withoutOperations: "nobody looks into requests of this rule for what GraphQL is asked: it is asked by `GET`, `HEAD` and `POST`"
        case .inTunnel: "nobody looks into a tunnel: its rule has hosts, ports, a rate and `own_network`, and nothing else"
        case .badRequest(.form): "a request is a method, one space and a URL"
        case .badRequest(.scheme): "a request here begins with `https://`, or with `wss://` where it is a `GET` for a WebSocket"
        case .badRequest(.path): "the path is not in the form in which paths are judged"
        case .badRequest(.query): "rules do not look at what follows `?` or `#`"
        case .badRequest(.user): "a URL here has neither user nor password"
        case .withoutRequest: "this is about a request, and the test has no `request`"
        case .notOfBroker: "a request is made through the broker: its capability is `broker`"
        }
    }

    package var hint: String? {
        switch self {
        case .host(let problem): problem.hint
        case .badRate: "write `60/minute`, say"
        case .badBytes: "write `100MiB/day`, say"
        case .unknownMethod(let word?), .unknownPlace(let word?): "did you mean `\(word)`?"
        case .unknownMethod: "methods are words such as `GET` and `POST`, in upper case"
        case .placeWithoutName(let word): "write `\(word): \(word == "json" ? "/path/to/it" : word == "header" ? "X-Api-Key" : "token")`"
        case .badPointer: "a pointer begins with `/`, such as `/data/token`; `~1` is a slash in a name, `~0` a tilde"
        case .sealWithoutSecret: "write `seal_into: NAME`, or one name, without a `*`, below `keys`: then it is that secret"
        case .withoutSeal: "write below `seal` which fields stand where: `- token: /token`"
        case .wildcardOnOwnNetwork: "write each host by its full name, in a rule of its own with `own_network: allow`"
        case .authorities(.malformed):
            "write each as its file has it, from `-----BEGIN CERTIFICATE-----` to `-----END CERTIFICATE-----`, and nothing besides; in YAML behind `|`"
        case .authorities(.privateKey): "take it out of this text, and think of it as known to whoever saw it; certificates alone are wanted"
        case .authorities(.tooLong): "name the authorities of these hosts, not every one that there is"
        case .encodedSlash: "write `encoded_slash: allow`, if the service reads `%2F` as a part of one segment"
        case .withoutWebSocket: "write it in a rule with `GET` among its methods, and without `seal`"
        case .badOperation: "write `query viewer`, say; in a rule `query *` stands for all that only reads"
        case .withoutOperations: "write them in a rule of their own, without other methods and without `websocket`"
        case .inTunnel: "leave this out, or `tunnel`: requests of the rule are looked into then"
        case .badRequest(.form): "write `GET https://api.example.com/v1/x`"
        case .badRequest(.path): CanonicalPath.hint
        case .badRequest(.query): "leave it out, and the `?` or `#` too"
        default: nil
        }
    }
}

extension CanonicalPath {
    static let hint =
        "a path begins with `/` and has no empty, `.` or `..` segment; letters, digits and `- . _ ~` are never encoded, and what is has `%XX` in upper case"
}

extension HostProblem {
    fileprivate var message: String {
        switch self {
        case .empty: "a host is empty"
        case .foreign: "a host has a character outside of printable ASCII"
        case .upperCase: "a host has a capital letter"
        case .notOnlyHost: "a host here is a name or an address, and nothing beside it"
        case .tooLong: "a host's name is longer than 253 characters"
        case .trailingDot: "a host ends in a dot"
        case .badLabel: "a part of a host's name is empty, too long, or has a hyphen where none may be"
        case .badAddress: "this is no address in the form in which hosts are judged"
        case .misplacedStar: "a `*` in a host stands before a dot and a name, and nowhere else"
        case .wildcardOnPrivate: "a `*` stands over names of this machine or its own network"
        case .wildcardOnPublicSuffix: "a `*` stands over a public suffix: anybody can have a name there"
        case .wildcardOnTenants: "a `*` stands over a domain whose names belong to different customers"
        }
    }

    fileprivate var hint: String? {
        switch self {
        case .empty, .tooLong, .badLabel: nil
        case .foreign: "write a name with other letters in its encoded form, which begins with `xn--`"
        case .upperCase: "write hosts in lower case"
        case .notOnlyHost: "write `api.example.com`; ports stand under `ports`, paths under `paths`, and every request is made over https"
        case .trailingDot: "leave the dot out"
        case .badAddress: "write an IPv4 address as four numbers, and an IPv6 address in brackets, short and in lower case: `[2001:db8::1]`"
        case .misplacedStar: "write `*.example.com` for every name below it, or each name by itself"
        case .wildcardOnPrivate: "write each host by its full name"
        case .wildcardOnPublicSuffix, .wildcardOnTenants: "write the hosts that are meant, each by its full name"
        }
    }
}
