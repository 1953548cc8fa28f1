/// The classes of characters of RFC 3986 and RFC 9110, byte by byte: nothing here reads Unicode, whose equal characters are not equal on the wire.
extension UInt8 {
    var isDigit: Bool { (0x30...0x39).contains(self) }

    var isLetter: Bool { (0x61...0x7A).contains(self | 0x20) }

    /// A character that needs no escape anywhere in a URL (RFC 3986 §2.3).
    var isUnreserved: Bool {
        switch self {
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"): true
        default: isLetter || isDigit
        }
    }

    /// A character that a segment of a path may have without an escape: `pchar` of RFC 3986 §3.3.
    var isPathCharacter: Bool {
        switch self {
        case UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: "&")...UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "="), UInt8(ascii: ":"),
            UInt8(ascii: "@"):
            true
        default: isUnreserved
        }
    }

    /// A character of a token: a field's name or a connection option (RFC 9110 §5.6.2).
    var isTokenCharacter: Bool {
        switch self {
        case UInt8(ascii: "!"), UInt8(ascii: "#")...UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
            true
        default: isLetter || isDigit
        }
    }

    var isControl: Bool { self < 0x20 || self == 0x7F }

    /// A letter of ASCII in lower case; every other byte as it is.
    var lowercased: UInt8 { (0x41...0x5A).contains(self) ? self | 0x20 : self }

    /// The value of a hexadecimal digit of either case.
    var hexadecimalValue: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x41...0x46: self - 0x37
        case 0x61...0x66: self - 0x57
        default: nil
        }
    }
}

extension RandomAccessCollection<UInt8> where Index == Int {
    /// The byte that the escape at `index` stands for; nil where no `%` with two hexadecimal digits stands.
    func escapedByte(at index: Int) -> UInt8? {
        guard endIndex - index >= 3, self[index] == UInt8(ascii: "%"), let high = self[index + 1].hexadecimalValue,
            let low = self[index + 2].hexadecimalValue
        else { return nil }
        return high << 4 | low
    }
}

extension RangeReplaceableCollection<UInt8> {
    /// Appends a byte as an escape with upper-case digits, the canonical form (RFC 3986 §6.2.2.1).
    mutating func append(escaping byte: UInt8) {
        let digit = { (value: UInt8) in value < 10 ? 0x30 + value : 0x37 + value }
        append(UInt8(ascii: "%"))
        append(digit(byte >> 4))
        append(digit(byte & 15))
    }
}

extension Sequence<UInt8> {
    /// The bytes with each letter of ASCII in lower case.
    var lowercasedBytes: [UInt8] { map { $0.lowercased } }
}
