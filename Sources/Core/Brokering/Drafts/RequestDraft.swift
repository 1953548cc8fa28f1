package import Model
package import Policies

/// A request as an agent words it: all but its credential, which is written where rule or provider have it, and only there.
package struct RequestDraft: Sendable, Equatable {
    package static let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
    package static let maximumFields = 32
    package static let maximumBodyBytes = 1 << 20

    package let method: String
    package let target: RequestTarget
    /// The agent's own, in its order.
    package let fields: [ReceivedHead.Field]
    package let body: [UInt8]
    /// What it asks of a GraphQL service; empty where it is none, or nobody can say for sure.
    package let operations: Set<GraphQLOperation>
    /// What a rule says that its host is.
    package var service: OwnService?

    /// Takes what an agent says, and refuses what no broker would send, before anybody looks for a secret.
    package init(method: String, url: String, fields: [(name: String, value: String)], body: [UInt8]) throws(DraftProblem) {
        guard Self.methods.contains(method) else { throw .method }
        guard fields.count <= Self.maximumFields else { throw .tooManyFields }
        guard body.count <= Self.maximumBodyBytes else { throw .tooLong }
        if let field = fields.first(where: { !Self.isWritable($0.name) }) { throw .field(Self.shown(field.name)) }
        // Whether an encoded slash may stand in the path is the rule's to say.
        switch RequestTarget.verdict(on: Array(url.utf8), within: nil, carriesToken: true, allowsEncodedSlash: true) {
        case .refused(let refusal): throw .refused(refusal)
        case .accepted(let accepted): target = accepted
        }
        self.method = method
        self.fields = fields.map { ReceivedHead.Field($0.name, Array($0.value.utf8)) }
        self.body = body
        let types = fields.filter { $0.name.lowercased() == "content-type" }.map(\.value)
        operations =
            GraphQLRequest(method: method, query: target.query, contentType: types.count == 1 ? types[0] : nil, body: body).operations
        let head = head(target.pathAndQuery, [])
        if let refusal = HeadGuard(tunnel: target.origin).verdict(on: head, carriesToken: true, allowsEncodedSlash: true).refusal {
            throw .refused(refusal)
        }
    }

    /// What a name in a message is cut to: a text that was pasted in its place is not repeated.
    private static func shown(_ name: String) -> String { name.utf8.count <= 40 && name.utf8.allSatisfy(\.isTokenCharacter) ? name : "…" }

    /// Whether an agent may write a field of this name, in whatever spelling.
    private static func isWritable(_ name: String) -> Bool {
        let key = name.lowercased()
        let folded = JudgedField.folded(key) ?? key
        return FieldMeaning.of(folded).isDisjoint(with: .ofTheBroker) && !closed.contains(folded) && !folded.hasPrefix("sec-")
    }

    /// What lets in, what waits, and what hides a body from whoever looks for tokens in it.
    private static let closed: Set<String> = ["authorization", "cookie", "cookie2", "content-encoding", "expect", "trailer"]

    private func head(_ path: String, _ credential: [ReceivedHead.Field]) -> ReceivedHead {
        var all = [ReceivedHead.Field("Host", Array(target.origin.authority.utf8))]
        if !fields.contains(where: { $0.name.lowercased() == "user-agent" }) { all.append(.init("User-Agent", Array("tacit".utf8))) }
        if !fields.contains(where: { $0.name.lowercased() == "accept" }) { all.append(.init("Accept", Array("*/*".utf8))) }
        all += fields + credential
        if !body.isEmpty || ["POST", "PUT", "PATCH"].contains(method) { all.append(.init("Content-Length", Array("\(body.count)".utf8))) }
        return ReceivedHead(version: .http1_1, method: method, target: Array(path.utf8), fields: all)
    }
}

extension FieldMeaning {
    fileprivate static let ofTheBroker: FieldMeaning = [.ofConnection, .writtenAnew, .methodOverride, .routing, .removedBesideToken]
}

