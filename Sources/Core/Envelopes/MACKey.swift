import Crypto
package import Model
import PlaintextDoor

/// A key for HMAC-SHA256 (RFC 2104), kept in locked memory.
///
/// The two hash functions come from the library; its own HMAC would copy the key into three ordinary arrays that nobody wipes.
/// Here the key lies, already combined with the two pads, in one locked block that the hash reads in place.
package struct MACKey: Sendable {
    /// How many bytes a code has.
    package static let codeByteCount = 32
    private static let blockByteCount = 64
    private let pads: SecretValue

    /// Takes a key of 32 bytes.
    package init(material: SecretValue) throws(EnvelopeError) {
        guard material.byteCount == keyByteCount else { throw .wrongKeyLength(material.byteCount) }
        self.init(checked: material)
    }

    /// Takes a key of any length, as formats of others have them. One that is longer than a block counts by its hash (RFC 2104 §2).
    package init(ofAnyLength material: SecretValue) {
        guard material.byteCount > Self.blockByteCount else {
            self.init(checked: material)
            return
        }
        let digest = material.withPlaintext(PlaintextDoor()) { key in
            unsafe key.withUnsafeBytes { key in
                var hasher = SHA256()
                unsafe hasher.update(bufferPointer: key)
                return hasher.finalize()
            }
        }
        self.init(checked: unsafe digest.withUnsafeBytes { unsafe SecretValue(copying: $0.bytes, in: .keys) })
    }

    init(checked material: SecretValue) {
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

    /// The code over bytes.
    package func code(over bytes: [UInt8]) -> [UInt8] {
        unsafe digest { Self.update(&$0, bytes[...]) }.withUnsafeBytes { unsafe [UInt8]($0) }
    }

    /// The code over a value.
    package func code(over value: SecretValue) -> [UInt8] {
        let code = digest { inner in
            value.withPlaintext(PlaintextDoor()) { bytes in unsafe bytes.withUnsafeBytes { unsafe inner.update(bufferPointer: $0) } }
        }
        return unsafe code.withUnsafeBytes { unsafe [UInt8]($0) }
    }

    /// Whether a code is the one over these bytes; compared in constant time.
    package func isValid(_ code: [UInt8], over bytes: [UInt8]) -> Bool {
        Self.isEqual(code[...], digest { Self.update(&$0, bytes[...]) })
    }

    /// HKDF-Expand (RFC 5869 §2.3) to 32 bytes, with this key as pseudorandom key and a label as info.
    func expand(_ label: String) -> SecretValue {
        let output = digest { hasher in
            Self.update(&hasher, Array(label.utf8)[...])
            Self.update(&hasher, [1])
        }
        return unsafe output.withUnsafeBytes { unsafe SecretValue(copying: $0.bytes, in: .keys) }
    }

    func digest(_ message: (inout SHA256) -> Void) -> SHA256Digest {
        pads.withPlaintext(PlaintextDoor()) { pads in
            unsafe pads.withUnsafeBytes { pads in
                var inner = SHA256()
                unsafe inner.update(bufferPointer: UnsafeRawBufferPointer(rebasing: pads[..<Self.blockByteCount]))
                message(&inner)
                var outer = SHA256()
                unsafe outer.update(bufferPointer: UnsafeRawBufferPointer(rebasing: pads[Self.blockByteCount...]))
                unsafe inner.finalize().withUnsafeBytes { unsafe outer.update(bufferPointer: $0) }
                return outer.finalize()
            }
        }
    }

    static func update(_ hasher: inout SHA256, _ bytes: ArraySlice<UInt8>) {
        unsafe bytes.withUnsafeBytes { unsafe hasher.update(bufferPointer: $0) }
    }

    /// Compares in a time that depends on the lengths alone.
    static func isEqual(_ code: ArraySlice<UInt8>, _ digest: SHA256Digest) -> Bool {
        guard code.count == codeByteCount else { return false }
        return unsafe digest.withUnsafeBytes { digest in
            var difference: UInt8 = 0
            for index in 0..<codeByteCount { difference |= unsafe code[code.startIndex + index] ^ digest[index] }
            return difference == 0
        }
    }
}
