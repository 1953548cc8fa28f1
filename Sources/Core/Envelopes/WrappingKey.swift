package import Model

/// A root, organization or project key: it wraps keys, and never seals a value.
///
/// Its 32 bytes and the two subkeys made of them lie in locked memory.
package final class WrappingKey: Sendable {
    private let material: SecretValue
    private let encryption: SecretValue
    private let commitment: MACKey

    /// Takes exactly 32 bytes.
    package convenience init(material: SecretValue) throws(EnvelopeError) {
        guard material.byteCount == keyByteCount else { throw .wrongKeyLength(material.byteCount) }
        self.init(checked: material)
    }

    private init(checked material: SecretValue) {
        self.material = material
        let derivation = MACKey(checked: material)
        encryption = derivation.expand("tacit/v1/wrap")
        commitment = MACKey(checked: derivation.expand("tacit/v1/commit"))
    }

    /// Draws a fresh key.
    package static func generate(random: RandomBytes = .system) -> WrappingKey { WrappingKey(checked: drawKey(random)) }

    /// Wraps a data key.
    package func wrap(_ key: DataKey, context: SealContext, random: RandomBytes = .system) throws(EnvelopeError) -> [UInt8] {
        try context.purpose.require(.dataKey)
        return try wrap(key.material, context: context, random: random)
    }

    /// Wraps a wrapping key.
    package func wrap(_ key: WrappingKey, context: SealContext, random: RandomBytes = .system) throws(EnvelopeError) -> [UInt8] {
        try context.purpose.require(.wrappingKey)
        return try wrap(key.material, context: context, random: random)
    }

    /// Unwraps a data key. It opens what it sealed; it does not seal again.
    package func unwrapDataKey(_ wrapped: [UInt8], context: SealContext) throws(EnvelopeError) -> DataKey {
        try context.purpose.require(.dataKey)
        return DataKey(unwrapped: try unwrap(wrapped, context: context))
    }

    /// Unwraps a wrapping key.
    package func unwrapWrappingKey(_ wrapped: [UInt8], context: SealContext) throws(EnvelopeError) -> WrappingKey {
        try context.purpose.require(.wrappingKey)
        return try WrappingKey(material: unwrap(wrapped, context: context))
    }

    /// Unwraps a data key and wraps it under another key, in the same place under that key's generation.
    package func rewrap(
        dataKey wrapped: [UInt8], context: SealContext, to other: WrappingKey, generation: Int64, random: RandomBytes = .system
    ) throws(EnvelopeError) -> [UInt8] {
        try context.purpose.require(.dataKey)
        var next = context
        next.generation = generation
        return try unsafe WrappedKey.open(wrapped, encryption: encryption, commitment: commitment, context: context) {
            key throws(EnvelopeError) in
            try unsafe WrappedKey.make(of: key, encryption: other.encryption, commitment: other.commitment, context: next, random: random)
        }
    }

    /// Opens a document whose data key this key wraps, and seals it as it is under a fresh data key that another key wraps.
    package func reseal(
        _ old: WrappedDocument, to other: WrappingKey, in next: WrappedDocument.Places, random: RandomBytes = .system
    ) throws(EnvelopeError) -> WrappedDocument {
        try old.places.require()
        try next.require()
        let fresh = drawKey(random)
        let document = try unsafe WrappedKey.open(old.key, encryption: encryption, commitment: commitment, context: old.places.key) {
            key throws(EnvelopeError) in
            try unsafe SealedBlob.reseal(
                old.document, key: key, context: old.places.document, under: fresh, in: next.document, random: random)
        }
        return WrappedDocument(key: try other.wrap(fresh, context: next.key, random: random), document: document, in: next)
    }

    /// Derives the 32 bytes of a key for one use.
    package func derive(_ label: DerivedKeyLabel) -> SecretValue { MACKey(checked: material).expand("tacit/v1/derive/\(label.rawValue)") }

    private func wrap(_ other: SecretValue, context: SealContext, random: RandomBytes) throws(EnvelopeError) -> [UInt8] {
        try WrappedKey.make(of: other, encryption: encryption, commitment: commitment, context: context, random: random)
    }

    private func unwrap(_ wrapped: [UInt8], context: SealContext) throws(EnvelopeError) -> SecretValue {
        try WrappedKey.open(wrapped, encryption: encryption, commitment: commitment, context: context)
    }
}
