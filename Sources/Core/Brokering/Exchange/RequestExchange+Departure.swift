import HTTPTypes
package import Model
import Redaction

extension RequestExchange {
    /// Asks whether a request may leave: but not of one with a real value in it, since who is asked writes down where it was to go.
    mutating func question(_ wish: RequestWish, _ content: Content) -> Step {
        if let egress = egress(in: wish, content.body) { return stop(.egress(egress)) }
        state = .asking(wish, content, early: [], hasEnded: wish.request.body == .none)
        return .ask(wish)
    }

    /// The value in what has come of a request; nil where none is.
    func egress(in wish: RequestWish, _ body: [UInt8]) -> Egress? {
        guard let needles = values(), let name = EgressWatch.name(in: wish.request, body, needles) else { return nil }
        return Egress(name: name, bytesSent: 0)
    }

    /// Goes on with the values of the grants that were allowed for this wish: for each use in it one.
    ///
    /// What the program sent is searched here once more, for these values, too.
    package mutating func allow(_ values: [GrantID: SecretValue]) throws(ExchangeStop) -> Departure {
        guard case .asking(let wish, let content, let early, let hasEnded) = state else {
            preconditionFailure("internal: a wish was allowed that nobody asked")
        }
        state = .ended
        if let egress = egress(in: wish, content.body) { throw .egress(egress) }
        do throws(ExchangeRefusal) {
            switch content {
            case .streamed(let refusesMethods):
                let request = try TextExchange(tokens, values: values).head(wish.request)
                let passage = BodyPassage(BodyWatch(tokens, refusingMethods: refusesMethods), self.values)
                return depart(request, wish, passage, early, hasEnded)
            case .whole(let body, let kind):
                let exchange = TextExchange(tokens, values: values)
                var request = try exchange.head(wish.request)
                guard let exchanged = try exchange.body(body, kind) else { preconditionFailure("internal: a body was readable and is not") }
                if exchanged != body { request.headerFields.removeDigests() }
                return Departure(request: request, framing: .length(Int64(exchanged.count)), body: exchanged, next: [])
            case .signed(let signed, let body):
                let (request, signedBody, signature) = try signed.resigned(wish.request, values, body: body ?? [])
                var departure =
                    body.map { Departure(request: request, framing: .length(Int64($0.count)), body: $0, next: []) }
                    ?? depart(request, wish, BodyPassage(BodyWatch(tokens), self.values, signedBody), early, hasEnded)
                departure.signature = signature
                return departure
            }
        } catch { throw .exchange(error) }
    }

    private mutating func depart(
        _ request: HTTPRequest, _ wish: RequestWish, _ passage: BodyPassage, _ early: [UInt8], _ hasEnded: Bool
    ) -> Departure {
        state = .streaming(passage)
        let steps = (early.isEmpty ? [] : [receive(early)]) + (hasEnded ? [receiveEnd()] : [])
        return Departure(request: request, framing: wish.request.body, body: nil, next: steps.filter { $0 != .wait })
    }
}

extension RequestExchange.Content {
    /// What was read of the body before the wish.
    var body: [UInt8] {
        switch self {
        case .streamed: []
        case .whole(let body, _): body
        case .signed(_, let body): body ?? []
        }
    }
}

extension EgressWatch {
    /// The name of a value that stands in a request as the program sent it; nil where none does.
    fileprivate static func name(in request: JudgedRequest, _ body: [UInt8], _ values: NeedleSet) -> String? {
        // A name is looked up by its host: a value in it would be told to whoever answers.
        var head = Array("\(request.target.origin.host)\n\(request.target.pathAndQuery)".utf8)
        for field in request.request.headerFields { head += Array("\n\(field.name.rawName): ".utf8) + field.bytes }
        return name(in: head, values) ?? (body.isEmpty ? nil : name(in: body, values))
    }
}

extension HTTPFields {
    /// Leaves out digests of a body that is another one now (RFC 1864, 3230, 9530).
    mutating func removeDigests() {
        for name in ["content-md5", "digest", "content-digest", "repr-digest"].compactMap({ HTTPField.Name($0) }) { self[values: name] = [] }
    }
}

extension TextExchange {
    /// A head with values in the place of tokens.
    func head(_ judged: JudgedRequest) throws(ExchangeRefusal) -> HTTPRequest {
        var request = judged.request
        request.path = String(decoding: try target(Array(judged.target.pathAndQuery.utf8)), as: UTF8.self)
        request.headerFields = try fields(request.headerFields)
        return request
    }

    /// Fields with values in the place of tokens, in their order.
    private func fields(_ fields: HTTPFields) throws(ExchangeRefusal) -> HTTPFields {
        var exchanged = HTTPFields()
        exchanged.reserveCapacity(fields.count)
        for field in fields {
            exchanged.append(HTTPField(name: field.name, value: try self.field(field.name.rawName, field.bytes)))
        }
        return exchanged
    }
}
