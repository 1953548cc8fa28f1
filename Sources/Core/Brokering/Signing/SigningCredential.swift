package import Model
import PlaintextDoor

/// A real key, with which requests are signed anew.
package struct SigningCredential: Sendable {
    private let keyID: SecretValue
    private let secretKey: SecretValue
    private let sessionToken: SecretValue?

    package init(keyID: SecretValue, secretKey: SecretValue, sessionToken: SecretValue? = nil) {
        (self.keyID, self.secretKey, self.sessionToken) = (keyID, secretKey, sessionToken)
    }

    func key(for scope: SigningScope) -> SigningKey { SigningKey(secretKey, for: scope) }

    /// The key's name and the session's token as they are written into a request.
    func written() throws(ExchangeRefusal) -> (keyID: [UInt8], sessionToken: [UInt8]?) {
        let name = Self.bytes(keyID)
        let token = sessionToken.map(Self.bytes)
        // A token is base64 (AWS, "Using temporary credentials"): one line without blanks.
        guard SignatureClaim.isKeyID(name), token?.allSatisfy({ (0x21...0x7E).contains($0) }) ?? true, token?.isEmpty != true else {
            throw .unspeakable
        }
        return (name, token)
    }

    private static func bytes(_ value: SecretValue) -> [UInt8] {
        value.withPlaintext(PlaintextDoor()) { bytes in unsafe bytes.withUnsafeBytes { unsafe Array($0) } }
    }
}

extension SignatureClaim {
    /// A request with another key's signature in the place of the one that was checked. It holds values: it goes to the connection at once and nowhere else.
    package struct Resigned: Sendable {
        package let head: SignableHead
        let signature: [UInt8]
        let key: SigningKey
    }

    /// Signs a request as it was signed, with a real key: key, signature and session token are other ones, everything else stays.
    ///
    /// - Parameters:
    ///   - sent: the request as it will be sent; a field that was signed and is not sent is signed no more.
    ///   - body: the whole body, where the signature covers it and no digest of it is told.
    package func resigned(
        _ sent: SignableHead, with credential: SigningCredential, body: [UInt8]? = nil
    ) throws(ExchangeRefusal) -> Resigned {
        let (keyID, token) = try credential.written()
        let key = credential.key(for: scope)
        do throws(SignatureRefusal) {
            var head = sent
            if !isAddress { head.set(Self.tokenName, token) }
            let present = Set(head.fields.map { $0.name.lowercased() })
            var names = names.filter { present.contains($0) && $0 != Self.tokenName }
            if !isAddress, token != nil { names = (names + [Self.tokenName]).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }
            var query = try SignedQuery(head.query)
            if isAddress {
                query.set(.credential, keyID + Array("/\(scope.text)".utf8))
                if names != self.names { query.set(.names, Array(names.joined(separator: ";").utf8)) }
                query.set(.token, token)
                head.query = query.bytes
            }
            let text = try CanonicalRequest(head, names, payload.line ?? BodyDigest.of(body ?? []), scope).toSign(at: time)
            let signature = key.signature(over: text)
            if isAddress {
                query.set(.signature, signature)
                head.query = query.bytes
            } else {
                let parts = try SignatureText(head.value(of: "authorization") ?? [])
                head.set(
                    "authorization",
                    parts.replacing([
                        SignatureText.credential: keyID + Array("/\(scope.text)".utf8), SignatureText.names: Array(names.joined(separator: ";").utf8),
                        SignatureText.signature: signature,
                    ]))
            }
            return Resigned(head: head, signature: signature, key: key)
        } catch {
            // What is sent is read as what came was: another reading is nothing that can be signed.
            throw .unspeakable
        }
    }
}

/// What a value is of an AWS key, by its form.
package enum SigningPart: Sendable, Hashable {
    case keyID, secretKey, sessionToken

    /// Nil for a value that has none of the three forms.
    package init?(of value: SecretValue) {
        let part: SigningPart? = value.withPlaintext(PlaintextDoor()) { bytes in
            unsafe bytes.withUnsafeBytes { bytes in
                if unsafe Self.isKeyID(Array(bytes.prefix(Self.longestKeyID + 1))) { return .keyID }
                guard unsafe bytes.allSatisfy({ TokenAlphabet.base64.contains($0) || $0 == UInt8(ascii: "=") }) else { return nil }
                if bytes.count == 40 { return .secretKey }
                return bytes.count >= Self.shortestToken ? .sessionToken : nil
            }
        }
        guard let part else { return nil }
        self = part
    }

    /// The name of a key that is no secret; nil where the value is none.
    package static func keyID(of value: SecretValue) -> String? {
        let bytes = value.withPlaintext(PlaintextDoor()) { bytes in unsafe bytes.withUnsafeBytes { unsafe Array($0.prefix(longestKeyID + 1)) } }
        return isKeyID(bytes) ? String(decoding: bytes, as: UTF8.self) : nil
    }

    private static let longestKeyID = 20
    /// A session's token has some hundreds.
    private static let shortestToken = 100

    private static func isKeyID(_ bytes: [UInt8]) -> Bool {
        ["aws-key-id", "aws-session-key-id"].contains { TokenShape.named($0)?.isForm(of: bytes) == true }
    }
}
