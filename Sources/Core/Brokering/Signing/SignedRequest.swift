import HTTPTypes
import Model

/// A request that is signed with fake tokens of its session, on its way.
struct SignedRequest: Sendable {
    let claim: SignatureClaim
    let signer: SessionSigner

    /// Reads the signature of a request, once it is known whose it is.
    init(_ head: ReceivedHead, by signer: SessionSigner) throws(SignatureRefusal) {
        // Without it the whole would come, which SDKs take for the part that they asked for.
        guard !head.fields.contains(where: { $0.name.lowercased() == "range" }) else { throw .partial }
        claim = try SignatureClaim(SignableHead(head))
        self.signer = signer
    }

    /// Who of a session signs a request; nil for one that is not signed with its tokens.
    static func signer(of head: ReceivedHead, among tokens: SessionTokens) -> SessionSigner? {
        guard !tokens.signers.isEmpty else { return nil }
        let signable = SignableHead(head)
        return tokens.signers.first { SignatureClaim.isMade(with: $0.pair.keyID, in: signable) }
    }

    /// Whether the body is read before anything is asked: the signature covers it and says no digest, or it may say what is to be done. A form says it;
    /// where an operation gives out credentials, a service may read as a form what is called something else.
    func needsBody(ofType type: String?) -> Bool {
        switch claim.payload {
        case .whole: true
        case .digest, .unsigned:
            !claim.scope.isStorage
                && (MethodOverride.reading(ofContentType: type) == .form || AWSOperations.hasNamedOperations(claim.scope.service))
        case .chunks: false
        }
    }

    /// - Parameter body: the whole body, where it was read.
    func check(now: Timestamp, body: [UInt8]?) throws(SignatureRefusal) {
        try claim.check(with: signer.pair, now: now, body: body ?? [])
        if case .digest(let digest) = claim.payload, let body, BodyDigest.of(body) != digest { throw .body }
        guard !givesCredentials(body: body) || AWSOperations.areSealable(claim.scope.service) else { throw .operation }
    }

    /// Whether its answer may hold credentials.
    func givesCredentials(body: [UInt8]?) -> Bool { AWSOperations.givesCredentials(claim.head, to: claim.scope.service, form: body) }

    /// Refuses a request without a body whose signature says that there is one.
    func checkAbsentBody() throws(SignatureRefusal) {
        switch claim.payload {
        case .digest(let digest): guard digest == BodyDigest.ofNothing else { throw .body }
        case .chunks: throw .chunk
        case .whole, .unsigned: break
        }
    }

    /// The tokens in a request that are no part of its signature; none has a place in it.
    func strays(in head: SignableHead, _ tokens: SessionTokens) -> [GrantID] {
        let bare = claim.withoutKey(head)
        return tokens.sightings(inTarget: bare.target, fields: bare.fields.map { ($0.name, $0.value) }).map(\.grant)
    }

    /// The request with the real signature, what it says of its body, and the signature.
    func resigned(
        _ judged: JudgedRequest, _ values: [GrantID: SecretValue], body: [UInt8]
    ) throws(ExchangeRefusal) -> (HTTPRequest, SignedBody, signature: [UInt8]) {
        guard let credential = signer.grants.credential(values) else { throw .withoutValue }
        let resigned = try claim.resigned(SignableHead(judged), with: credential, body: body)
        var request = judged.request
        request.path = String(decoding: resigned.head.target, as: UTF8.self)
        for name in Self.writtenNames {
            // What a claim has of these it has once.
            request.headerFields[values: name] = []
            for value in resigned.head.values(of: name.canonicalName) { request.headerFields.append(HTTPField(name: name, value: value)) }
        }
        return (request, SignedBody(claim, signer.pair, resigned), resigned.signature)
    }

    private static let writtenNames = [HTTPField.Name.authorization] + [HTTPField.Name(SignatureClaim.tokenName)].compactMap(\.self)
}

extension SignableHead {
    /// A head as it came.
    init(_ head: ReceivedHead) {
        let hasHost = head.fields.contains { $0.name.lowercased() == "host" }
        let host = hasHost ? nil : head.authority.map { ReceivedHead.Field("host", Array($0.utf8)) }
        self.init(method: head.method, target: head.target, fields: [host].compactMap(\.self) + head.fields)
    }

    /// A head as it is sent, with what the connection will say of host and length.
    init(_ judged: JudgedRequest) {
        var fields = [ReceivedHead.Field("host", Array(judged.target.origin.authority.utf8))]
        if case .length(let count) = judged.body { fields.append(.init("content-length", Array("\(count)".utf8))) }
        self.init(
            method: judged.request.method.rawValue, target: Array(judged.target.pathAndQuery.utf8),
            fields: fields + judged.request.headerFields.map { .init($0.name.rawName, $0.bytes) })
    }
}

extension SignatureClaim {
    /// A head without the name of the key and the session's token, where they stand in a signature.
    func withoutKey(_ head: SignableHead) -> SignableHead {
        var bare = head
        if isAddress {
            // It was read before.
            guard var query = try? SignedQuery(head.query) else { return head }
            query.set(.credential, Array(scope.text.utf8))
            query.set(.token, nil)
            bare.query = query.bytes
        } else {
            guard let text = head.values(of: "authorization").first, let parts = try? SignatureText(text) else { return head }
            bare.set("authorization", parts.replacing([SignatureText.credential: Array(scope.text.utf8)]))
            bare.set(Self.tokenName, nil)
        }
        return bare
    }
}
