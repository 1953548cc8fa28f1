/// Whom a request is for: scheme, host and port. Two that are equal are one place.
package struct Origin: Sendable, Hashable {
    package let scheme: Scheme
    package let host: Host
    package let port: UInt16

    package init(_ scheme: Scheme, _ authority: Authority) {
        self.scheme = scheme
        host = authority.host
        port = authority.effectivePort(for: scheme)
    }

    /// Reads the beginning of a URL, and says where its path or query begins.
    ///
    /// The authority ends where RFC 3986 ends it. A backslash, which browsers and some libraries take for a slash, stays in the authority and is
    /// refused there.
    static func read(_ url: ArraySlice<UInt8>) throws(RequestRefusal) -> (origin: Origin, rest: ArraySlice<UInt8>) {
        guard let colon = url.firstIndex(of: UInt8(ascii: ":")), url[colon...].starts(with: "://".utf8) else { throw .targetMalformed }
        let name = String(decoding: url[..<colon].lowercasedBytes, as: UTF8.self)
        guard let scheme = Scheme(rawValue: name) else { throw .targetScheme }
        let start = colon + 3
        let ends: Set<UInt8> = [UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#")]
        let end = url[start...].firstIndex(where: ends.contains) ?? url.endIndex
        return (Origin(scheme, try Authority(parsing: url[start..<end])), url[end...])
    }

    /// Reads the origin of a URL.
    package init(url: String) throws(RequestRefusal) { self = try Self.read(Array(url.utf8)[...]).origin }

    /// Says whether an authority that was sent to it means it. Without a port it means the scheme's.
    func agrees(with authority: Authority) -> Bool { authority.host == host && authority.effectivePort(for: scheme) == port }
}

extension Origin: CustomStringConvertible {
    /// The authority as it is sent: without the scheme's own port.
    package var authority: String { port == scheme.defaultPort ? host.description : "\(host):\(port)" }

    package var description: String { "\(scheme.rawValue)://\(authority)" }
}
