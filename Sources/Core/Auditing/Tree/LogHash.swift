import Crypto
import Model

/// The 32 bytes of one SHA-256 or HMAC-SHA256 value, without an array of their own.
package struct LogHash: Hashable, Sendable, BitwiseCopyable {
    /// How many bytes a hash has.
    package static let byteCount = 32

    // The bytes as they lie in memory, eight at a time.
    private let first: UInt64
    private let second: UInt64
    private let third: UInt64
    private let fourth: UInt64

    /// Thirty-two zero bytes: what the first entry is chained to.
    static let zero = LogHash(first: 0, second: 0, third: 0, fourth: 0)

    /// Reads a hash from its bytes; nil for any other length.
    package init?(bytes: [UInt8]) {
        unsafe self.init(bytes: bytes.span.bytes)
    }

    /// Reads a hash from its bytes; nil for any other length.
    package init?(bytes: RawSpan) {
        guard bytes.byteCount == Self.byteCount else { return nil }
        self = unsafe bytes.unsafeLoadUnaligned(as: LogHash.self)
    }

    init(_ digest: SHA256Digest) {
        self = unsafe digest.withUnsafeBytes { unsafe $0.loadUnaligned(as: LogHash.self) }
    }

    private init(first: UInt64, second: UInt64, third: UInt64, fourth: UInt64) {
        self.first = first
        self.second = second
        self.third = third
        self.fourth = fourth
    }

    /// The hash's bytes.
    package var bytes: [UInt8] { unsafe withUnsafeBytes(of: self) { unsafe [UInt8]($0) } }

    /// The hash as lower-case hexadecimal digits.
    package var hexadecimal: String { bytes.hexadecimal }

    /// The hash as four big-endian numbers, the most significant first.
    var bigEndianWords: (UInt64, UInt64, UInt64, UInt64) { (first.bigEndian, second.bigEndian, third.bigEndian, fourth.bigEndian) }

    /// Compares in constant time: hashes here are often codes that must not be guessed byte by byte.
    package static func == (left: LogHash, right: LogHash) -> Bool {
        let difference = (left.first ^ right.first) | (left.second ^ right.second) | (left.third ^ right.third) | (left.fourth ^ right.fourth)
        return difference == 0
    }
}

extension LogHash {
    /// The hash of a stored entry as a leaf of the tree: SHA-256(0x00 ‖ sealed) (RFC 6962 §2.1).
    package static func leaf(_ sealed: RawSpan) -> LogHash {
        var hasher = SHA256()
        unsafe withUnsafeBytes(of: 0 as UInt8) { unsafe hasher.update(bufferPointer: $0) }
        unsafe sealed.withUnsafeBytes { unsafe hasher.update(bufferPointer: $0) }
        return LogHash(hasher.finalize())
    }

    /// The hash of a stored entry as a leaf of the tree.
    package static func leaf(_ sealed: [UInt8]) -> LogHash { unsafe leaf(sealed.span.bytes) }

    /// The hash of an inner node: SHA-256(0x01 ‖ left ‖ right) (RFC 6962 §2.1).
    package static func node(_ left: LogHash, _ right: LogHash) -> LogHash {
        var hasher = SHA256()
        unsafe withUnsafeBytes(of: 1 as UInt8) { unsafe hasher.update(bufferPointer: $0) }
        unsafe withUnsafeBytes(of: (left, right)) { unsafe hasher.update(bufferPointer: $0) }
        return LogHash(hasher.finalize())
    }

    /// The root of the tree without leaves: SHA-256 of nothing (RFC 6962 §2.1).
    package static let emptyTree = LogHash(SHA256().finalize())
}
