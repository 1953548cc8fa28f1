import Crypto
import FoundationEssentials
import Model

/// The public half of a checkpoint key in C2SP form: `name+keyid+base64(0x01 ‖ Ed25519 public key)`.
package struct VerifierKey: Sendable, Hashable, CustomStringConvertible {
    /// The signature type of plain Ed25519 (C2SP signed-note).
    private static let ed25519: UInt8 = 1

    /// Who signs; for a log it is the origin.
    package let name: String
    let publicKey: [UInt8]

    init(name: String, publicKey: [UInt8]) {
        self.name = name
        self.publicKey = publicKey
    }

    /// Reads a verifier key strictly: a key id that does not fit, or another kind of key, is an error.
    package init(parsing text: some StringProtocol) throws(AuditingError) {
        // A base64 text may itself contain `+`: only the first two separate.
        let parts = text.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, NoteText.isKeyName(parts[0]), let id = [UInt8](hexadecimal: parts[1]), id.count == 4,
            let bytes = Base64.decode(parts[2]), let key = VerifierKey(name: String(parts[0]), typedKey: bytes), key.keyID == id
        else { throw .malformedVerifierKey }
        self = key
    }

    /// Takes a key behind its type; nil for another kind or length.
    init?(name: String, typedKey bytes: [UInt8]) {
        guard bytes.count == 33, bytes[0] == Self.ed25519 else { return nil }
        self.init(name: name, publicKey: Array(bytes[1...]))
    }

    /// The key behind its type.
    var typedKey: [UInt8] { [Self.ed25519] + publicKey }

    /// The first four bytes of SHA-256(name ‖ newline ‖ type ‖ public key).
    package var keyID: [UInt8] {
        var hasher = SHA256()
        hasher.update(data: Array(name.utf8) + [0x0a] + typedKey)
        return Array(hasher.finalize().prefix(4))
    }

    package var description: String { "\(name)+\(keyID.hexadecimal)+\(Base64.encode(typedKey))" }

    /// Whether a signature over a note's text is this key's.
    func isValid(_ signature: [UInt8], over text: [UInt8]) -> Bool {
        guard signature.count == 64, let key = try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey) else { return false }
        return key.isValidSignature(signature, for: text)
    }
}

/// Base64 with one text for each byte string (RFC 4648 §4).
enum Base64 {
    static func encode(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

    static func decode(_ text: some StringProtocol) -> [UInt8]? {
        guard let data = Data(base64Encoded: String(text)), data.base64EncodedString() == text else { return nil }
        return [UInt8](data)
    }
}
