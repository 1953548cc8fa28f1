import Crypto
package import Model
import PlaintextDoor

/// Codes of six digits that change every 30 seconds (RFC 6238 with HMAC-SHA-1, as authenticators know it).
///
/// A code opens once: its step and those before it are of no use afterwards. After five wrong tries nothing opens until the next step-up by password.
package struct TimedCodes: Sendable, Equatable {
    /// 160 bits, as RFC 4226 §4 R6 recommends.
    package static let keyByteCount = 20
    package static let period = Duration.seconds(30)
    package static let maximumTries: Int64 = 5

    /// The last step that opened something; -1 for none.
    package private(set) var lastStep: Int64 = -1
    /// Wrong tries since something opened.
    package private(set) var failures: Int64 = 0

    package init() {}

    /// What became of a try.
    package enum Verdict: Sendable, Equatable {
        case opens
        case wrong(triesLeft: Int64)
        /// Too many wrong tries.
        case closed
    }

    /// Judges six digits at a moment; the step before and the one after count too, for clocks that differ. The changed state is to be stored
    /// whatever the verdict is, before it is acted on.
    package mutating func judge(_ typed: String, key: SecretValue, at now: Timestamp) -> Verdict {
        guard failures < Self.maximumTries else { return .closed }
        let step = Self.step(at: now)
        let digits = Array(typed.utf8.filter { $0 != UInt8(ascii: " ") })
        var opened: Int64?
        // Every candidate is computed, so that the time says nothing about which one it was.
        for candidate in (step - 1)...(step + 1) {
            let expected = Self.code(at: candidate, key: key)
            let isSame = digits.count == expected.count && zip(digits, expected).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
            if isSame, candidate > lastStep { opened = candidate }
        }
        guard let opened else {
            failures += 1
            return failures < Self.maximumTries ? .wrong(triesLeft: Self.maximumTries - failures) : .closed
        }
        lastStep = opened
        failures = 0
        return .opens
    }

    /// Lets tries begin anew, after a password was checked.
    package mutating func forgive() { failures = 0 }

    /// The number of the 30 seconds that a moment lies in (RFC 6238 §4.2).
    static func step(at now: Timestamp) -> Int64 { now.nanoseconds / period.wholeNanoseconds }

    /// The six digits of a step (RFC 4226 §5.3).
    static func code(at step: Int64, key: SecretValue) -> [UInt8] {
        let counter = unsafe withUnsafeBytes(of: step.bigEndian) { unsafe Array($0) }
        let hash = key.withPlaintext(PlaintextDoor()) { bytes in
            unsafe bytes.withUnsafeBytes { bytes in
                unsafe Array(HMAC<Insecure.SHA1>.authenticationCode(for: counter, using: SymmetricKey(data: bytes)))
            }
        }
        let offset = Int(hash[hash.count - 1] & 0x0F)
        let number = hash[offset..<(offset + 4)].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } & 0x7FFF_FFFF
        let text = Array(String(number % 1_000_000).utf8)
        return [UInt8](repeating: UInt8(ascii: "0"), count: 6 - text.count) + text
    }
}

extension TimedCodes {
    /// The canonical form, as a factor's row keeps it (SPEC §12).
    package var encoded: [UInt8] {
        var writer = CanonicalWriter(capacity: 17)
        writer.write(byte: 1)
        writer.write(lastStep)
        writer.write(failures)
        return writer.bytes
    }

    package init(decoding bytes: [UInt8]) throws(CanonicalError) {
        var reader = CanonicalReader(bytes)
        guard try reader.byte() == 1 else { throw .malformed }
        lastStep = try reader.int64()
        failures = try reader.int64()
        guard failures >= 0 else { throw .malformed }
        try reader.finish()
    }
}
