package import Model

/// What a request says of its signature: with which key, over what, when. Whether it holds is asked next.
package struct SignatureClaim: Sendable {
    /// The public name of the key, `AKIA…`.
    package let keyID: [UInt8]
    package let payload: SignedPayload
    /// What stands for who has a key for a while only.
    let sessionToken: [UInt8]?
    let scope: SigningScope
    let time: SigningTime
    /// How long an address is good; nil where the signature stands in `Authorization`.
    let life: Duration?
    /// The fields that are signed, in their order.
    let names: [String]
    let signature: [UInt8]
    let head: SignableHead

    /// Whether the signature stands in the address.
    var isAddress: Bool { life != nil }

    /// Reads what is signed, and refuses what leaves open what that is.
    package init(_ head: SignableHead) throws(SignatureRefusal) {
        self.head = head
        let query = try SignedQuery(head.query)
        let text = try head.value(of: "authorization")
        let credential: [UInt8]
        let names: [UInt8]
        let digestInQuery: [UInt8]?
        if query.isSigned {
            guard text == nil, head.values(of: Self.dateName).isEmpty, head.values(of: Self.tokenName).isEmpty else { throw .twice }
            guard let algorithm = query[.algorithm], algorithm.elementsEqual(SignatureText.algorithm.utf8) else { throw .unsupported }
            guard let said = query[.credential], let listed = query[.names], let digits = query[.signature] else { throw .malformed }
            (credential, names, signature) = (said, listed, digits)
            guard let time = query[.date].flatMap(SigningTime.init) else { throw .time }
            self.time = time
            life = try Self.life(query[.life])
            (sessionToken, digestInQuery) = (query[.token], query[.digest])
        } else {
            guard let text else { throw .malformed }
            let parts = try SignatureText(text)
            (credential, names, signature) = (parts[SignatureText.credential], parts[SignatureText.names], parts[SignatureText.signature])
            guard let time = try head.value(of: Self.dateName).flatMap(SigningTime.init) else { throw .time }
            self.time = time
            (life, digestInQuery) = (nil, nil)
            guard query[.token] == nil else { throw .sessionToken }
            sessionToken = try head.value(of: Self.tokenName)
        }
        guard BodyDigest.isDigest(signature) else { throw .malformed }
        (keyID, scope) = try Self.credential(credential)
        guard scope.day == time.day else { throw .scope }
        self.names = try Self.names(names, of: head)
        payload = try SignedPayload(head, inQuery: digestInQuery, isAddress: query.isSigned, scope)
    }

    static let dateName = "x-amz-date"
    package static let tokenName = "x-amz-security-token"

    /// A key's public name is of letters and digits.
    static func isKeyID(_ text: some Collection<UInt8>) -> Bool { (16...128).contains(text.count) && text.allSatisfy(TokenAlphabet.base62.contains) }

    private static func credential(_ text: [UInt8]) throws(SignatureRefusal) -> (keyID: [UInt8], SigningScope) {
        let parts = text.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard let keyID = parts.first, isKeyID(keyID) else { throw .malformed }
        guard let scope = SigningScope(parts.dropFirst()) else { throw .scope }
        return (Array(keyID), scope)
    }

    /// At most a week, as AWS has it.
    private static func life(_ text: [UInt8]?) throws(SignatureRefusal) -> Duration {
        guard let text, (1...6).contains(text.count), text.allSatisfy(\.isDigit), text[0] != UInt8(ascii: "0"),
            let seconds = Int(String(decoding: text, as: UTF8.self)), seconds <= 604_800
        else { throw .malformed }
        return .seconds(seconds)
    }

    private static func names(_ text: [UInt8], of head: SignableHead) throws(SignatureRefusal) -> [String] {
        let names = text.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false).map(Array.init)
        guard names.allSatisfy({ !$0.isEmpty && $0.allSatisfy { $0.isTokenCharacter && $0.lowercased == $0 } }) else { throw .malformed }
        guard zip(names, names.dropFirst()).allSatisfy({ $0.lexicographicallyPrecedes($1) }) else { throw .malformed }
        let texts = names.map { String(decoding: $0, as: UTF8.self) }
        guard texts.allSatisfy({ isOfRequest($0) }) else { throw .connectionField }
        let present = Set(head.fields.map { $0.name.lowercased() })
        guard texts.allSatisfy(present.contains) else { throw .missingField }
        // What is not signed could be anybody's, also where it says what is to be done.
        guard texts.contains("host"), present.allSatisfy({ !$0.hasPrefix("x-amz-") || texts.contains($0) }) else { throw .unsigned }
        return texts
    }

    /// What belongs to the connection ends here, and the signature itself is never signed.
    private static func isOfRequest(_ name: String) -> Bool { name != "authorization" && !FieldMeaning.of(name).contains(.ofConnection) }
}

extension SignatureClaim {
    /// Checks that the signature is that of a pair, now.
    ///
    /// - Parameter body: the whole body, where the signature covers it and no digest of it is told (`SignedPayload.whole`).
    package func check(with pair: SigningPair, now: Timestamp, body: [UInt8]? = nil) throws(SignatureRefusal) {
        guard time.isFresh(now: now, life: life) else { throw .stale }
        guard keyID.elementsEqual(pair.keyID.utf8) else { throw .mismatch }
        guard sessionToken.map({ String(decoding: $0, as: UTF8.self) }) == pair.sessionToken?.text else { throw .sessionToken }
        let text = try CanonicalRequest(head, names, payload.line ?? BodyDigest.of(body ?? []), scope).toSign(at: time)
        guard pair.key(for: scope).isSignature(signature, over: text) else { throw .mismatch }
    }

    /// Whether a request says that it is signed with this key, well or badly, in whatever way AWS has had.
    package static func isMade(with keyID: String, in head: SignableHead) -> Bool {
        let word = Array(keyID.utf8)
        if head.values(of: "authorization").contains(where: { $0.lowercasedBytes.starts(with: "aws".utf8) && $0.firstRange(of: word) != nil }) {
            return true
        }
        return (head.query ?? []).split(separator: UInt8(ascii: "&")).contains { piece in
            guard let text = PercentEscapes.decoded(piece, plusIsSpace: true) else { return false }
            let name = String(decoding: text.prefix { $0 != UInt8(ascii: "=") }.lowercasedBytes, as: UTF8.self)
            return keyNames.contains(name) && text.firstRange(of: word) != nil
        }
    }

    /// Where an address names a key; the second is that of version 2.
    private static let keyNames: Set<String> = ["x-amz-credential", "awsaccesskeyid"]
}
