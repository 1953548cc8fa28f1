import HTTPTypes
package import Policies

/// What a keeper is asked before a request leaves: the parts of a wish that rules, approvals and the log are about, without fields and body.
package struct AskedRequest: Sendable, Equatable {
    package let scheme: String
    package let host: String
    package let port: Int
    package let method: String
    /// The canonical path, without the query, whose values are nobody's but the service's.
    package let path: String
    /// Each token in it with each of its places; empty for a request without one.
    package let uses: [RequestWish.TokenUse]
    /// Texts in its head that could be tokens of another session; of most requests there are none.
    package var strangers: [[UInt8]]
    /// All of it, where the keeper wanted that, because a person is asked or it is judged by what it asks of GraphQL; nil otherwise.
    package var content: RequestContent?
    /// The entry by which this same request was allowed before, where the service answered that its credential is not good (401).
    package var rejected: Int64?
    /// Whether the answer may hold credentials, as its body or a field says: then it goes only where a rule seals what comes back.
    package var givesCredentials = false
    /// Whether it says nothing but its path: no query, no body.
    package var isBare = false

    package init(
        scheme: String, host: String, port: Int, method: String, path: String, uses: [RequestWish.TokenUse], strangers: [[UInt8]] = []
    ) {
        (self.scheme, self.host, self.port, self.method, self.path, self.uses) = (scheme, host, port, method, path, uses)
        self.strangers = strangers
    }

    init(_ wish: RequestWish) {
        let origin = wish.request.target.origin
        self.init(
            scheme: wish.request.opensWebSocket && origin.scheme == .https ? RequestQuestion.webSocketScheme : origin.scheme.rawValue,
            host: origin.host.description, port: Int(origin.port), method: wish.request.request.method.rawValue,
            path: wish.request.target.judgedPath, uses: wish.uses, strangers: wish.strangers)
        givesCredentials = wish.givesCredentials
        isBare = wish.request.target.query == nil && [.none, .length(0)].contains(wish.request.body)
    }

    /// It as it is told where its target holds what nobody may write down: without its path, and of its host without what could be a credential.
    package var withoutTarget: AskedRequest {
        AskedRequest(scheme: scheme, host: PathTemplate.of(host: host), port: port, method: method, path: "/…", uses: [])
    }

    /// Asks for a tunnel that nobody looks into.
    package static func tunnel(to origin: Origin) -> AskedRequest {
        AskedRequest(
            scheme: RequestQuestion.tunnelScheme, host: origin.host.description, port: Int(origin.port), method: "CONNECT", path: "/", uses: [])
    }

    package var isTunnel: Bool { scheme == RequestQuestion.tunnelScheme }

    /// The question that the policy answers for one use, or, without one, for a request without a token; nil where the policy's own reading of host or path
    /// differs from the guard's, and nothing is asked. `service` is what a rule says that the host is.
    package func question(for use: RequestWish.TokenUse?, at service: OwnService? = nil) -> RequestQuestion? {
        RequestQuestion(
            scheme: scheme, host: host, port: port, method: method, path: path, place: use?.place, occurrences: use?.occurrences ?? 0,
            providerPlaces: ProviderCatalogue.provider(at: host, known: service)?.places ?? [], isBare: isBare,
            operations: content?.operations)
    }
}
