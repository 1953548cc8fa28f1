/// The user and password of `Authorization: Basic` (RFC 7617).
struct BasicPair: Equatable {
    var user: [UInt8]
    var password: [UInt8]

    /// Nil unless the text is base64, padded or not, of bytes with a colon among them.
    init?(base64 text: ArraySlice<UInt8>) {
        guard let bytes = Base64Text.decoded(text), let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        user = Array(bytes[..<colon])
        password = Array(bytes[(colon + 1)...])
    }
}

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

    static func encode(_ bytes: some Sequence<UInt8>, into text: inout [UInt8]) {
        var group: UInt32 = 0
        var count = 0
        func flush() {
            for index in 0..<4 {
                let digit = Int(group >> UInt32(18 - 6 * index) & 63)
                text.append(index <= count ? TokenAlphabet.base64.characters[digit] : UInt8(ascii: "="))
            }
        }
        for byte in bytes {
            group |= UInt32(byte) << UInt32(16 - 8 * count)
            count += 1
            if count == 3 {
                flush()
                (group, count) = (0, 0)
            }
        }
        if count > 0 { flush() }
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
