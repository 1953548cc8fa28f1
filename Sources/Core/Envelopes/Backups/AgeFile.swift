import Crypto
import FoundationEssentials
import Model
import PlaintextDoor

/// Seals 32 bytes into a file that `age` decrypts (C2SP age v1, X25519 recipients). Opening it is age's matter: only the program knows all the forms of identities.
enum AgeFile {
    static let mostRecipients = 16
    private static let intro = "age-encryption.org/v1"

    static func seal(_ content: SecretValue, to recipients: [AgeRecipient], random: RandomBytes) throws -> [UInt8] {
        guard (1...mostRecipients).contains(recipients.count) else { throw BackupError.recipientCount }
        let fileKey = SymmetricKey(data: random.bytes(16))
        var header = "\(intro)\n"
        for recipient in recipients { header += try stanza(fileKey, to: recipient, random: random) }
        header += "---"
        let headerKey = HKDF<SHA256>.deriveKey(inputKeyMaterial: fileKey, info: Array("header".utf8), outputByteCount: 32)
        let code = HMAC<SHA256>.authenticationCode(for: Array(header.utf8), using: headerKey)
        header += " \(base64(Array(code)))\n"
        let nonce = random.bytes(16)
        let payloadKey = HKDF<SHA256>.deriveKey(inputKeyMaterial: fileKey, salt: nonce, info: Array("payload".utf8), outputByteCount: 32)
        // One chunk, which is the last: its number is 0 and its flag 1.
        let box = try content.withPlaintext(PlaintextDoor()) { bytes in
            try unsafe bytes.withUnsafeBytes { bytes in
                try unsafe ChaChaPoly.seal(bytes, using: payloadKey, nonce: ChaChaPoly.Nonce(data: [UInt8](repeating: 0, count: 11) + [1]))
            }
        }
        return Array(header.utf8) + nonce + Array(box.ciphertext) + Array(box.tag)
    }

    /// The file key for one recipient.
    private static func stanza(_ fileKey: SymmetricKey, to recipient: AgeRecipient, random: RandomBytes) throws -> String {
        let ephemeral = try Curve25519.KeyAgreement.PrivateKey(rawRepresentation: random.bytes(32))
        let share = Array(ephemeral.publicKey.rawRepresentation)
        let other = try Curve25519.KeyAgreement.PublicKey(rawRepresentation: recipient.publicKey)
        guard let secret = try? ephemeral.sharedSecretFromKeyAgreement(with: other) else { throw BackupError.unknownRecipient }
        let key = secret.hkdfDerivedSymmetricKey(
            using: SHA256.self, salt: share + recipient.publicKey, sharedInfo: Array("\(intro)/X25519".utf8), outputByteCount: 32)
        let box = try unsafe fileKey.withUnsafeBytes { bytes in
            try unsafe ChaChaPoly.seal(bytes, using: key, nonce: ChaChaPoly.Nonce(data: [UInt8](repeating: 0, count: 12)))
        }
        return "-> X25519 \(base64(share))\n\(base64(Array(box.ciphertext) + Array(box.tag)))\n"
    }

    private static func base64(_ bytes: [UInt8]) -> String { String(Data(bytes).base64EncodedString().prefix { $0 != "=" }) }
}
