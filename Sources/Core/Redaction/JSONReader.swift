/// The inside of a JSON string: bytes that stand for themselves, and escapes.
struct JSONReader: SpellingReader {
    private(set) var position: Int
    /// Whether `\u0080` to `\u00ff` stand for one byte each, as writers of binary data have them, instead of UTF-8.
    let escapesAreBytes: Bool
    private var pending: UInt32 = 0
    private var pendingCount = 0

    init(at position: Int, escapesAreBytes: Bool) {
        self.position = position
        self.escapesAreBytes = escapesAreBytes
    }

    mutating func next(in text: LentBytes) -> Reading {
        if pendingCount > 0 { return .byte(takePending()) }
        guard position < text.count else { return .cut }
        guard text[position] == .backslash else {
            defer { position += 1 }
            return .byte(text[position])
        }
        guard position + 1 < text.count else { return .cut }
        if text[position + 1] == UInt8(ascii: "u") { return unicodeEscape(in: text) }
        guard let byte = Self.byte(escapedAs: text[position + 1]) else { return .foreign }
        position += 2
        return .byte(byte)
    }

    private mutating func takePending() -> UInt8 {
        pendingCount -= 1
        return UInt8(truncatingIfNeeded: pending >> (8 * UInt32(pendingCount)))
    }

    private static func byte(escapedAs letter: UInt8) -> UInt8? {
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): letter
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0c
        case UInt8(ascii: "n"): 0x0a
        case UInt8(ascii: "r"): 0x0d
        case UInt8(ascii: "t"): 0x09
        default: nil
        }
    }

    private mutating func unicodeEscape(in text: LentBytes) -> Reading {
        switch Self.unit(at: position, in: text) {
        case .failure(let reading): return reading
        case .success(let unit) where escapesAreBytes:
            guard unit < 0x100 else { return .foreign }
            position += 6
            return .byte(UInt8(unit))
        case .success(let unit) where unit & 0xfc00 == 0xd800:
            switch Self.unit(at: position + 6, in: text) {
            case .failure(let reading): return reading
            case .success(let low):
                guard low & 0xfc00 == 0xdc00 else { return .foreign }
                return spell(0x10000 + (unit & 0x3ff) << 10 + low & 0x3ff, length: 12)
            }
        case .success(let unit):
            return spell(unit, length: 6)
        }
    }

    /// Yields the first byte of a scalar's UTF-8 form and keeps the others.
    private mutating func spell(_ scalar: UInt32, length: Int) -> Reading {
        guard let scalar = Unicode.Scalar(scalar), let bytes = UTF8.encode(scalar) else { return .foreign }
        position += length
        for byte in bytes {
            pending = pending << 8 | UInt32(byte)
            pendingCount += 1
        }
        return .byte(takePending())
    }

    private enum Unit {
        case success(UInt32)
        case failure(Reading)
    }

    /// The number of `\uXXXX`.
    private static func unit(at start: Int, in text: LentBytes) -> Unit {
        var number: UInt32 = 0
        for index in 0..<6 {
            guard start + index < text.count else { return .failure(.cut) }
            let byte = text[start + index]
            switch index {
            case 0: guard byte == .backslash else { return .failure(.foreign) }
            case 1: guard byte == UInt8(ascii: "u") else { return .failure(.foreign) }
            default:
                guard let digit = byte.hexDigit else { return .failure(.foreign) }
                number = number << 4 | UInt32(digit)
            }
        }
        return .success(number)
    }
}
