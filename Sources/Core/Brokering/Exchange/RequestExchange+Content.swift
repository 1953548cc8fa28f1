import HTTPTypes
import Model
import Policies

extension RequestExchange {
    /// Has the rest of the body come before the wish is answered, since all of it is judged, or a person is asked about it; it is 1 MiB at most.
    package mutating func awaitBody() -> Step {
        guard case .asking(let wish, let content, _, let hasEnded) = state else {
            preconditionFailure("internal: a body was awaited for a wish that nobody asked")
        }
        guard content.streams, !hasEnded else { return .ask(wish) }
        if case .length(let count) = wish.request.body, count > BodyKind.maximumBytes { return stop(.bodyTooLong) }
        awaitsBody = true
        return .wait
    }

    /// All of the request that is asked about. What could not go on is not shown to anybody.
    package func content() throws(ExchangeStop) -> RequestContent {
        guard case .asking(let wish, let content, let early, _) = state else {
            preconditionFailure("internal: a request was to be shown that nobody asked about")
        }
        let body = content.streams ? early : content.body
        if let egress = egress(in: wish, body) { throw .egress(egress) }
        if content.streams, let stray = tokens.first(in: body) { throw .stray(stray.grant) }
        var all: RequestContent
        if case .signed(let signed, _) = content {
            let bare = signed.claim.unsigned(SignableHead(sent: wish.request))
            all = RequestContent(shown: bare, sent: bare, body: body)
        } else {
            all = RequestContent(shown: SignableHead(try marked(wish)), sent: SignableHead(sent: wish.request), body: body)
        }
        all.operations = GraphQLRequest(wish, body: body).operations
        return all
    }

    /// The head with a mark in the place of each token.
    private func marked(_ wish: RequestWish) throws(ExchangeStop) -> HTTPRequest {
        var marks: [GrantID: SecretValue] = [:]
        for use in wish.uses where marks[use.grant] == nil {
            var mark = Array((marks.isEmpty ? "FAKE-TOKEN" : "FAKE-TOKEN-\(marks.count + 1)").utf8)
            marks[use.grant] = SecretValue(moving: &mark)
        }
        do throws(ExchangeRefusal) { return try TextExchange(tokens, values: marks).head(wish.request) } catch { throw .exchange(error) }
    }
}

extension GraphQLRequest {
    fileprivate init(_ wish: RequestWish, body: [UInt8]) {
        let request = wish.request.request
        self.init(method: request.method.rawValue, query: wish.request.target.query, contentType: request.headerFields[.contentType], body: body)
        parametersBesides = Set(
            wish.uses.compactMap { use -> String? in
                guard case .query(let name) = use.place else { return nil }
                return name
            })
        isCoded = (request.headerFields[.contentEncoding] ?? "identity").lowercased() != "identity"
    }
}

extension RequestExchange.Content {
    /// Whether the body goes on as it comes.
    fileprivate var streams: Bool {
        switch self {
        case .streamed, .signed(_, nil): true
        case .whole, .signed: false
        }
    }
}

extension SignableHead {
    fileprivate init(_ request: HTTPRequest) {
        self.init(
            method: request.method.rawValue, target: Array((request.path ?? "/").utf8),
            fields: request.headerFields.map { .init($0.name.rawName, $0.bytes) })
    }

    /// As it goes on, without what the connection says of it.
    fileprivate init(sent judged: JudgedRequest) {
        self.init(
            method: judged.request.method.rawValue, target: Array(judged.target.pathAndQuery.utf8),
            fields: judged.request.headerFields.map { .init($0.name.rawName, $0.bytes) })
    }
}

extension SignatureClaim {
    /// A head without all that is another one each time it is signed: the signature, its moment, the key and the session's token.
    fileprivate func unsigned(_ head: SignableHead) -> SignableHead {
        var bare = withoutKey(head)
        guard isAddress else {
            for name in ["authorization", "x-amz-date", "date"] { bare.set(name, nil) }
            return bare
        }
        guard var query = try? SignedQuery(bare.query) else { return bare }
        for part in [SignedQuery.Part.signature, .date, .credential] { query.set(part, nil) }
        bare.query = query.bytes
        return bare
    }
}
