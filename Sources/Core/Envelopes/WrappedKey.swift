import Crypto
import Model

/// The format of a wrapped key: version ‖ nonce ‖ ciphertext ‖ tag ‖ commitment, 93 bytes (SPEC §4.3).
///
/// The commitment is an HMAC under a subkey of the wrapping key over the associated data and all that stands before it. It is checked
/// first: AES-GCM alone would let a forger who knows two keys make one wrapped key that opens under both.
enum WrappedKey {
    static let version: UInt8 = 1
    static let byteCount = committedByteCount + MACKey.codeByteCount
    private static let committedByteCount = 1 + AEAD.overhead + keyByteCount

    static func make(
        of material: SecretValue, encryption: SecretValue, commitment: MACKey, context: SealContext, random: RandomBytes
    ) throws(EnvelopeError) -> [UInt8] {
        try make(commitment, context) { associatedData, wrapped throws(EnvelopeError) in
            try AEAD.seal(material, key: encryption, associatedData: associatedData, random: random, appendingTo: &wrapped)
        }
    }

    /// As the other, of a key that somebody lends.
    static func make(
        of material: UnsafeRawBufferPointer, encryption: SecretValue, commitment: MACKey, context: SealContext, random: RandomBytes
    ) throws(EnvelopeError) -> [UInt8] {
        try make(commitment, context) { associatedData, wrapped throws(EnvelopeError) in
            try unsafe AEAD.seal(material, key: encryption, associatedData: associatedData, random: random, appendingTo: &wrapped)
        }
    }

    private static func make(
        _ commitment: MACKey, _ context: SealContext, _ seal: (_ associatedData: [UInt8], _ wrapped: inout [UInt8]) throws(EnvelopeError) -> Void
    ) throws(EnvelopeError) -> [UInt8] {
        let associatedData = context.associatedData
        var wrapped: [UInt8] = []
        wrapped.reserveCapacity(byteCount)
        wrapped.append(version)
        try seal(associatedData, &wrapped)
        let code = digest(of: wrapped[...], commitment: commitment, associatedData: associatedData)
        unsafe code.withUnsafeBytes { unsafe wrapped.append(contentsOf: $0) }
        return wrapped
    }

    static func open(
        _ wrapped: [UInt8], encryption: SecretValue, commitment: MACKey, context: SealContext
    ) throws(EnvelopeError) -> SecretValue {
        try unsafe open(wrapped, encryption: encryption, commitment: commitment, context: context) {
            unsafe SecretValue(copying: $0.bytes, in: .keys)
        }
    }

    /// Lends the key for one call.
    static func open<Opened>(
        _ wrapped: [UInt8], encryption: SecretValue, commitment: MACKey, context: SealContext,
        _ body: (UnsafeRawBufferPointer) throws(EnvelopeError) -> Opened
    ) throws(EnvelopeError) -> Opened {
        guard let first = wrapped.first else { throw .malformedLength }
        guard first == version else { throw .unknownVersion(first) }
        guard wrapped.count == byteCount else { throw .malformedLength }
        let associatedData = context.associatedData
        let expected = digest(of: wrapped[..<committedByteCount], commitment: commitment, associatedData: associatedData)
        guard MACKey.isEqual(wrapped[committedByteCount...], expected) else { throw .commitmentMismatch }
        return try unsafe AEAD.open(wrapped[1..<committedByteCount], key: encryption, associatedData: associatedData, body)
    }

    private static func digest(of committed: ArraySlice<UInt8>, commitment: MACKey, associatedData: [UInt8]) -> SHA256Digest {
        commitment.digest { hasher in
            MACKey.update(&hasher, associatedData[...])
            MACKey.update(&hasher, committed)
        }
    }
}
