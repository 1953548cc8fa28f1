extension Sequence<UInt8> {
    /// The bytes as lower-case hexadecimal digits.
    package var hexadecimal: String {
        var text = ""
        text.reserveCapacity(underestimatedCount * 2)
        for byte in self {
            text.unicodeScalars.append(Unicode.Scalar(hexadecimalDigit(byte >> 4)))
            text.unicodeScalars.append(Unicode.Scalar(hexadecimalDigit(byte & 15)))
        }
        return text
    }
}

extension [UInt8] {
    /// Reads lower-case hexadecimal digits; nil when a character is no such digit or their number is odd.
    package init?(hexadecimal text: some StringProtocol) {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        self = []
        reserveCapacity(digits.count / 2)
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = hexadecimalValue(digits[index]), let low = hexadecimalValue(digits[index + 1]) else { return nil }
            append(high << 4 | low)
        }
    }
}

private func hexadecimalDigit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 87 + value }

private func hexadecimalValue(_ digit: UInt8) -> UInt8? {
    switch digit {
    case 48...57: digit - 48
    case 97...102: digit - 87
    default: nil
    }
}
