import Model
import PlaintextDoor

/// The text form of a recovery key: 260 bits (the key, then four zeros) as 52 base32 digits, four to a group, each group ended by a check digit.
///
/// Digits are elements of GF(2⁵). In group i the check digit makes 2a + 4b + 8c + 16d + e = i + 1: the weights differ and none is zero, so
/// any one wrong digit, any two exchanged digits of a group, and any group in another's place are found for certain.
enum RecoveryText {
    static let groupSize = 5
    static let symbolCount = RecoveryKey.groupCount * groupSize
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
    private static let separators = Array("- \t\r\n".utf8)

    /// The digits of a typed text, one to a byte.
    static func symbols(of text: SecretValue) throws(RecoveryKeyError) -> SecretValue {
        try text.withPlaintext(PlaintextDoor()) { text throws(RecoveryKeyError) in
            try unsafe SecretValue(capacity: symbolCount) { target throws(RecoveryKeyError) in
                var count = 0
                for index in 0..<text.byteCount {
                    let character = unsafe text.unsafeLoad(fromByteOffset: index, as: UInt8.self)
                    if separators.contains(character) { continue }
                    guard let symbol = symbol(for: character) else { throw .badCharacter(group: count / groupSize + 1) }
                    if count < symbolCount { unsafe target[count] = symbol }
                    count += 1
                }
                guard count == symbolCount else { throw .wrongLength(count) }
                return count
            }
        }
    }

    /// Checks every group and puts the key together.
    static func key(of symbols: SecretValue) throws(RecoveryKeyError) -> SecretValue {
        try symbols.withPlaintext(PlaintextDoor()) { symbols throws(RecoveryKeyError) in
            try unsafe SecretValue(capacity: keyByteCount, in: .keys) { target throws(RecoveryKeyError) in
                var (bits, bitCount, byteCount): (UInt32, Int, Int) = (0, 0, 0)
                for group in 0..<RecoveryKey.groupCount {
                    let digits = InlineArray<5, UInt8> { unsafe symbols.unsafeLoad(fromByteOffset: group * groupSize + $0, as: UInt8.self) }
                    guard check(digits[0], digits[1], digits[2], digits[3], group: group) == digits[4] else { throw .mistyped(group: group + 1) }
                    for index in 0..<(groupSize - 1) {
                        (bits, bitCount) = (bits << 5 | UInt32(digits[index]), bitCount + 5)
                        guard bitCount >= 8, byteCount < keyByteCount else { continue }
                        bitCount -= 8
                        unsafe target[byteCount] = UInt8(truncatingIfNeeded: bits >> UInt32(bitCount))
                        byteCount += 1
                    }
                }
                guard bits & 15 == 0 else { throw .mistyped(group: RecoveryKey.groupCount) }
                return byteCount
            }
        }
    }

    /// The characters of all groups, joined by dashes.
    static func text(of key: SecretValue) -> SecretValue {
        key.withPlaintext(PlaintextDoor()) { key in
            unsafe SecretValue(capacity: RecoveryKey.groupCount * (groupSize + 1)) { target in
                var position = 0
                for group in 0..<RecoveryKey.groupCount {
                    if group > 0 {
                        unsafe target[position] = UInt8(ascii: "-")
                        position += 1
                    }
                    let symbols = Self.symbols(of: key, group: group)
                    for index in symbols.indices {
                        unsafe target[position] = alphabet[Int(symbols[index])]
                        position += 1
                    }
                }
                return position
            }
        }
    }

    private static func symbols(of key: RawSpan, group: Int) -> InlineArray<5, UInt8> {
        func digit(_ index: Int) -> UInt8 {
            let first = index * 5 / 8
            let pair = [first, first + 1].reduce(UInt16(0)) { bits, offset in
                bits << 8 | (offset < key.byteCount ? unsafe UInt16(key.unsafeLoad(fromByteOffset: offset, as: UInt8.self)) : 0)
            }
            return UInt8(truncatingIfNeeded: pair >> UInt16(11 - index * 5 % 8)) & 31
        }
        let (a, b, c, d) = (digit(group * 4), digit(group * 4 + 1), digit(group * 4 + 2), digit(group * 4 + 3))
        return [a, b, c, d, check(a, b, c, d, group: group)]
    }

    private static func check(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8, group: Int) -> UInt8 {
        product(a, 2) ^ product(b, 4) ^ product(c, 8) ^ product(d, 16) ^ UInt8(group + 1)
    }

    /// Multiplies in GF(2⁵) modulo x⁵ + x² + 1.
    private static func product(_ left: UInt8, _ right: UInt8) -> UInt8 {
        var (sum, shifted) = (UInt8(0), left)
        for bit in 0..<5 {
            if right >> bit & 1 == 1 { sum ^= shifted }
            shifted = shifted & 16 == 0 ? shifted << 1 : (shifted << 1) ^ 0x25
        }
        return sum
    }

    private static func symbol(for character: UInt8) -> UInt8? {
        let upper = (97...122).contains(character) ? character - 32 : character
        switch upper {
        case UInt8(ascii: "I"), UInt8(ascii: "L"): return 1
        case UInt8(ascii: "O"): return 0
        default: return alphabet.firstIndex(of: upper).map { UInt8($0) }
        }
    }
}
