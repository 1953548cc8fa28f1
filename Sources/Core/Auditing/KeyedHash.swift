import Crypto
import Model
import PlaintextDoor

/// HMAC-SHA256 (RFC 2104) under a key of 32 bytes that rests in locked memory.
///
/// The key lies there combined with the two pads, and the hash reads it in place: the library's own HMAC would copy it into ordinary arrays,
/// and a prepared inner state, which is worth as much as the key, would stay in ordinary memory between calls.
struct KeyedHash: Sendable {
    private static let blockByteCount = 64
    private let pads: SecretValue

    init(_ material: SecretValue) throws(AuditingError) {
        guard material.byteCount == LogHash.byteCount else { throw .wrongKeyLength(material.byteCount) }
        pads = material.withPlaintext(PlaintextDoor()) { key in
            unsafe SecretValue(capacity: 2 * Self.blockByteCount, in: .keys) { target in
                for index in 0..<Self.blockByteCount {
                    let byte = index < key.byteCount ? unsafe key.unsafeLoad(fromByteOffset: index, as: UInt8.self) : 0
                    unsafe target[index] = byte ^ 0x36
                    unsafe target[Self.blockByteCount + index] = byte ^ 0x5c
                }
                return 2 * Self.blockByteCount
            }
        }
    }

    /// The code over one message.
    func code(over message: UnsafeRawBufferPointer) -> LogHash {
        pads.withPlaintext(PlaintextDoor()) { pads in
            unsafe pads.withUnsafeBytes { pads in
                var inner = SHA256()
                unsafe inner.update(bufferPointer: UnsafeRawBufferPointer(rebasing: pads[..<Self.blockByteCount]))
                unsafe inner.update(bufferPointer: message)
                var outer = SHA256()
                unsafe outer.update(bufferPointer: UnsafeRawBufferPointer(rebasing: pads[Self.blockByteCount...]))
                unsafe withUnsafeBytes(of: LogHash(inner.finalize())) { unsafe outer.update(bufferPointer: $0) }
                return LogHash(outer.finalize())
            }
        }
    }
}
