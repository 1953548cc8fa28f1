package import Model
import PlaintextDoor
import Synchronization

/// A key that seals exactly one value (one field) or one document, and opens it any number of times.
package final class DataKey: Sendable {
    let material: SecretValue
    private let maySeal: Atomic<Bool>

    /// Draws a fresh key: the only kind that can seal.
    package static func generate(random: RandomBytes = .system) -> DataKey { DataKey(fresh: drawKey(random)) }

    /// A key that was wrapped: it opens what it once sealed.
    init(unwrapped material: SecretValue) {
        self.material = material
        maySeal = Atomic(false)
    }

    private init(fresh material: SecretValue) {
        self.material = material
        maySeal = Atomic(true)
    }

    /// Seals a value of at most 1 MiB, padded to a size bucket. A second call throws.
    package func seal(_ value: SecretValue, context: SealContext, random: RandomBytes = .system) throws(EnvelopeError) -> [UInt8] {
        try context.purpose.require(.value)
        return try value.withPlaintext(PlaintextDoor()) { bytes throws(EnvelopeError) in try sealOnce(bytes, context: context, random: random) }
    }

    /// Opens a value.
    package func open(_ sealed: [UInt8], context: SealContext) throws(EnvelopeError) -> SecretValue {
        try context.purpose.require(.value)
        return try unsafe SealedBlob.open(sealed, key: material, context: context) { unsafe SecretValue(copying: $0.bytes) }
    }

    /// Seals a document of at most 1 MiB, padded to a size bucket. A second call throws.
    package func seal(document: [UInt8], context: SealContext, random: RandomBytes = .system) throws(EnvelopeError) -> [UInt8] {
        try context.purpose.require(.document)
        return try unsafe sealOnce(document.span.bytes, context: context, random: random)
    }

    /// Opens a document.
    package func open(document sealed: [UInt8], context: SealContext) throws(EnvelopeError) -> [UInt8] {
        try context.purpose.require(.document)
        return try unsafe SealedBlob.open(sealed, key: material, context: context) { unsafe [UInt8]($0) }
    }

    /// Opens a blob and seals its content under a fresh key, as the next seal: what leaked of this key opens nothing of that.
    package func reseal(
        _ sealed: [UInt8], context: SealContext, random: RandomBytes = .system
    ) throws(EnvelopeError) -> (key: DataKey, sealed: [UInt8]) {
        guard [.value, .document].contains(context.purpose.content) else { throw .wrongPurpose(context.purpose) }
        let content = try unsafe SealedBlob.open(sealed, key: material, context: context) { unsafe SecretValue(copying: $0.bytes) }
        let fresh = DataKey.generate(random: random)
        var next = context
        next.generation += 1
        let resealed = try content.withPlaintext(PlaintextDoor()) { bytes throws(EnvelopeError) in
            try fresh.sealOnce(bytes, context: next, random: random)
        }
        return (fresh, resealed)
    }

    private func sealOnce(_ content: RawSpan, context: SealContext, random: RandomBytes) throws(EnvelopeError) -> [UInt8] {
        guard content.byteCount <= Padding.maximumContent else { throw .tooLarge(maximum: Padding.maximumContent) }
        guard maySeal.exchange(false, ordering: .relaxed) else { throw .dataKeyUsed }
        return try SealedBlob.seal(content, key: material, context: context, random: random)
    }
}

/// Draws the 32 bytes of a key into locked memory.
func drawKey(_ random: RandomBytes) -> SecretValue {
    var bytes = random.bytes(keyByteCount)
    precondition(bytes.count == keyByteCount, "internal: a random source gave a wrong number of bytes")
    return SecretValue(moving: &bytes, in: .keys)
}
