/// Names under which services give out credentials: those of OAuth (RFC 6749, 7591 and 8628), and what clouds and other services call theirs.
enum CredentialName {
    /// Letters alone, in lower case: `refresh_token`, `refreshToken` and `Refresh-Token` are one.
    private static let known: Set<String> = [
        "accesstoken", "apikey", "authtoken", "clientsecret", "clienttoken", "credential", "devicecode", "idtoken", "jwt", "password", "privatekey",
        "refreshtoken", "registrationaccesstoken", "secret", "secretaccesskey", "secretkey", "sessiontoken", "token",
    ]
    /// A shorter text, or one with a blank in it, tells of a credential (`"token": "is missing"`).
    private static let fewestBytes = 16

    /// Whether a text of a document is given out as a credential.
    static func names(_ found: JSONStrings.Found, in body: [UInt8]) -> Bool {
        let text = body[found.range]
        guard found.isText, text.count >= fewestBytes, text.allSatisfy({ $0 > 0x20 }) else { return false }
        let name = found.pointer.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
        return known.contains(name.filter { $0 != "_" && $0 != "-" }.lowercased())
    }
}
