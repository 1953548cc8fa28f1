import Crypto
import FoundationEssentials
package import Model
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
        try plaintext.withPlaintext(PlaintextDoor()) { plaintext throws(EnvelopeError) in
            try unsafe plaintext.withUnsafeBytes { bytes throws(EnvelopeError) in
                try unsafe seal(bytes, key: key, associatedData: associatedData, random: random, appendingTo: &output)
            }
        }
    }

    /// As the other, of bytes that somebody lends.
    static func seal(
        _ plaintext: UnsafeRawBufferPointer, key: SecretValue, associatedData: [UInt8], random: RandomBytes, appendingTo output: inout [UInt8]
    ) throws(EnvelopeError) {
        let nonce = random.bytes(nonceByteCount)
        precondition(nonce.count == nonceByteCount, "internal: a random source gave a wrong number of bytes")
        do {
            // Lent as they lie: of an array the library looks its conformance up each time.
            let box = try unsafe associatedData.withUnsafeBytes { associatedData in
                try unsafe AES.GCM.seal(
                    plaintext, using: symmetricKey(key), nonce: AES.GCM.Nonce(data: nonce), authenticating: associatedData)
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
        try unsafe open(combined, key: symmetricKey(key), associatedData: associatedData, body)
    }

    /// As the other, under a key that somebody lends.
    static func open<Opened>(
        _ combined: ArraySlice<UInt8>, key: UnsafeRawBufferPointer, associatedData: [UInt8],
        _ body: (UnsafeRawBufferPointer) throws(EnvelopeError) -> Opened
    ) throws(EnvelopeError) -> Opened {
        try unsafe open(combined, key: SymmetricKey(data: key), associatedData: associatedData, body)
    }

    private static func open<Opened>(
        _ combined: ArraySlice<UInt8>, key: SymmetricKey, associatedData: [UInt8],
        _ body: (UnsafeRawBufferPointer) throws(EnvelopeError) -> Opened
    ) throws(EnvelopeError) -> Opened {
        var plaintext: Data
        do {
            let box = try AES.GCM.SealedBox(combined: combined)
            plaintext = try unsafe associatedData.withUnsafeBytes { try unsafe AES.GCM.open(box, using: key, authenticating: $0) }
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

extension RandomBytes {
    /// The same source for one who seals so many times: nonces, which are no secret, are drawn together, keys each when it is needed.
    package func stocking(nonces count: Int) -> RandomBytes { stocking(count, of: AEAD.nonceByteCount) }
}
