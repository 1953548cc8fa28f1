import Crypto
import FoundationEssentials
package import Model
import PlaintextDoor

/// Signs checkpoints of one log with Ed25519. The seed rests in locked memory and is copied into the library's wiped key for one signature.
package struct CheckpointSigner: Sendable {
    private let seed: SecretValue
    /// The public half.
    package let key: VerifierKey

    /// Takes the 32 bytes derived for checkpoint signing, and the log's identity: one line without spaces or plus.
    package init(seed: SecretValue, origin: String) throws(AuditingError) {
        guard seed.byteCount == LogHash.byteCount else { throw .wrongKeyLength(seed.byteCount) }
        guard NoteText.isKeyName(origin) else { throw .unsignable(.origin) }
        self.seed = seed
        do {
            key = VerifierKey(name: origin, publicKey: [UInt8](try Self.privateKey(seed).publicKey.rawRepresentation))
        } catch {
            throw .signingFailed
        }
    }

    /// The public half in C2SP form.
    package var verifierKey: String { key.description }

    /// Signs a log's head. The chain value is fixed with it, and so are, where given, the value of the records' digest and the size of the checkpoint before.
    ///
    /// `next` is whose signatures hold from here on: the text names it, and it signs, too (SPEC §6.11).
    package func sign(
        _ head: LogHead, recordsDigest: [UInt8]? = nil, previous: Int64? = nil, next: CheckpointSigner? = nil
    ) throws(AuditingError) -> SignedCheckpoint {
        var extensions = [SignedCheckpoint.chainExtension(head.chain)]
        if let recordsDigest { extensions.append(SignedCheckpoint.recordsExtension(recordsDigest)) }
        if let previous { extensions.append(SignedCheckpoint.previousExtension(previous)) }
        if let next { extensions.append(SignedCheckpoint.nextExtension(next.key)) }
        return try sign(size: head.size, root: head.frontier.root, extensions: extensions, with: next)
    }

    /// Signs a size and root. A log must never sign two roots for one size, nor a root that is not of its own past.
    package func sign(
        size: Int64, root: [UInt8], extensions: [String] = [], with next: CheckpointSigner? = nil
    ) throws(AuditingError) -> SignedCheckpoint {
        guard size >= 0 else { throw .unsignable(.size) }
        guard root.count == LogHash.byteCount else { throw .unsignable(.root) }
        guard extensions.allSatisfy(NoteText.isLine) else { throw .unsignable(.extensions) }
        let text = SignedCheckpoint.text(origin: key.name, size: size, root: root, extensions: extensions)
        let signatures = try [signature(over: text)] + (next.map { signer throws(AuditingError) in [try signer.signature(over: text)] } ?? [])
        return try SignedCheckpoint(SignedNote(text: text, signatures: signatures))
    }

    private func signature(over text: String) throws(AuditingError) -> SignedNote.Signature {
        guard let bytes = try? Self.privateKey(seed).signature(for: Array(text.utf8)) else { throw .signingFailed }
        return SignedNote.Signature(name: key.name, keyID: key.keyID, bytes: [UInt8](bytes))
    }

    private static func privateKey(_ seed: SecretValue) throws -> Curve25519.Signing.PrivateKey {
        try seed.withPlaintext(PlaintextDoor()) { bytes in
            try unsafe bytes.withUnsafeBytes { try unsafe Curve25519.Signing.PrivateKey(rawRepresentation: $0) }
        }
    }
}
