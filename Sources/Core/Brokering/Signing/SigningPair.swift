import Model

/// What a program signs with: the public name of a key, and the fake tokens that it was given for the rest of it.
package struct SigningPair: Sendable {
    /// `AKIA…`: a fake token as well, or the real name where that is no secret.
    package let keyID: String
    package let secretKey: FakeToken
    /// For a key that is good for a while only.
    package let sessionToken: FakeToken?

    package init(keyID: String, secretKey: FakeToken, sessionToken: FakeToken? = nil) {
        (self.keyID, self.secretKey, self.sessionToken) = (keyID, secretKey, sessionToken)
    }

    func key(for scope: SigningScope) -> SigningKey {
        var bytes = Array(secretKey.text.utf8)
        return SigningKey(SecretValue(moving: &bytes), for: scope)
    }
}
