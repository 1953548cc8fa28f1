package import HTTPTypes

/// Judges heads of requests: whether every program on the way reads the same request in one, and what of it goes on.
///
/// It lets through less than RFC 9112 allows a recipient. A recipient that is lenient is safe alone; two in a row that are lenient in different
/// ways are how requests are smuggled, and behind a broker the smuggled one has a credential.
package struct HeadGuard: Sendable {
    /// The most fields of a head, and the most bytes of their names and values together.
    package static let maximumFields = 256
    package static let maximumFieldBytes = 64 * 1024

    /// Whom the connection leads to; nil on a proxy's own connection, where each request names its origin.
    package let tunnel: Origin?
    /// Whether the TLS handshake was for a name that is none.
    private let hasBadServerName: Bool
    private let serverHost: Host?
    /// The tunnel's authority as clients write it, which is read once.
    private let tunnelAuthority: [UInt8]

    /// - Parameter serverName: that of the TLS handshake; nil where there was none.
    package init(tunnel: Origin?, serverName: String? = nil) {
        self.tunnel = tunnel
        serverHost = serverName.flatMap { try? Host(parsing: Array($0.utf8)[...]) }
        hasBadServerName = serverName != nil && serverHost == nil
        tunnelAuthority = Array((tunnel?.authority ?? "").utf8)
    }

    /// Judges one head.
    ///
    /// - Parameters:
    ///   - carriesToken: whether a fake token was seen in it or may come in its body.
    ///   - allowsEncodedSlash: whether rule or catalogue say that segments of this API's paths have slashes in them.
    package func verdict(on head: ReceivedHead, carriesToken: Bool, allowsEncodedSlash: Bool = false) -> RequestVerdict<JudgedRequest> {
        RequestVerdict { () throws(RequestRefusal) in
            let fields = try JudgedFields(head)
            let method = try Self.method(head)
            let target = try target(of: head, fields, carriesToken: carriesToken, allowsEncodedSlash: allowsEncodedSlash)
            let body = try Self.body(of: head, fields)
            let connection = try ConnectionFields(fields, of: head, body)
            var judged = HTTPRequest(
                method: method, scheme: target.origin.scheme.rawValue, authority: target.origin.authority, path: target.pathAndQuery)
            judged.headerFields = Self.sent(fields, connection, carriesToken: carriesToken)
            return JudgedRequest(
                target: target, request: judged, body: body, expectsContinue: connection.expectsContinue,
                acceptsTrailers: connection.acceptsTrailers, opensWebSocket: connection.opensWebSocket)
        }
    }

    /// Judges the fields behind a body.
    package static func verdict(onTrailers fields: [ReceivedHead.Field], overHTTP2: Bool) -> RequestVerdict<HTTPFields> {
        RequestVerdict { () throws(RequestRefusal) in
            try JudgedFields.checkSize(fields)
            var trailers = HTTPFields()
            for field in fields {
                let field = try JudgedField(field, overHTTP2: overHTTP2)
                guard field.meaning.isDisjoint(with: .refusedBehindBody) else { throw .trailer }
                trailers.append(field.field)
            }
            return trailers
        }
    }

    /// Methods are compared as written (RFC 9110 §9.1), and some servers write them in capitals first; so those that are judged are in capitals.
    private static func method(_ head: ReceivedHead) throws(RequestRefusal) -> HTTPRequest.Method {
        let name = head.method
        guard (1...32).contains(name.utf8.count), name.utf8.allSatisfy({ (0x41...0x5A).contains($0) || $0 == UInt8(ascii: "-") }),
            let method = HTTPRequest.Method(name)
        else { throw .methodIllegal }
        // TRACE (and TRACK of IIS) answers with the request, credential and all. PRI begins a connection of HTTP/2 inside of one of HTTP/1.
        guard head.connectProtocol == nil, name != "CONNECT", name != "TRACE", name != "TRACK", name != "PRI" else { throw .methodRefused }
        return method
    }

    /// The target, once tunnel, handshake, target and host field agree.
    private func target(
        of head: ReceivedHead, _ fields: JudgedFields, carriesToken: Bool, allowsEncodedSlash: Bool
    ) throws(RequestRefusal) -> RequestTarget {
        let authority = try authority(of: head, fields)
        let place = try place(of: head, authority)
        let verdict = RequestTarget.verdict(on: head.target, within: place, carriesToken: carriesToken, allowsEncodedSlash: allowsEncodedSlash)
        let target: RequestTarget
        switch verdict {
        case .refused(let refusal): throw refusal
        case .accepted(let accepted): target = accepted
        }
        // An HTTP/2 target is a path (RFC 9113 §8.3.1), and only OPTIONS is about a whole server.
        guard !head.version.isHTTP2 || head.target.first == UInt8(ascii: "/") || target.path == "*" else { throw .targetForm }
        guard target.path != "*" || head.method == "OPTIONS" else { throw .targetForm }
        guard target.origin.agrees(with: authority) else { throw .hostDisagrees }
        guard !hasBadServerName, serverHost == nil || serverHost == target.origin.host else { throw .serverNameDisagrees }
        if let mark = head.target.firstIndex(of: UInt8(ascii: "?")) {
            guard !QueryRules.overrides(method: head.method, in: head.target[(mark + 1)...]) else { throw .methodOverride }
        }
        return target
    }

    /// Whom the head is for before its target is read: the tunnel, or what HTTP/2 says beside the target.
    private func place(of head: ReceivedHead, _ authority: Authority) throws(RequestRefusal) -> Origin? {
        guard head.version.isHTTP2 else { return tunnel }
        guard let scheme = head.scheme.flatMap(Scheme.init(rawValue:)) else { throw .schemeDisagrees }
        guard let tunnel else { return Origin(scheme, authority) }
        guard scheme == tunnel.scheme else { throw .schemeDisagrees }
        return tunnel
    }

    /// What the request says itself of its host: one Host field; over HTTP/2 `:authority`, a Host field, or both when they agree.
    private func authority(of head: ReceivedHead, _ fields: JudgedFields) throws(RequestRefusal) -> Authority {
        let hosts = fields.values(of: "host")
        guard hosts.count <= 1 else { throw .hostDuplicate }
        let field: Authority? = if let host = hosts.first { try authority(host) } else { nil }
        guard head.version.isHTTP2, let text = head.authority else {
            guard let field else { throw .hostMissing }
            return field
        }
        let authority = try authority(Array(text.utf8))
        guard let field else { return authority }
        guard let scheme = head.scheme.flatMap(Scheme.init(rawValue:)), Origin(scheme, authority) == Origin(scheme, field) else {
            throw .hostDisagrees
        }
        return authority
    }

    private func authority(_ text: [UInt8]) throws(RequestRefusal) -> Authority {
        guard let tunnel, text == tunnelAuthority else { return try Authority(parsing: text[...]) }
        return Authority(host: tunnel.host, port: tunnel.port)
    }
}
