package import Model

/// A secret value of a test: marked and random, so that it can be hunted wherever it must not be.
package struct Canary: Hashable, Sendable {
    /// `CANARY-` and 32 random letters and digits.
    package let text: String

    package init(_ random: SeededRandom) {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
        text = "CANARY-" + String((0..<32).compactMap { _ in random.element(of: alphabet) })
    }

    package var bytes: [UInt8] { Array(text.utf8) }

    /// The canary as the product holds a value.
    package var secret: SecretValue { SecretValue(copying: unsafe bytes.span.bytes) }
}

/// A way in which a value can lie in bytes without looking like itself.
package enum Spelling: String, Sendable, CaseIterable {
    case raw, base64, base64Shifted1, base64Shifted2, base64URL, base64URLShifted1, base64URLShifted2
    case hex, upperHex, spacedHex, colonHex, percent, lowerPercent, jsonEscapes, utf16LittleEndian, utf16BigEndian

    /// The bytes by which the value is recognised in this spelling, whatever stands before and after it.
    package func bytes(of value: [UInt8]) -> [UInt8] {
        switch self {
        case .raw: value
        case .base64: Self.base64(value, shift: 0, isURL: false)
        case .base64Shifted1: Self.base64(value, shift: 1, isURL: false)
        case .base64Shifted2: Self.base64(value, shift: 2, isURL: false)
        case .base64URL: Self.base64(value, shift: 0, isURL: true)
        case .base64URLShifted1: Self.base64(value, shift: 1, isURL: true)
        case .base64URLShifted2: Self.base64(value, shift: 2, isURL: true)
        case .hex: value.flatMap { Self.hex($0) }
        case .upperHex: value.flatMap { Self.hex($0, isUpper: true) }
        case .spacedHex: Array(value.map { Self.hex($0) }.joined(separator: " ".utf8))
        case .colonHex: Array(value.map { Self.hex($0) }.joined(separator: ":".utf8))
        case .percent: value.flatMap { "%".utf8 + Self.hex($0, isUpper: true) }
        case .lowerPercent: value.flatMap { "%".utf8 + Self.hex($0) }
        case .jsonEscapes: value.flatMap { "\\u00".utf8 + Self.hex($0) }
        case .utf16LittleEndian: value.flatMap { [$0, 0] }
        case .utf16BigEndian: value.flatMap { [0, $0] }
        }
    }

    private static func hex(_ byte: UInt8, isUpper: Bool = false) -> [UInt8] {
        let digits = isUpper ? upperDigits : lowerDigits
        return [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }

    /// The characters that depend on the value alone when it stands `shift` bytes into a group of three.
    private static func base64(_ value: [UInt8], shift: Int, isURL: Bool) -> [UInt8] {
        let alphabet = isURL ? urlAlphabet : standardAlphabet
        let skipped = [0, 4, 2][shift]
        return stride(from: skipped, to: value.count * 8 - 5, by: 6).map { bit in
            let pair = Int(value[bit / 8]) << 8 | Int(bit / 8 + 1 < value.count ? value[bit / 8 + 1] : 0)
            return alphabet[pair >> (10 - bit % 8) & 63]
        }
    }

    private static let standardAlphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let urlAlphabet = Array(standardAlphabet.dropLast(2)) + Array("-_".utf8)

    private static let lowerDigits = Array("0123456789abcdef".utf8)
    private static let upperDigits = Array("0123456789ABCDEF".utf8)
}
