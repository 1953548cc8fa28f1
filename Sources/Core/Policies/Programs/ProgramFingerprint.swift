import Crypto

/// The SHA-256 of a program's content, by which a command rule pins it.
package struct ProgramFingerprint: Sendable, Hashable, CustomStringConvertible {
    package static let byteCount = 32

    package let bytes: [UInt8]

    /// Nil for bytes of another number.
    package init?(bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = bytes
    }

    /// Reads 64 hexadecimal digits in lower case, as `sha256sum` prints them; nil for anything else.
    package init?(parsing text: String) {
        guard text.utf8.count == 2 * Self.byteCount else { return nil }
        var bytes: [UInt8] = []
        var high: UInt8?
        for digit in text.utf8 {
            let value: UInt8
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
            default: return nil
            }
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        self.bytes = bytes
    }

    package var description: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

extension ProgramFingerprint {
    /// Takes the fingerprint of content that comes in parts.
    package struct Reading: Sendable {
        private var hash = SHA256()

        package init() {}

        package mutating func append(_ part: [UInt8]) { hash.update(data: part) }

        package consuming func finish() -> ProgramFingerprint { ProgramFingerprint(Array(hash.finalize())) }
    }

    private init(_ digest: [UInt8]) { bytes = digest }
}
