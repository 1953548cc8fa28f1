import Model

/// The format of everything sealed that is no key: version ‖ nonce ‖ ciphertext ‖ tag over padded content (SPEC §4.1).
enum SealedBlob {
    static let version: UInt8 = 1

    static func seal(_ content: RawSpan, key: SecretValue, context: SealContext, random: RandomBytes) throws(EnvelopeError) -> [UInt8] {
        let padded = try Padding.padded(content)
        var sealed: [UInt8] = []
        sealed.reserveCapacity(1 + AEAD.overhead + padded.byteCount)
        sealed.append(version)
        try AEAD.seal(padded, key: key, associatedData: context.associatedData, random: random, appendingTo: &sealed)
        return sealed
    }

    static func open<Result>(
        _ sealed: [UInt8], key: SecretValue, context: SealContext, _ body: (UnsafeRawBufferPointer) -> Result
    ) throws(EnvelopeError) -> Result {
        guard let first = sealed.first else { throw .malformedLength }
        guard first == version else { throw .unknownVersion(first) }
        guard Padding.isBucket(sealed.count - 1 - AEAD.overhead) else { throw .malformedLength }
        return try unsafe AEAD.open(sealed.dropFirst(), key: key, associatedData: context.associatedData) { padded throws(EnvelopeError) in
            unsafe body(try Padding.content(of: padded))
        }
    }
}
