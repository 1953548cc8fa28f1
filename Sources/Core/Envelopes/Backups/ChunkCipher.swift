import Crypto
import FoundationEssentials
import Model
import PlaintextDoor

/// Seals and opens one chunk in its place: AES-256-GCM with the chunk's number and whether it is the last one as the nonce (SPEC §15.3).
///
/// The key seals the chunks of one backup only, so no nonce comes twice.
struct ChunkCipher: Sendable {
    /// How many bytes of content every chunk but the last has.
    static let chunkByteCount = 64 << 10
    static let sealedByteCount = chunkByteCount + AEAD.tagByteCount

    private let key: SecretValue
    private let associatedData: [UInt8]

    init(key: SecretValue, headCode: [UInt8]) {
        self.key = key
        var writer = CanonicalWriter(capacity: 64)
        writer.write("tacit/v1/backup-chunk")
        writer.write(headCode)
        associatedData = writer.bytes
    }

    /// Ciphertext and tag.
    func seal(_ content: SecretValue, number: UInt64, isLast: Bool) throws(EnvelopeError) -> [UInt8] {
        do {
            let box = try content.withPlaintext(PlaintextDoor()) { content in
                try unsafe content.withUnsafeBytes { bytes in
                    try unsafe AES.GCM.seal(bytes, using: AEAD.symmetricKey(key), nonce: nonce(number, isLast), authenticating: associatedData)
                }
            }
            var sealed: [UInt8] = []
            sealed.reserveCapacity(box.ciphertext.count + AEAD.tagByteCount)
            unsafe box.ciphertext.withUnsafeBytes { unsafe sealed.append(contentsOf: $0) }
            unsafe box.tag.withUnsafeBytes { unsafe sealed.append(contentsOf: $0) }
            return sealed
        } catch {
            throw .sealingFailed
        }
    }

    /// The content of a chunk; nil where it is not the one of this place.
    func open(_ sealed: ArraySlice<UInt8>, number: UInt64, isLast: Bool) -> SecretValue? {
        let end = sealed.endIndex - AEAD.tagByteCount
        guard end >= sealed.startIndex,
            let box = try? AES.GCM.SealedBox(nonce: nonce(number, isLast), ciphertext: sealed[..<end], tag: sealed[end...]),
            var content = try? AES.GCM.open(box, using: AEAD.symmetricKey(key), authenticating: associatedData)
        else { return nil }
        // The buffer has one holder, so this overwrites the library's own bytes and no copy of them.
        defer { unsafe content.withUnsafeMutableBytes { unsafe $0.wipe() } }
        return unsafe content.withUnsafeBytes { unsafe SecretValue(copying: $0.bytes) }
    }

    private func nonce(_ number: UInt64, _ isLast: Bool) throws -> AES.GCM.Nonce {
        let digits = (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) }
        return try AES.GCM.Nonce(data: [0, 0, 0] + digits + [isLast ? 1 : 0])
    }
}
