package import Model
import PlaintextDoor

/// A person's authenticator: the key it shares with the vault, and what its codes have opened.
package struct TimedFactor: Sendable {
    /// `TimedCodes.keyByteCount` bytes.
    package let key: SecretValue
    /// Whether a code of it was typed since it was made; one that was never confirmed opens nothing.
    package private(set) var isConfirmed = false
    package private(set) var codes = TimedCodes()

    /// A new one, which has yet to be confirmed.
    package init(random: RandomBytes) {
        var bytes = random.bytes(TimedCodes.keyByteCount)
        key = SecretValue(moving: &bytes)
    }

    /// Judges a code that stands for a person. The changed factor is to be stored whatever the verdict is, before it is acted on.
    package mutating func judge(_ typed: String, at now: Timestamp) -> TimedCodes.Verdict {
        isConfirmed ? codes.judge(typed, key: key, at: now) : .closed
    }

    /// Judges the first code, which shows that the authenticator has the key.
    package mutating func confirm(_ typed: String, at now: Timestamp) -> TimedCodes.Verdict {
        let verdict = codes.judge(typed, key: key, at: now)
        if verdict == .opens { isConfirmed = true }
        return verdict
    }

    /// Lets tries begin anew, after a password was checked.
    package mutating func forgive() { codes.forgive() }

    /// The key as authenticators take it: base32 (RFC 4648 §6) without padding, in capitals.
    package var text: SecretValue {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)
        return key.withPlaintext(PlaintextDoor()) { bytes in
            unsafe SecretValue(capacity: (bytes.byteCount * 8 + 4) / 5) { target in
                var (bits, held, written) = (0, 0, 0)
                for index in 0..<bytes.byteCount {
                    bits = (bits << 8 | Int(unsafe bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self))) & 0xFFF
                    held += 8
                    while held >= 5 {
                        held -= 5
                        unsafe target[written] = alphabet[bits >> held & 31]
                        written += 1
                    }
                }
                if held > 0 {
                    unsafe target[written] = alphabet[bits << (5 - held) & 31]
                    written += 1
                }
                return written
            }
        }
    }
}

extension TimedFactor {
    /// The canonical form (SPEC §12). Whoever seals it overwrites it.
    package var encoded: [UInt8] {
        var writer = CanonicalWriter(capacity: 64)
        writer.write(byte: 1)
        key.withPlaintext(PlaintextDoor()) { bytes in
            unsafe bytes.withUnsafeBytes { writer.write(unsafe Array($0)) }
        }
        writer.write(byte: isConfirmed ? 1 : 0)
        writer.write(codes.encoded)
        return writer.bytes
    }

    package init(decoding bytes: [UInt8]) throws(CanonicalError) {
        var reader = CanonicalReader(bytes)
        guard try reader.byte() == 1 else { throw .malformed }
        var bytes = try reader.data()
        guard bytes.count == TimedCodes.keyByteCount else { throw .malformed }
        key = SecretValue(moving: &bytes)
        switch try reader.byte() {
        case 0: isConfirmed = false
        case 1: isConfirmed = true
        default: throw .malformed
        }
        codes = try TimedCodes(decoding: try reader.data())
        try reader.finish()
    }
}
