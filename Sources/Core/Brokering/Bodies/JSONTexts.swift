/// The inside of a JSON text, between its quotes (RFC 8259 §7).
enum JSONTexts {
    /// The bytes that a text stands for, in UTF-8; nil where it is written as no text may be.
    static func decoded(_ text: some Collection<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var iterator = text.makeIterator()
        var high: UInt32?
        while let byte = iterator.next() {
            guard byte >= 0x20, byte != UInt8(ascii: "\"") else { return nil }
            if byte != UInt8(ascii: "\\") {
                guard high == nil else { return nil }
                bytes.append(byte)
                continue
            }
            guard let escape = iterator.next() else { return nil }
            if escape == UInt8(ascii: "u") {
                guard let unit = hexadecimal(&iterator) else { return nil }
                guard append(unit, after: &high, to: &bytes) else { return nil }
            } else {
                guard high == nil, let single = single(escape) else { return nil }
                bytes.append(single)
            }
        }
        // Half a pair of surrogates is no character, and some readers make one of it.
        return high == nil && String(validating: bytes, as: UTF8.self) != nil ? bytes : nil
    }

    /// Writes bytes that are UTF-8 as the inside of a text.
    static func encode(_ bytes: [UInt8], into text: inout [UInt8]) {
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): text += [UInt8(ascii: "\\"), byte]
            case 0..<0x20:
                let digits = TokenAlphabet.hex.characters
                text += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: text.append(byte)
            }
        }
    }

    private static func single(_ escape: UInt8) -> UInt8? {
        switch escape {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): escape
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: nil
        }
    }

    private static func hexadecimal(_ iterator: inout some IteratorProtocol<UInt8>) -> UInt32? {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = iterator.next()?.hexadecimalValue else { return nil }
            unit = unit << 4 | UInt32(digit)
        }
        return unit
    }

    /// Takes a unit of UTF-16; the first of a pair waits for the second.
    private static func append(_ unit: UInt32, after high: inout UInt32?, to bytes: inout [UInt8]) -> Bool {
        let scalar: UInt32
        switch (high, unit) {
        case (nil, 0xD800...0xDBFF):
            high = unit
            return true
        case (let first?, 0xDC00...0xDFFF): scalar = 0x10000 + (first - 0xD800) << 10 + (unit - 0xDC00)
        case (nil, 0xDC00...0xDFFF), (_?, _): return false
        case (nil, _): scalar = unit
        }
        high = nil
        guard let character = Unicode.Scalar(scalar) else { return false }
        bytes += Array(String(Character(character)).utf8)
        return true
    }
}
