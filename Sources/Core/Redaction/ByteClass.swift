/// What a byte counts for: sixteen of these can be added up.
enum ByteClass {
    /// It is a letter or a decimal digit.
    static let letter: UInt64 = 1
    /// It is a digit of base64, or of hexadecimal numbers.
    static let base64 = Field(one: 1 << 8)
    static let hex = Field(one: 1 << 16)
    /// It must be looked at by itself: an escape, a terminal sequence or a compressed member may begin there, or be known by it.
    static let special: UInt64 = 1 << 32

    struct Field {
        let one: UInt64
        var all: UInt64 { one &* 0xff }
        var sixteen: UInt64 { one &* 16 }
    }

    static func of(_ byte: UInt8, _ views: RedactionViews) -> UInt64 {
        var sum: UInt64 = byte.isLetter || byte.isDecimal ? letter : 0
        if Base64Reader.sextet(byte) != nil { sum += base64.one }
        if byte.hexDigit != nil { sum += hex.one }
        return isSpecial(byte, views) ? sum + special : sum
    }

    private static func isSpecial(_ byte: UInt8, _ views: RedactionViews) -> Bool {
        switch byte {
        case .escape, .backslash: true
        case .percentSign, UInt8(ascii: "="): views.contains(.escapes)
        case UInt8(ascii: "&"): views.contains(.escapes) || views.contains(.layers)
        case 0x00, 0x04, 0x08, 0xfd: views.contains(.layers)
        default: false
        }
    }
}
