/// A host and perhaps a port, read strictly: from the target of a CONNECT, a Host field, `:authority` or a URL.
package struct Authority: Sendable, Hashable {
    package let host: Host
    /// As it was written; nil leaves it to the scheme.
    package let port: UInt16?

    package init(host: Host, port: UInt16?) {
        self.host = host
        self.port = port
    }

    /// Reads `host` or `host:port`, and nothing around it.
    package init(parsing text: ArraySlice<UInt8>) throws(RequestRefusal) {
        guard !text.contains(UInt8(ascii: "@")) else { throw .userinfo }
        guard let colon = try Self.colon(of: text) else {
            self.init(host: try Host(parsing: text), port: nil)
            return
        }
        self.init(host: try Host(parsing: text[..<colon]), port: try Self.port(text[(colon + 1)...]))
    }

    package init(_ text: String) throws(RequestRefusal) { try self.init(parsing: Array(text.utf8)[...]) }

    /// Reads the target of a CONNECT, which has a port always (RFC 9112 §3.2.3).
    package init(connectTarget text: String) throws(RequestRefusal) {
        try self.init(text)
        guard port != nil else { throw .portMissing }
    }

    package func effectivePort(for scheme: Scheme) -> UInt16 { port ?? scheme.defaultPort }

    /// Where the port begins: behind the bracket, or at the only colon. A host without brackets has none of its own.
    private static func colon(of text: ArraySlice<UInt8>) throws(RequestRefusal) -> Int? {
        let colon = UInt8(ascii: ":")
        if text.first == UInt8(ascii: "[") {
            guard let bracket = text.firstIndex(of: UInt8(ascii: "]")) else { throw .hostBadLiteral }
            guard bracket + 1 < text.endIndex else { return nil }
            guard text[bracket + 1] == colon else { throw .hostBadLiteral }
            return bracket + 1
        }
        guard let first = text.firstIndex(of: colon) else { return nil }
        guard !text[(first + 1)...].contains(colon) else { throw .hostBadLiteral }
        return first
    }

    private static func port(_ text: ArraySlice<UInt8>) throws(RequestRefusal) -> UInt16 {
        guard let first = text.first, text.count <= 5, first != UInt8(ascii: "0"), text.allSatisfy({ $0.isDigit }) else { throw .portIllegal }
        let number = text.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        guard let port = UInt16(exactly: number) else { throw .portIllegal }
        return port
    }
}

/// How a host is spoken to.
package enum Scheme: String, Sendable, CaseIterable {
    case http, https

    package var defaultPort: UInt16 { self == .https ? 443 : 80 }
}
