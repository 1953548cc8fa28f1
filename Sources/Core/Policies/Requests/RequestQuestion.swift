/// A request as the policy judges it, before it leaves: every part in its one canonical form.
package struct RequestQuestion: Sendable, Hashable {
    /// `https`, or `wss` for a WebSocket; or `http`, which no rule lets go; or `tls`, for a tunnel into which nobody looks.
    package let scheme: String
    package let host: String
    package let port: Int
    package let method: String
    /// Without what follows `?`.
    package let path: String
    /// Where the token stands; nil where nobody knows yet, or there is none.
    package let place: TokenPlace?
    /// How often it stands in the request.
    package let occurrences: Int
    /// Where the secret's provider has it, for rules that name no place; empty where none is known.
    package let providerPlaces: [TokenPlace]
    /// Whether it says nothing but its path: no query, no body.
    package let isBare: Bool
    /// What it asks of a GraphQL service; empty where nobody can say for sure, nil where nobody looked yet.
    package let operations: Set<GraphQLOperation>?

    /// Nil where a part is not in its canonical form: what could be read in two ways is not judged.
    package init?(
        scheme: String = "https", host: String, port: Int = 443, method: String, path: String, place: TokenPlace? = nil, occurrences: Int = 1,
        providerPlaces: [TokenPlace] = [], isBare: Bool = false, operations: Set<GraphQLOperation>? = nil
    ) {
        guard ["https", "http", Self.tunnelScheme, Self.webSocketScheme].contains(scheme), (try? HostName(host)) != nil, (1...65535).contains(port),
            CanonicalPath.has(path), occurrences >= 0, scheme != Self.webSocketScheme || method == "GET"
        else { return nil }
        guard (1...32).contains(method.utf8.count), method.utf8.allSatisfy({ (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }) else {
            return nil
        }
        (self.scheme, self.host, self.port, self.method, self.path) = (scheme, host, port, method, path)
        (self.place, self.occurrences, self.providerPlaces) = (place, occurrences, providerPlaces)
        (self.isBare, self.operations) = (isBare, operations)
    }

    /// The request in one line, as it is asked about.
    package var line: String { "\(method) \(origin)\(path)" }

    /// Scheme, host and port, the usual one left out.
    package var origin: String {
        let shown = isTunnel ? "https" : scheme
        return "\(shown)://\(host)\(port == (shown == "http" ? 80 : 443) ? "" : ":\(port)")"
    }

    package static let tunnelScheme = "tls"

    /// That of a WebSocket: what both sides say once it is open, no rule looks at.
    package static let webSocketScheme = "wss"

    /// Whether it is asked for a WebSocket.
    package var opensWebSocket: Bool { scheme == Self.webSocketScheme }

    /// Whether it would go without TLS.
    var isPlain: Bool { scheme == "http" }

    /// What was asked over plain http, as it would be asked over TLS; nil where it was not.
    var overTLS: RequestQuestion? {
        guard isPlain else { return nil }
        return RequestQuestion(
            host: host, port: port == 80 ? 443 : port, method: method, path: path, place: place, occurrences: occurrences,
            providerPlaces: providerPlaces, isBare: isBare, operations: operations)
    }

    /// Whether it is asked for a tunnel, in which nobody sees requests.
    package var isTunnel: Bool { scheme == Self.tunnelScheme }

    /// Whether it can write, whatever its method says. Of hosts that nobody knows it is told by a word in the path, which may be a package's name, too: what
    /// has no token is left to the path.
    package func canWriteByAnyMethod(withToken hasToken: Bool) -> Bool {
        WritingPaths.has(path, at: host, bare: isBare && !opensWebSocket || !hasToken)
    }

    /// What an agent repeats when it asks for a rule. A path that may hold its token is left out.
    var proposal: String { place == .segment ? "\(method) \(origin)/…" : String(line.prefix(200)) }

    /// What it asks of a GraphQL service, in words; nil where nobody looked, or nobody can say.
    var operationWords: String? {
        operations.flatMap { $0.isEmpty ? nil : $0.map { "`\($0)`" }.sorted().joined(separator: ", ") }
    }

    /// Where the token may stand for a rule that names no place.
    var usualPlaces: [TokenPlace] { providerPlaces.isEmpty ? TokenPlace.authorization : providerPlaces }
}

extension RequestQuestion {
    /// Reads `METHOD https://host/path`, `GET wss://host/path` for a WebSocket, or `CONNECT https://host/` for a tunnel, as somebody writes it to ask about it. Nothing is
    /// made canonical here: what is not, is refused. `operations` are what it would ask of a GraphQL service.
    package init(parsing text: String, place: TokenPlace? = nil, operations texts: [String]? = nil) throws(RequestProblem) {
        let words = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard words.count == 2 else { throw .badRequest(.form) }
        let isTunnel = words[0] == "CONNECT"
        guard isTunnel || RequestMethod(rawValue: words[0]) != nil else { throw .unknownMethod(suggestion: RequestMethod.suggestion(for: words[0])) }
        let opensWebSocket = words[0] == "GET" && words[1].hasPrefix("wss://")
        guard opensWebSocket || words[1].hasPrefix("https://") else { throw .badRequest(.scheme) }
        let rest = words[1].dropFirst(opensWebSocket ? "wss://".count : "https://".count)
        guard !rest.contains(where: { $0 == "?" || $0 == "#" }) else { throw .badRequest(.query) }
        let authority = rest.prefix { $0 != "/" }
        guard !authority.contains("@") else { throw .badRequest(.user) }
        let (host, port) = try Self.hostAndPort(authority)
        let path = String(rest.dropFirst(authority.count))
        let scheme = isTunnel ? Self.tunnelScheme : opensWebSocket ? Self.webSocketScheme : "https"
        let operations = try texts?.map { text throws(RequestProblem) in
            guard let operation = GraphQLOperation(parsing: text), operation.field != "*" else { throw .badOperation }
            return operation
        }
        guard !isTunnel || path == "/",
            let question = RequestQuestion(
                scheme: scheme, host: host, port: port, method: words[0], path: path, place: place, operations: operations.map(Set.init))
        else { throw .badRequest(.path) }
        self = question
    }

    private static func hostAndPort(_ authority: Substring) throws(RequestProblem) -> (String, Int) {
        let end = authority.hasPrefix("[") ? authority.firstIndex(of: "]").map { authority.index(after: $0) } : authority.firstIndex(of: ":")
        let host = String(authority[..<(end ?? authority.endIndex)])
        do { _ = try HostName(host) } catch { throw .host(error) }
        guard let end, end < authority.endIndex else { return (host, 443) }
        guard authority[end] == ":", let port = Int(plain: String(authority[end...].dropFirst()), in: 1...65535) else { throw .badPort }
        return (host, port)
    }
}
