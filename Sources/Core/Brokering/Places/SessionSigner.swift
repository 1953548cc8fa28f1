package import Model
import Policies

/// The grants that a program signs with together, as one credential: they are fields of one secret.
package struct SigningGrants: Sendable, Hashable {
    /// The key's public name as the program shows it: a fake token, or the real name where that is no secret.
    package let shownKeyID: String
    /// The grant of the name; nil where it is no secret.
    package let keyID: GrantID?
    package let secretKey: GrantID
    /// For a key that is good for a while only.
    package let sessionToken: GrantID?

    package init(shownKeyID: String, keyID: GrantID?, secretKey: GrantID, sessionToken: GrantID? = nil) {
        (self.shownKeyID, self.keyID, self.secretKey, self.sessionToken) = (shownKeyID, keyID, secretKey, sessionToken)
    }

    /// What signs together of the parts of one secret: a name, a secret key, and a session token or none. Of two names nobody knows which belongs to what.
    package init?(_ parts: [(kind: SigningPart, shown: String?, grant: GrantID?)]) {
        let (names, keys, tokens) = (
            parts.filter { $0.kind == .keyID }, parts.filter { $0.kind == .secretKey }, parts.filter { $0.kind == .sessionToken }
        )
        guard names.count == 1, keys.count == 1, tokens.count <= 1, let shown = names[0].shown, let secretKey = keys[0].grant,
            tokens.allSatisfy({ $0.grant != nil })
        else { return nil }
        self.init(shownKeyID: shown, keyID: names[0].grant, secretKey: secretKey, sessionToken: tokens.first?.grant)
    }

    /// All of them, in a request that is signed with them.
    var uses: [RequestWish.TokenUse] {
        [keyID, secretKey, sessionToken].compactMap(\.self).map { RequestWish.TokenUse(grant: $0, place: .awsSignature, occurrences: 1) }
    }

    /// The real key; nil where one of its values is not there.
    func credential(_ values: [GrantID: SecretValue]) -> SigningCredential? {
        var shown = Array(shownKeyID.utf8)
        guard let name = keyID.map({ values[$0] }) ?? SecretValue(moving: &shown), let secret = values[secretKey] else { return nil }
        guard let sessionToken else { return SigningCredential(keyID: name, secretKey: secret) }
        return values[sessionToken].map { SigningCredential(keyID: name, secretKey: secret, sessionToken: $0) }
    }
}

/// Such grants with their tokens.
struct SessionSigner: Sendable {
    let grants: SigningGrants
    let pair: SigningPair

    /// Nil where one of the tokens is not the session's.
    init?(_ grants: SigningGrants, _ tokens: [GrantID: FakeToken]) {
        guard let secret = tokens[grants.secretKey], let token = grants.sessionToken.map({ tokens[$0] }) ?? .some(nil) else { return nil }
        self.grants = grants
        pair = SigningPair(keyID: grants.shownKeyID, secretKey: secret, sessionToken: token)
    }
}