extension RequestDraft {
    /// The first of a rule's places to which the broker itself writes a token; nil where there is none.
    package static func place(among places: [TokenPlace]) -> TokenPlace? { places.first(where: writes) }

    private static func writes(_ place: TokenPlace) -> Bool {
        switch place {
        case .bearer, .basic, .header, .cookie, .query: true
        case .segment, .awsSignature, .form, .json, .multipart: false
        }
    }

    /// What is asked about it, with the token of a grant in one place.
    package func asked(showing grant: GrantID, at place: TokenPlace) -> AskedRequest {
        var asked = AskedRequest(
            scheme: target.origin.scheme.rawValue, host: "\(target.origin.host)", port: Int(target.origin.port), method: method,
            path: target.judgedPath, uses: [RequestWish.TokenUse(grant: grant, place: place, occurrences: 1)])
        asked.isBare = isBare(at: place)
        return asked
    }

    /// What the policy is asked; `place` is nil as long as nobody knows where the token goes. Nil where the policy's own reading differs.
    package func question(at place: TokenPlace?) -> RequestQuestion? {
        RequestQuestion(
            scheme: target.origin.scheme.rawValue, host: "\(target.origin.host)", port: Int(target.origin.port), method: method,
            path: target.judgedPath, place: place, providerPlaces: provider?.places ?? [],
            isBare: isBare(at: place), operations: operations)
    }

    /// The provider whose host it goes to.
    package var provider: Provider? { ProviderCatalogue.provider(at: "\(target.origin.host)", known: service) }

    private func isBare(at place: TokenPlace?) -> Bool {
        if case .query? = place { return false }
        return target.query == nil && body.isEmpty
    }

    /// The head as it goes to the broker, with the token in its place.
    package func head(showing token: FakeToken, at place: TokenPlace) throws(DraftProblem) -> ReceivedHead {
        let text = Array(token.text.utf8)
        switch place {
        case .bearer: return head(target.pathAndQuery, [.init("Authorization", Array("Bearer ".utf8) + text)])
        case .basic:
            var pair: [UInt8] = []
            Base64Text.encode(Array("\(provider?.basicUser ?? Provider.usualBasicUser):".utf8) + text, into: &pair)
            return head(target.pathAndQuery, [.init("Authorization", Array("Basic ".utf8) + pair)])
        case .header(let name):
            guard !fields.contains(where: { $0.name.lowercased() == name }) else { throw .taken(place) }
            return head(target.pathAndQuery, [.init(name, text)])
        case .cookie(let name): return head(target.pathAndQuery, [.init("Cookie", Array("\(name)=".utf8) + text)])
        case .query(let name):
            guard !hasParameter(name) else { throw .taken(place) }
            let pair = "\(Self.escaped(Array(name.utf8)))=\(Self.escaped(text))"
            return head("\(target.path)?\(target.query.map { $0.isEmpty ? "" : "\($0)&" } ?? "")\(pair)", [])
        case .segment, .awsSignature, .form, .json, .multipart: throw .unwritten
        }
    }

    /// Whether a server may see the agent's parameter in the place of the broker's: one of the name, in any case, however it is escaped, a list included.
    private func hasParameter(_ name: String) -> Bool {
        let query = Array((target.query ?? "").utf8)
        return query.split(whereSeparator: { $0 == UInt8(ascii: "&") || $0 == UInt8(ascii: ";") }).contains { pair in
            let key = pair.prefix { $0 != UInt8(ascii: "=") }
            guard let decoded = PercentEscapes.decoded(key, plusIsSpace: true) else { return true }
            let plain = String(decoding: decoded.prefix { $0 != UInt8(ascii: "[") && $0 != 0 }, as: UTF8.self)
            return plain.lowercased() == name.lowercased()
        }
    }

    private static func escaped(_ text: [UInt8]) -> String {
        var bytes: [UInt8] = []
        PercentEscapes.encode(text, into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}
