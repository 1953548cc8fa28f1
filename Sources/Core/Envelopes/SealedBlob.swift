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
        let combined = try combined(of: sealed)
        return try unsafe AEAD.open(combined, key: key, associatedData: context.associatedData) { padded throws(EnvelopeError) in
            unsafe body(try Padding.content(of: padded))
        }
    }

    /// Opens a blob under a key that somebody lends, and seals its padded content as it is under a fresh one.
    static func reseal(
        _ sealed: [UInt8], key: UnsafeRawBufferPointer, context: SealContext, under fresh: SecretValue, in next: SealContext, random: RandomBytes
    ) throws(EnvelopeError) -> [UInt8] {
        let combined = try combined(of: sealed)
        var resealed: [UInt8] = []
        resealed.reserveCapacity(sealed.count)
        resealed.append(version)
        try unsafe AEAD.open(combined, key: key, associatedData: context.associatedData) { padded throws(EnvelopeError) in
            _ = try unsafe Padding.content(of: padded)
            try unsafe AEAD.seal(padded, key: fresh, associatedData: next.associatedData, random: random, appendingTo: &resealed)
        }
        return resealed
    }

    /// What stands behind the version of a blob that can be one.
    private static func combined(of sealed: [UInt8]) throws(EnvelopeError) -> ArraySlice<UInt8> {
        guard let first = sealed.first else { throw .malformedLength }
        guard first == version else { throw .unknownVersion(first) }
        guard Padding.isBucket(sealed.count - 1 - AEAD.overhead) else { throw .malformedLength }
        return sealed.dropFirst()
    }
}
