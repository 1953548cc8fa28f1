/// Base64 (RFC 4648 §4).
enum Base64Text {
    /// Nil where a character is none of the alphabet's, stands behind the padding, or leaves bits over that are not zero: two texts for the same bytes are one too many.
    static func decoded(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        let padding = text.reversed().prefix { $0 == UInt8(ascii: "=") }.count
        guard padding <= 2, padding == 0 || text.count % 4 == 0, (text.count - padding) % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        var window: UInt32 = 0
        var bitCount: UInt32 = 0
        for character in text.dropLast(padding) {
            guard let digit = digit(character) else { return nil }
            window = window << 6 | UInt32(digit)
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                bytes.append(UInt8(truncatingIfNeeded: window >> bitCount))
                window &= 1 << bitCount - 1
            }
        }
        return window == 0 ? bytes : nil
    }

    /// As `decoded`, of base64url without padding (RFC 4648 §5).
    static func decoded(forURLs text: ArraySlice<UInt8>) -> [UInt8]? {
        let isOfURLs = text.allSatisfy { $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "=") }
        guard isOfURLs else { return nil }
        let plain = text.map { $0 == UInt8(ascii: "-") ? UInt8(ascii: "+") : $0 == UInt8(ascii: "_") ? UInt8(ascii: "/") : $0 }
        return decoded(plain[...])
    }

    /// Writes bytes in base64, or in base64url without padding (RFC 4648 §5).
    static func encode(_ bytes: some Sequence<UInt8>, forURLs: Bool = false, into text: inout [UInt8]) {
        let alphabet = forURLs ? TokenAlphabet.base64url : .base64
        var window: UInt32 = 0
        var bitCount: UInt32 = 0
        var length = 0
        for byte in bytes {
            window = window << 8 | UInt32(byte)
            bitCount += 8
            while bitCount >= 6 {
                bitCount -= 6
                text.append(alphabet.characters[Int(window >> bitCount & 63)])
                length += 1
            }
        }
        if bitCount > 0 {
            text.append(alphabet.characters[Int(window << (6 - bitCount) & 63)])
            length += 1
        }
        if !forURLs { text.append(contentsOf: repeatElement(UInt8(ascii: "="), count: (4 - length % 4) % 4)) }
    }

    private static func digit(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
