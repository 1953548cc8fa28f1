/// The checksum at the end of GitHub's and npm's tokens: CRC-32 (ISO 3309) in six digits of base62.
enum TokenChecksum {
    static let length = 6

    static func digits(of bytes: some Sequence<UInt8>) -> [UInt8] {
        var rest = crc32(bytes)
        var digits: [UInt8] = []
        for _ in 0..<length {
            digits.append(TokenAlphabet.base62.characters[Int(rest % 62)])
            rest /= 62
        }
        return digits.reversed()
    }

    /// Bit by bit: it is taken of thirty bytes, once for each token.
    static func crc32(_ bytes: some Sequence<UInt8>) -> UInt32 {
        var remainder = ~UInt32(0)
        for byte in bytes {
            remainder ^= UInt32(byte)
            for _ in 0..<8 { remainder = remainder & 1 == 1 ? remainder >> 1 ^ 0xEDB8_8320 : remainder >> 1 }
        }
        return ~remainder
    }
}
