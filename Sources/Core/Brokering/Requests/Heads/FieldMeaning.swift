/// What a field is to this broker, by its name. A field without a meaning goes on as it came.
struct FieldMeaning: OptionSet, Sendable {
    let rawValue: UInt16

    /// It belongs to one connection and ends here (RFC 9110 §7.6.1).
    static let ofConnection = FieldMeaning(rawValue: 1)
    /// HTTP/2 has no place for it (RFC 9113 §8.2.2).
    static let refusedOverHTTP2 = FieldMeaning(rawValue: 2)
    /// The writer of the judged request says it itself, once.
    static let writtenAnew = FieldMeaning(rawValue: 4)
    /// It names another method.
    static let methodOverride = FieldMeaning(rawValue: 8)
    /// It names another host, port or path.
    static let routing = FieldMeaning(rawValue: 16)
    /// A request may have it once: of two, one server takes the first and another the last.
    static let single = FieldMeaning(rawValue: 32)
    /// It asks for a part of an answer, for a digest of one, or for a coding. A part that is cut right splits a value past any redactor, and a digest
    /// tells of it.
    static let removedBesideToken = FieldMeaning(rawValue: 64)
    /// The Connection field may not name it.
    static let neverOfConnection = FieldMeaning(rawValue: 128)
    /// It may not come behind the body, where it would change what was judged before it (RFC 9110 §6.5.1).
    static let neverBehindBody = FieldMeaning(rawValue: 256)

    static let refusedBehindBody: FieldMeaning = [.ofConnection, .writtenAnew, .methodOverride, .routing, .neverBehindBody]

    /// Says whether a field that a Trailer field names in lower case may come behind the body, under any spelling.
    static func mayFollowBody(_ name: String) -> Bool { of(JudgedField.folded(name) ?? name).isDisjoint(with: refusedBehindBody) }

    /// The meaning of a name in lower case.
    static func of(_ name: String) -> FieldMeaning {
        if let meaning = table[name] { return meaning }
        switch name.utf8.first {
        case UInt8(ascii: "p"): return name.hasPrefix("proxy-") ? .ofConnection : []
        case UInt8(ascii: "s"): return name.hasPrefix("sec-websocket-") ? .neverBehindBody : []
        default: return []
        }
    }
}

extension FieldMeaning {
    private static let table: [String: FieldMeaning] = {
        var table: [String: FieldMeaning] = [:]
        for (meaning, names) in lists { for name in names { table[name, default: []].formUnion(meaning) } }
        return table
    }()

    private static let lists: [(FieldMeaning, [String])] = [
        (.ofConnection, ["connection", "keep-alive", "te", "upgrade", "http2-settings", "transfer-encoding"]),
        (.ofConnection, ["proxy-connection", "proxy-authorization"]),
        (.refusedOverHTTP2, ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "http2-settings"]),
        (.writtenAnew, ["host", "content-length", "transfer-encoding"]),
        // Google's APIs, Rails, Symfony and their like; OData.
        (.methodOverride, ["x-http-method-override", "x-http-method", "x-method-override"]),
        // IIS, Symfony and Zend route by the original and the rewritten URL, Envoy by the original path, frameworks behind a proxy by the forwarded
        // host, port and prefix. `Proxy` names, to old CGI, the proxy of the server's own requests (CVE-2016-5385).
        //
        // `X-Forwarded-For`, `X-Real-IP` and `X-Forwarded-Proto` pass. They say who asks and how, which a server must not believe of a stranger
        // anyway; they change nothing about what is asked for.
        (.routing, ["x-original-url", "x-original-uri", "x-original-host", "x-original-path", "x-rewrite-url", "x-rewrite-uri"]),
        (.routing, ["x-waws-unencoded-url", "x-envoy-original-path", "x-envoy-original-host", "x-envoy-original-dst-host"]),
        (.routing, ["forwarded", "x-forwarded-host", "x-forwarded-server", "x-forwarded-port", "x-forwarded-prefix", "x-forwarded-path"]),
        (.routing, ["x-forwarded-uri", "x-forwarded-url", "x-host", "x-http-host-override", "proxy"]),
        (.single, ["authorization", "proxy-authorization", "content-type", "content-encoding", "expect"]),
        (.single, ["sec-websocket-key", "sec-websocket-version"]),
        (.removedBesideToken, ["range", "if-range", "a-im", "want-digest", "want-content-digest", "want-repr-digest"]),
        (.removedBesideToken, ["accept-encoding", "available-dictionary"]),
        (.neverOfConnection, ["host", "content-length", "transfer-encoding", "content-type", "content-encoding"]),
        (.neverOfConnection, ["authorization", "cookie", "expect", "trailer", "origin"]),
        (.neverBehindBody, ["content-type", "content-encoding", "content-range", "content-disposition", "cache-control", "max-forwards"]),
        (.neverBehindBody, ["authorization", "cookie", "expect", "trailer", "origin", "range", "if-range", "accept-encoding"]),
        (.neverBehindBody, ["sec-websocket-key", "sec-websocket-version"]),
    ]
}
