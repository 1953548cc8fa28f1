package import Model

/// A derived key that seals many small documents, such as audit entries, each under a random nonce: at most 2³² in its life.
package struct SealingKey: Sendable {
    private let material: SecretValue

    /// Takes the 32 bytes that `WrappingKey.derive` gave for this use alone.
    package init(material: SecretValue) throws(EnvelopeError) {
        guard material.byteCount == keyByteCount else { throw .wrongKeyLength(material.byteCount) }
        self.material = material
    }

    /// Seals a document of at most 1 MiB, padded to a size bucket.
    package func seal(document: [UInt8], context: SealContext, random: RandomBytes = .system) throws(EnvelopeError) -> [UInt8] {
        try context.purpose.require(.document)
        return try unsafe SealedBlob.seal(document.span.bytes, key: material, context: context, random: random)
    }

    /// Opens a document.
    package func open(document sealed: [UInt8], context: SealContext) throws(EnvelopeError) -> [UInt8] {
        try context.purpose.require(.document)
        return try unsafe SealedBlob.open(sealed, key: material, context: context) { unsafe [UInt8]($0) }
    }
}
