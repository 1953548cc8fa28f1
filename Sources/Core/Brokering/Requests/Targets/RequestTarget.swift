/// What a request asks for, in the one form in which it is judged and sent.
///
/// Rules are asked of this and the upstream gets this, so a rule is never asked of `/public/../admin` while the server reads `/admin`. That takes
/// away the difference between broker and server only as far as both read URLs as RFC 3986 does. Many servers do not; therefore, beside a token, a
/// target that some of them are known to read in another way is refused instead of tidied up.
package struct RequestTarget: Sendable, Hashable {
    /// The longest target, in bytes.
    package static let maximumBytes = 16 * 1024

    package let origin: Origin
    /// As it is sent. It begins with a slash, or is `*`.
    package let path: String
    /// As rules compare it: every character that a path may have without an escape has none. `%2F` in it is a slash inside a segment; a slash ends
    /// one.
    ///
    /// It is not what is sent, since who signs a request signs its escapes.
    package let judgedPath: String
    /// As it is sent, without the question mark; nil where there is none.
    package let query: String?

    /// What stands in the request line, or is `:path`.
    package var pathAndQuery: String { query.map { "\(path)?\($0)" } ?? path }

    /// Judges the target of a request.
    ///
    /// - Parameters:
    ///   - raw: as it came, every byte of it.
    ///   - tunnel: whom the connection leads to; nil on a proxy's own connection, where each request names its origin.
    ///   - allowsEncodedSlash: whether rule or catalogue say that segments of this API have slashes in them.
    package static func verdict(
        on raw: [UInt8], within tunnel: Origin?, carriesToken: Bool, allowsEncodedSlash: Bool = false
    ) -> RequestVerdict<RequestTarget> {
        RequestVerdict { () throws(RequestRefusal) in
            let (target, ambiguities) = try read(raw, within: tunnel, allowsEncodedSlash: allowsEncodedSlash)
            if carriesToken, let refusal = ambiguities.refusal { throw refusal }
            return target
        }
    }

    private static func read(
        _ raw: [UInt8], within tunnel: Origin?, allowsEncodedSlash: Bool
    ) throws(RequestRefusal) -> (RequestTarget, ambiguities: TargetAmbiguities) {
        guard raw.count <= maximumBytes else { throw .targetTooLong }
        guard !raw.contains(where: { $0 == 0x20 || $0.isControl }) else { throw .targetControl }
        guard !raw.contains(UInt8(ascii: "#")) else { throw .targetFragment }
        if raw.elementsEqual("*".utf8) {
            // It names no path, so no rule can be about it.
            guard let tunnel else { throw .targetForm }
            return (RequestTarget(origin: tunnel, path: "*", judgedPath: "*", query: nil), .wholeServer)
        }
        let (origin, rest) = try split(raw, within: tunnel)
        let mark = rest.firstIndex(of: UInt8(ascii: "?")) ?? rest.endIndex
        let query = mark < rest.endIndex ? rest[(mark + 1)...] : nil
        let path = try PathSpelling(parsing: mark > rest.startIndex ? rest[..<mark] : [UInt8(ascii: "/")], allowsEncodedSlash: allowsEncodedSlash)
        let sentPath = String(decoding: path.sent, as: UTF8.self)
        let judgedPath = path.judged == path.sent ? sentPath : String(decoding: path.judged, as: UTF8.self)
        let target = RequestTarget(origin: origin, path: sentPath, judgedPath: judgedPath, query: query.map(sent))
        // Escapes that were added count: what is sent must be a target that is accepted here again.
        guard target.pathAndQuery.utf8.count <= maximumBytes else { throw .targetTooLong }
        return (target, path.ambiguities.union(query.map(QueryRules.ambiguities) ?? []))
    }

    /// Parts the origin from path and query, whatever the form.
    private static func split(_ raw: [UInt8], within tunnel: Origin?) throws(RequestRefusal) -> (Origin, ArraySlice<UInt8>) {
        guard let first = raw.first else { throw .targetMalformed }
        if first == UInt8(ascii: "/") {
            guard let tunnel else { throw .targetForm }
            return (tunnel, raw[...])
        }
        guard raw.firstRange(of: Array("://".utf8)) != nil else {
            // What is an authority is the target of a CONNECT, and this is none.
            throw (try? Authority(parsing: raw[...])) == nil ? .targetMalformed : .targetForm
        }
        let (origin, rest) = try Origin.read(raw[...])
        guard let tunnel else { return (origin, rest) }
        guard origin.scheme == tunnel.scheme else { throw .schemeDisagrees }
        guard origin == tunnel else { throw .hostDisagrees }
        return (origin, rest)
    }

    /// A query with its bytes as they came; those outside ASCII, which no URL has, are escaped.
    private static func sent(_ query: ArraySlice<UInt8>) -> String {
        var sent: [UInt8] = []
        sent.reserveCapacity(query.count)
        for byte in query { if byte < 0x80 { sent.append(byte) } else { sent.append(escaping: byte) } }
        return String(decoding: sent, as: UTF8.self)
    }
}
