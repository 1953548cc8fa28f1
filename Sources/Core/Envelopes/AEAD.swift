import Crypto
import FoundationEssentials
import Model
import PlaintextDoor

/// AES-256-GCM (RFC 5116, AEAD_AES_256_GCM) between locked memory and stored bytes.
///
/// A key is copied into the library's own wiped key object for one operation. The library returns plaintext in a buffer of its own:
/// that buffer is overwritten before `open` returns.
enum AEAD {
    static let nonceByteCount = 12
    static let tagByteCount = 16
    /// What sealing adds to a plaintext.
    static let overhead = nonceByteCount + tagByteCount

    /// Appends nonce ‖ ciphertext ‖ tag to `output`.
    static func seal(
        _ plaintext: SecretValue, key: SecretValue, associatedData: [UInt8], random: RandomBytes, appendingTo output: inout [UInt8]
    ) throws(EnvelopeError) {
        let nonce = random.bytes(nonceByteCount)
        precondition(nonce.count == nonceByteCount, "internal: a random source gave a wrong number of bytes")
        do {
            let box = try plaintext.withPlaintext(PlaintextDoor()) { plaintext in
                try unsafe plaintext.withUnsafeBytes { bytes in
                    try unsafe AES.GCM.seal(
                        bytes, using: symmetricKey(key), nonce: AES.GCM.Nonce(data: nonce), authenticating: associatedData)
                }
            }
            guard let combined = box.combined else { throw EnvelopeError.sealingFailed }
            unsafe combined.withUnsafeBytes { unsafe output.append(contentsOf: $0) }
        } catch {
            throw .sealingFailed
        }
    }

    /// Opens nonce ‖ ciphertext ‖ tag and lends the plaintext for one call.
    static func open<Opened>(
        _ combined: ArraySlice<UInt8>, key: SecretValue, associatedData: [UInt8],
        _ body: (UnsafeRawBufferPointer) throws(EnvelopeError) -> Opened
    ) throws(EnvelopeError) -> Opened {
        var plaintext: Data
        do {
            plaintext = try AES.GCM.open(AES.GCM.SealedBox(combined: combined), using: symmetricKey(key), authenticating: associatedData)
        } catch {
            throw .authenticationFailed
        }
        // The buffer has one holder, so this overwrites the library's own bytes and no copy of them.
        defer { unsafe plaintext.withUnsafeMutableBytes { unsafe $0.wipe() } }
        let result = unsafe plaintext.withUnsafeBytes { bytes in
            Result { () throws(EnvelopeError) in try unsafe body(bytes) }
        }
        return try result.get()
    }

    static func symmetricKey(_ key: SecretValue) -> SymmetricKey {
        key.withPlaintext(PlaintextDoor()) { bytes in unsafe bytes.withUnsafeBytes { unsafe SymmetricKey(data: $0) } }
    }
}
